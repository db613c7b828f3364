//! SUSE's products: to which stream and channel their packages belong. One product has several
//! spellings (`cpe:/o:suse:sles:15:sp4`, `SUSE Linux Enterprise Server 15 SP4`, `sles10-sp4`), and
//! all of them lead to one place.

use model::Stream;

/// The stream of a product, and its channel: empty for what everybody gets.
pub type Place = (Stream, String);

/// The place of a CPE name. `cpe:/o:suse:sles:15:sp4` and the modules that come with it
/// (`sle-module-basesystem`) are `sles:15.4`; what is ordered on top (`sles-ltss`, `sles_sap`,
/// `sle-ha`) is a channel of that stream by its product's name.
///
/// `None` for a product that does not say on which release it is installed.
pub fn of_cpe(cpe: &str) -> Option<Place> {
    let mut parts = cpe.strip_prefix("cpe:/o:")?.split(':');
    let (vendor, product) = (parts.next()?, parts.next()?);
    let version = parts.next().unwrap_or_default();
    let update = parts.next().unwrap_or_default();
    placed(vendor, product, version, update, parts.next())
}

/// The place of a product's name: `SUSE Linux Enterprise Server 15 SP4-LTSS`, `openSUSE Leap 15.4`.
pub fn of_name(name: &str) -> Option<Place> {
    let name = name.to_ascii_lowercase();
    let (vendor, rest) = match name.strip_prefix("opensuse") {
        Some(rest) => ("opensuse", rest),
        None => ("suse", name.strip_prefix("suse linux")?),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_version = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    let at = words.iter().position(is_version).unwrap_or(words.len());
    let line = words.get(..at)?.join(" ");
    let after = words.get(at..)?.join("-");
    let mut parts = after.split('-');
    let version = parts.next().unwrap_or_default();
    let (packs, extras): (Vec<&str>, Vec<&str>) = parts.partition(|part| is_pack(part));
    let product = match (vendor, line.strip_prefix("enterprise module for ")) {
        ("suse", Some(module)) => format!("sle-module-{}", module.replace(' ', "-")),
        _ => {
            let (_, _, product) = LINES.iter().find(|row| (row.0, row.1) == (vendor, &line))?;
            let words = std::iter::once(*product).chain(extras);
            words.collect::<Vec<_>>().join("-")
        }
    };
    let pack = packs.first().copied().unwrap_or_default();
    placed(vendor, &product, version, pack, None)
}

/// The place of a word of documents up to 2012, with the package and the version by which the
/// product is known: `sles10-sp4-sdk` and `sles-release` of 10, `suse102` and `suse-release` of
/// 10.2.
pub fn of_word(word: &str, package: &str, version: &str) -> Option<Place> {
    let known = match package {
        "sles-release" => ("suse", "sles"),
        "sled-release" => ("suse", "sled"),
        "suse-release" | "openSUSE-release" => ("opensuse", "opensuse"),
        _ => return None,
    };
    let mut parts = word.split('-').skip(1);
    let pack = parts.next().filter(|part| is_pack(part));
    let (stream, _) = placed(known.0, known.1, version, pack.unwrap_or_default(), None)?;
    let channel = word.ends_with("-sdk").then(|| "sle-sdk".to_owned());
    Some((stream, channel.unwrap_or_default()))
}

/// Products by vendor and the words before their version, as CPE names call them.
const LINES: &[(&str, &str, &str)] = &[
    ("opensuse", "", "opensuse"),
    ("opensuse", "leap", "leap"),
    ("opensuse", "leap micro", "leap-micro"),
    ("opensuse", "tumbleweed", "tumbleweed"),
    ("suse", "enterprise desktop", "sled"),
    ("suse", "enterprise high availability extension", "sle-ha"),
    ("suse", "enterprise high performance computing", "sle_hpc"),
    ("suse", "enterprise live patching", "sle-live-patching"),
    ("suse", "enterprise micro", "sle-micro"),
    ("suse", "enterprise point of sale", "sle-pos"),
    ("suse", "enterprise point of service", "sle-pos"),
    ("suse", "enterprise real time", "sle_rt"),
    ("suse", "enterprise real time extension", "sle_rt"),
    ("suse", "enterprise server", "sles"),
    (
        "suse",
        "enterprise server business critical linux",
        "sles_bcl",
    ),
    ("suse", "enterprise server for sap applications", "sles_sap"),
    (
        "suse",
        "enterprise server ltss extended security",
        "sles-ltss-extended-security",
    ),
    ("suse", "enterprise software development kit", "sle-sdk"),
    ("suse", "enterprise workstation extension", "sle-we"),
    ("suse", "micro", "sl-micro"),
];

/// The place of a product by what CPE names call its parts.
fn placed(
    vendor: &str,
    product: &str,
    version: &str,
    update: &str,
    edition: Option<&str>,
) -> Option<Place> {
    let (id, channel) = match (vendor, product) {
        ("opensuse", "tumbleweed") => {
            return Some((Stream::new("opensuse-tumbleweed", "rolling"), String::new()));
        }
        ("opensuse", "leap") => ("opensuse-leap", ""),
        ("opensuse", "leap-micro") => ("opensuse-leap-micro", ""),
        ("opensuse", "opensuse") => ("opensuse", ""),
        ("suse", "sle-micro" | "suse-microos") => ("sle-micro", ""),
        ("suse", "sl-micro") => ("sl-micro", ""),
        ("suse", "sled") => ("sled", ""),
        // Of release 16 the server is an edition: `sles:16:16.0:server`.
        ("suse", "sles" | "suse_sles") => ("sles", edition.unwrap_or_default()),
        ("suse", module) if module.starts_with("sle-module-") => ("sles", ""),
        ("suse", extra) if extra.starts_with("sle") || extra.starts_with("suse_sle") => {
            ("sles", extra)
        }
        _ => return None,
    };
    let channel = if channel == "server" { "" } else { channel };
    Some((
        Stream::new(id, release(version, update)?),
        channel.to_owned(),
    ))
}

/// `15.4` of `15` and `sp4`, `16.0` of `16` and `16.0`, `15` of `15` alone.
fn release(version: &str, update: &str) -> Option<String> {
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    let whole = update.strip_prefix(version);
    is_version.then(|| match update.strip_prefix("sp") {
        Some(pack) if is_pack(update) => format!("{version}.{pack}"),
        _ if whole.is_some_and(|rest| rest.starts_with('.')) => update.to_owned(),
        _ => version.to_owned(),
    })
}

/// Whether a word is a service pack's: `sp4`.
fn is_pack(word: &str) -> bool {
    let number = word.strip_prefix("sp").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(place: Option<Place>) -> String {
        let told = place.map(|(stream, channel)| format!("{stream} {channel}"));
        told.unwrap_or_default()
    }

    #[test]
    fn a_product_has_one_place_however_it_is_called() {
        for (cpe, name, expected) in [
            (
                "suse:sles:15:sp4",
                "SUSE Linux Enterprise Server 15 SP4",
                "sles:15.4 ",
            ),
            (
                "suse:sles:15",
                "SUSE Linux Enterprise Server 15",
                "sles:15 ",
            ),
            (
                "suse:sles:16:16.0:server",
                "SUSE Linux Enterprise Server 16.0",
                "sles:16.0 ",
            ),
            (
                "suse:sles-ltss:15:sp2",
                "SUSE Linux Enterprise Server 15 SP2-LTSS",
                "sles:15.2 sles-ltss",
            ),
            (
                "suse:sles-ltss:15",
                "SUSE Linux Enterprise Server 15-LTSS",
                "sles:15 sles-ltss",
            ),
            (
                "suse:sles-bcl:12:sp3",
                "SUSE Linux Enterprise Server 12 SP3-BCL",
                "sles:12.3 sles-bcl",
            ),
            (
                "suse:sles_sap:15:sp1",
                "SUSE Linux Enterprise Server for SAP Applications 15 SP1",
                "sles:15.1 sles_sap",
            ),
            (
                "suse:sle_hpc-espos:15:sp1",
                "SUSE Linux Enterprise High Performance Computing 15 SP1-ESPOS",
                "sles:15.1 sle_hpc-espos",
            ),
            (
                "suse:sle-module-public-cloud:15:sp4",
                "SUSE Linux Enterprise Module for Public Cloud 15 SP4",
                "sles:15.4 ",
            ),
            (
                "suse:sled:12:sp1",
                "SUSE Linux Enterprise Desktop 12 SP1",
                "sled:12.1 ",
            ),
            (
                "suse:suse-microos:5.2",
                "SUSE Linux Enterprise Micro 5.2",
                "sle-micro:5.2 ",
            ),
            ("suse:sl-micro:6.1", "SUSE Linux Micro 6.1", "sl-micro:6.1 "),
            (
                "opensuse:leap:15.4",
                "openSUSE Leap 15.4",
                "opensuse-leap:15.4 ",
            ),
            (
                "opensuse:leap-micro:5.2",
                "openSUSE Leap Micro 5.2",
                "opensuse-leap-micro:5.2 ",
            ),
            ("opensuse:opensuse:13.2", "openSUSE 13.2", "opensuse:13.2 "),
            (
                "opensuse:tumbleweed",
                "openSUSE Tumbleweed",
                "opensuse-tumbleweed:rolling ",
            ),
            (
                "suse:suse-manager-server:4.3",
                "SUSE Manager Server 4.3",
                "",
            ),
            ("suse:ses:7.1", "SUSE Enterprise Storage 7.1", ""),
            ("novell,inc:OES:24.4", "Open Enterprise Server 24.4", ""),
            ("suse:sles:", "SUSE Linux Enterprise Server", ""),
        ] {
            assert_eq!(told(of_cpe(&format!("cpe:/o:{cpe}"))), expected, "{cpe}");
            assert_eq!(told(of_name(name)), expected, "{name}");
        }
    }

    #[test]
    fn editions_and_old_names_are_known() {
        for (cpe, expected) in [
            ("cpe:/o:suse:suse_sles:11:sp2", "sles:11.2 "),
            ("cpe:/o:suse:sles:11:sp1:teradata", "sles:11.1 teradata"),
            (
                "cpe:/o:suse:suse_sles_ltss:11:sp4",
                "sles:11.4 suse_sles_ltss",
            ),
            ("cpe:/o:suse:sle-micro:5.5", "sle-micro:5.5 "),
            ("cpe:/o:suse:caasp:4.0", ""),
            ("cpe:2.3:a:samba:samba:*", ""),
            ("", ""),
        ] {
            assert_eq!(told(of_cpe(cpe)), expected, "{cpe}");
        }
        for (word, package, version, expected) in [
            ("sles10-sp4", "sles-release", "10", "sles:10.4 "),
            ("sles10-sp4-sdk", "sles-release", "10", "sles:10.4 sle-sdk"),
            ("core9", "sles-release", "9", "sles:9 "),
            ("suse102", "suse-release", "10.2", "opensuse:10.2 "),
            ("nld9", "novell-release", "9", ""),
            ("é", "", "", ""),
        ] {
            assert_eq!(told(of_word(word, package, version)), expected, "{word}");
        }
        assert_eq!(told(of_name("opensuseé 1é")), "");
    }
}
