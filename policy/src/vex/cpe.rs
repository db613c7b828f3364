//! Names of platforms (CPE 2.3, NISTIR 7695): a distribution's release, or a program.

use model::Distro;

use crate::suppress::Seen;

/// The parts of a name that are compared: vendor, product and version. `None` stands for any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpe {
    vendor: String,
    product: String,
    version: Option<String>,
}

/// Distributions by `ID` of os-release: their names in NVD's dictionary, and those that their
/// package URLs have for a namespace beside it.
pub(crate) const DISTRIBUTIONS: &[(&str, &[&str], &[&str])] = &[
    ("almalinux", &["almalinux:almalinux"], &[]),
    ("alpine", &["alpinelinux:alpine_linux"], &[]),
    ("amzn", &["amazon:linux", "amazon:linux_2"], &["amazon"]),
    ("centos", &["centos:centos"], &[]),
    ("debian", &["debian:debian_linux"], &[]),
    ("fedora", &["fedoraproject:fedora"], &[]),
    ("ol", &["oracle:linux"], &["oracle", "oraclelinux"]),
    ("opensuse-leap", &["opensuse:leap"], &["opensuse"]),
    (
        "opensuse-tumbleweed",
        &["opensuse:tumbleweed"],
        &["opensuse"],
    ),
    ("rhel", &["redhat:enterprise_linux"], &["redhat"]),
    (
        "rocky",
        &["rocky:rocky", "rocky:rocky_linux"],
        &["rocky-linux"],
    ),
    (
        "sles",
        &["suse:sles", "suse:linux_enterprise_server"],
        &["suse"],
    ),
    ("ubuntu", &["canonical:ubuntu_linux"], &[]),
];

impl Cpe {
    /// Reads a name in one of its two bindings; `None` where it is none, or names no product.
    pub fn read(text: &str) -> Option<Cpe> {
        let parts = match text.strip_prefix("cpe:2.3:") {
            Some(rest) => split(rest),
            None => {
                let rest = text.strip_prefix("cpe:/")?;
                rest.split(':')
                    .map(decode)
                    .collect::<Option<Vec<String>>>()?
            }
        };
        let part = |at: usize| parts.get(at).map(|part| part.to_ascii_lowercase());
        let word = |at: usize| part(at).filter(|part| !matches!(&**part, "" | "*" | "-"));
        // '-' says that there is no version, which is no version that could be compared.
        if part(3).as_deref() == Some("-") {
            return None;
        }
        Some(Cpe {
            vendor: word(1)?,
            product: word(2)?,
            version: word(3),
        })
    }

    fn key(&self) -> String {
        format!("{}:{}", self.vendor, self.product)
    }

    /// Whether it names a distribution, of whatever release.
    pub fn is_distribution(&self) -> bool {
        let key = self.key();
        DISTRIBUTIONS
            .iter()
            .any(|(_, names, _)| names.contains(&key.as_str()))
    }

    /// Whether it names the distribution's release: `8` is each of `8.1`, `8.2` and so on.
    pub fn is_release(&self, distro: &Distro) -> bool {
        let key = self.key();
        let named = |(id, names, _): &&(&str, &[&str], &[&str])| {
            *id == distro.id && names.contains(&key.as_str())
        };
        let version = self.version.as_deref();
        DISTRIBUTIONS.iter().any(|row| named(&row))
            && version.is_none_or(|version| is_or_within(&distro.version, version))
    }

    /// Whether it names the program that a finding is in: by vendor and product where those are
    /// known of it, otherwise by the last part of its name. Versions are equal, or not said.
    pub(crate) fn is_program(&self, seen: &Seen<'_>) -> bool {
        let package = &seen.finding.package;
        let name = package.name.rsplit(['/', ':']).next().unwrap_or_default();
        let fold = |text: &str| text.to_ascii_lowercase().replace('-', "_");
        let is_named = match &package.cpe {
            Some(cpe) => *cpe == self.key(),
            None => fold(name) == fold(&self.product),
        };
        let version = self.version.as_deref();
        is_named && version.is_none_or(|version| package.version.eq_ignore_ascii_case(version))
    }
}

/// Whether a version is another, or a part of it behind a dot.
pub(crate) fn is_or_within(version: &str, whole: &str) -> bool {
    let rest = version.strip_prefix(whole);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn decode(part: &str) -> Option<String> {
    let text = percent_encoding::percent_decode_str(part).decode_utf8();
    text.ok().map(std::borrow::Cow::into_owned)
}

/// The parts of a formatted string, in which a backslash takes its meaning from what follows it.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_escaped = false;
    for character in text.chars() {
        match character {
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            ':' if !is_escaped => parts.push(String::new()),
            other => {
                if let Some(part) = parts.last_mut() {
                    part.push(other);
                }
            }
        }
        is_escaped = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bindings_are_read() {
        let cases = [
            (
                "cpe:/o:redhat:enterprise_linux:8::baseos",
                "redhat:enterprise_linux 8",
            ),
            (
                "cpe:/a:redhat:enterprise_linux:9",
                "redhat:enterprise_linux 9",
            ),
            (
                "cpe:2.3:a:haxx:curl:7.64.0:*:*:*:*:*:*:*",
                "haxx:curl 7.64.0",
            ),
            ("cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", "haxx:curl any"),
            (r"cpe:2.3:a:node\:x:a\\b:1\.0:*", r"node:x:a\b 1.0"),
            ("cpe:/a:a%3ab:c", "a:b:c any"),
            ("cpe:2.3:a:haxx:curl:-:*:*:*:*:*:*:*", ""),
            ("cpe:2.3:a:haxx:*:*", ""),
            ("cpe:/a", ""),
            ("curl", ""),
        ];
        for (text, expected) in cases {
            let read = Cpe::read(text).map(|cpe| {
                let version = cpe.version.as_deref().unwrap_or("any");
                format!("{} {version}", cpe.key())
            });
            assert_eq!(read.unwrap_or_default(), expected, "{text}");
        }
    }

    #[test]
    fn a_release_is_named_by_a_whole_part_of_its_version() {
        let cases = [
            ("cpe:/o:redhat:enterprise_linux:8", "rhel", "8.9", true),
            ("cpe:/o:redhat:enterprise_linux:8", "rhel", "8", true),
            ("cpe:/o:redhat:enterprise_linux", "rhel", "8.9", true),
            ("cpe:/o:redhat:enterprise_linux:9", "rhel", "8.9", false),
            ("cpe:/o:redhat:enterprise_linux:8", "rhel", "80", false),
            ("cpe:/o:redhat:enterprise_linux:8", "rocky", "8.9", false),
            ("cpe:/o:redhat:rhel_eus:8.6", "rhel", "8.6", false),
            (
                "cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*",
                "debian",
                "12",
                true,
            ),
        ];
        for (text, id, version, expected) in cases {
            let cpe = Cpe::read(text).unwrap();
            assert_eq!(
                cpe.is_release(&Distro::new(id, version)),
                expected,
                "{text}"
            );
        }
    }
}
