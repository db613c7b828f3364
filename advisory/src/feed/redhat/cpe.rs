//! Names of Red Hat's products (Common Platform Enumeration 2.2) as streams and channels.

use model::{Ecosystem, Stream};

/// The products that everybody gets who has the release: they are the main channel.
const MAIN: &str = "enterprise_linux";

/// Offers that are numbered as the release for which they are: longer support of one minor
/// release. Extra packages (`rhel_extras…`) are, too.
const NUMBERED_AS_RELEASE: &[&str] = &[
    "enterprise_linux_aus",
    "enterprise_linux_e4s",
    "enterprise_linux_eus",
    "enterprise_linux_eus_long_life",
    "enterprise_linux_tus",
    "rhel_aus",
    "rhel_e4s",
    "rhel_els",
    "rhel_eus",
    "rhel_eus_long_life",
    "rhel_mission_critical",
    "rhel_tus",
];

/// How offers of extra packages for one release begin.
const EXTRAS: &str = "rhel_extras";

/// Where packages of a product are installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The release of Red Hat Enterprise Linux: `9`.
    pub release: String,
    /// The product and its version (`rhel_eus:9.2`, `openshift:4.12`) where it is another one than
    /// Red Hat Enterprise Linux itself; empty for that.
    pub channel: String,
}

impl Place {
    /// The stream.
    pub fn ecosystem(&self) -> Ecosystem {
        Ecosystem::Distro(Stream::new("rhel", self.release.as_str()))
    }
}

/// The place of a product: `cpe:/o:redhat:enterprise_linux:9::baseos` is release 9,
/// `cpe:/o:redhat:rhel_eus:9.2::baseos` release 9 in the channel `rhel_eus:9.2` and
/// `cpe:/a:redhat:openshift:4.12::el8` release 8 in the channel `openshift:4.12`.
///
/// `None` for a product that does not say on which release it is installed, or is not Red Hat's.
pub fn place(cpe: &str) -> Option<Place> {
    let mut parts = cpe.strip_prefix("cpe:/")?.split(':');
    let (_, vendor, product) = (parts.next()?, parts.next()?, parts.next()?);
    if vendor != "redhat" || product.is_empty() {
        return None;
    }
    let version = parts.next().unwrap_or_default();
    if product == MAIN {
        return Some(Place {
            release: major(version)?.to_owned(),
            channel: String::new(),
        });
    }
    let edition = parts.find_map(|part| part.strip_prefix("el").and_then(major));
    let is_release = NUMBERED_AS_RELEASE.contains(&product) || product.starts_with(EXTRAS);
    let release = edition.or_else(|| is_release.then(|| major(version)).flatten())?;
    Some(Place {
        release: release.to_owned(),
        channel: format!("{product}:{version}")
            .trim_end_matches(':')
            .to_owned(),
    })
}

/// The first number of a version, where it is one.
fn major(version: &str) -> Option<&str> {
    let first = version.split('.').next()?;
    let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Names as repository-to-cpe.json and the documents have them, 2026.
    #[test]
    fn products_have_their_places() {
        for (cpe, expected) in [
            ("cpe:/o:redhat:enterprise_linux:9", "9 "),
            ("cpe:/o:redhat:enterprise_linux:9::baseos", "9 "),
            ("cpe:/a:redhat:enterprise_linux:8::appstream", "8 "),
            ("cpe:/o:redhat:enterprise_linux:10.1", "10 "),
            (
                "cpe:/o:redhat:enterprise_linux_eus:10.0",
                "10 enterprise_linux_eus:10.0",
            ),
            ("cpe:/o:redhat:rhel_eus:9.2::baseos", "9 rhel_eus:9.2"),
            ("cpe:/o:redhat:rhel_els:7", "7 rhel_els:7"),
            (
                "cpe:/a:redhat:rhel_software_collections:3::el7",
                "7 rhel_software_collections:3",
            ),
            ("cpe:/a:redhat:openshift:4.12::el8", "8 openshift:4.12"),
            ("cpe:/a:redhat:rhev_manager:4.4:el8", "8 rhev_manager:4.4"),
            ("cpe:/a:redhat:openshift:4", ""),
            ("cpe:/a:redhat:hummingbird:1", ""),
            ("cpe:/a:redhat:rhel_software_collections:3", ""),
            ("cpe:/a:redhat:optaplanner:::el6", "6 optaplanner"),
            ("cpe:/o:redhat:enterprise_linux:", ""),
            ("cpe:/o:redhat:enterprise_linux:x.1", ""),
            ("cpe:/o:suse:sles:15", ""),
            ("cpe:/o:redhat", ""),
            ("cpe:2.3:o:redhat:enterprise_linux:9", ""),
            ("", ""),
        ] {
            let place = place(cpe).map(|place| format!("{} {}", place.release, place.channel));
            assert_eq!(place.unwrap_or_default(), expected, "{cpe}");
        }
    }
}
