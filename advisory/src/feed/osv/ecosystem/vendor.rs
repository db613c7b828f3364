//! Distributors who name products where others name releases.

use super::{Space, line};

/// Ubuntu's release and channel: `22.04:LTS`, `Pro:22.04:LTS`, `Pro:FIPS-updates:22.04:LTS`,
/// `25.10`.
pub fn ubuntu(rest: &str) -> Option<(String, String)> {
    let is_line = |word: &&str| {
        word.len() == 5
            && word.bytes().filter(u8::is_ascii_digit).count() == 4
            && word.contains('.')
    };
    let release = rest.split(':').find(is_line)?;
    let words: Vec<_> = rest
        .split(':')
        .filter(|word| *word != release && !word.is_empty() && *word != "LTS")
        .map(str::to_ascii_lowercase)
        .collect();
    let channel = match words.as_slice() {
        [] => String::new(),
        [pro] if pro == "pro" => "esm".to_owned(),
        [.., last] => last.clone(),
    };
    Some((release.to_owned(), channel))
}

/// Red Hat's products, as their CPEs name them: `enterprise_linux:8::appstream` is the release;
/// support of a longer time (`rhel_eus:8.8::baseos`) and other products (`ocp_tools:4.15::el9`)
/// are channels of the release that they are made for.
pub fn red_hat(rest: &str) -> Option<Space> {
    let mut parts = rest.split(':');
    let product = parts.next()?;
    let version = parts.next().unwrap_or_default();
    let major = |text: &str| -> Option<String> {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty() && digits.len() < 3).then_some(digits)
    };
    if let Some(release) = major(product) {
        return Some(Space::stream("rhel", &release, ""));
    }
    if let Some(name) = product.strip_prefix("rhel_") {
        return Some(Space::stream(
            "rhel",
            &major(version)?,
            &channel(name, version),
        ));
    }
    if product == "enterprise_linux" {
        return Some(Space::stream("rhel", &major(version)?, ""));
    }
    let made_for = parts.find_map(|part| major(part.strip_prefix("el")?))?;
    Some(Space::stream("rhel", &made_for, &channel(product, version)))
}

fn channel(name: &str, version: &str) -> String {
    match version.is_empty() {
        true => name.to_owned(),
        false => format!("{name}-{version}"),
    }
}

/// What of a product of SUSE's makes a channel of it.
const CHANNELS: &[(&str, &str)] = &[
    ("ltss", "ltss"),
    ("espos", "espos"),
    ("live patching", "live-patching"),
    ("package hub", "package-hub"),
    ("real time", "rt"),
];

/// SUSE's products: `linux enterprise server 15 sp4-ltss`, `linux enterprise module for basesystem
/// 15 sp4`, `linux enterprise micro 5.3`. Modules and extensions are of the server's release.
pub fn suse(rest: &str) -> Option<Space> {
    let words: Vec<&str> = rest.split([' ', '-', ':']).collect();
    let is_version = |word: &&&str| {
        let digits = word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        digits && !word.is_empty() && word.len() < 8
    };
    let version = words.iter().find(is_version)?;
    let has = |word: &str| words.contains(&word);
    if has("micro") {
        let id = if has("enterprise") {
            "sle-micro"
        } else {
            "sl-micro"
        };
        return Some(Space::stream(id, version, ""));
    }
    if !rest.contains("linux enterprise") && !has("hub") {
        return None;
    }
    let pack = words.iter().find_map(|word| {
        let number = word.strip_prefix("sp")?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some(number)
    });
    let release = match pack {
        Some(pack) => format!("{version}.{pack}"),
        None => (*version).to_owned(),
    };
    let channel = CHANNELS.iter().find(|(words, _)| rest.contains(words));
    let id = if has("desktop") { "sled" } else { "sles" };
    let channel = channel.map_or("", |(_, channel)| *channel);
    Some(Space::stream(id, &release, channel))
}

/// `leap 15.4`, `tumbleweed`; what else openSUSE offers has a word of its own.
pub fn open_suse(rest: &str) -> Option<Space> {
    let (product, version) = rest.split_once(' ').unwrap_or((rest, ""));
    match product {
        "tumbleweed" => Some(Space::stream("opensuse-tumbleweed", "rolling", "")),
        "leap" => {
            let micro = version.strip_prefix("micro ");
            let id = match micro {
                Some(_) => "opensuse-leap-micro",
                None => "opensuse-leap",
            };
            let version = micro.unwrap_or(version).trim();
            (!version.is_empty()).then(|| Space::stream(id, version, ""))
        }
        _ => None,
    }
}

/// Azure Linux, which was CBL-Mariner before its third release.
pub fn azure(rest: &str) -> Option<Space> {
    let release = line("azurelinux", rest)?;
    let whole = match release.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("{release}.0"),
        false => release,
    };
    let is_old = whole.starts_with("1.") || whole.starts_with("2.");
    let id = if is_old { "mariner" } else { "azurelinux" };
    Some(Space::stream(id, &whole, ""))
}

#[cfg(test)]
mod tests {
    use super::super::space;

    // After records of the OSV exports, 2024 to 2026, and the schema's examples of names.
    #[test]
    fn products_become_streams_and_channels() {
        for (name, expected) in [
            ("Red Hat:enterprise_linux:8::appstream", "rhel:8 "),
            ("Red Hat:rhel_eus:8.8::baseos", "rhel:8 eus-8.8"),
            ("Red Hat:rhel_e4s:9.2::appstream", "rhel:9 e4s-9.2"),
            ("Red Hat:ocp_tools:4.15::el9", "rhel:9 ocp_tools-4.15"),
            ("redhat:8", "rhel:8 "),
            ("SUSE:Linux Enterprise Server 15 SP4-LTSS", "sles:15.4 ltss"),
            ("SUSE:Linux Enterprise Server 12", "sles:12 "),
            (
                "SUSE:Linux Enterprise Module for Basesystem 15 SP4",
                "sles:15.4 ",
            ),
            ("SUSE:Linux Enterprise Desktop 15 SP5", "sled:15.5 "),
            (
                "SUSE:Linux Enterprise Live Patching 15 SP5",
                "sles:15.5 live-patching",
            ),
            ("SUSE:Linux Enterprise Micro 5.3", "sle-micro:5.3 "),
            ("SUSE:Linux Micro 6.0", "sl-micro:6.0 "),
            ("SUSE:Package Hub 15 SP6", "sles:15.6 package-hub"),
            ("openSUSE:Leap 15.4", "opensuse-leap:15.4 "),
            ("openSUSE:Leap Micro 5.5", "opensuse-leap-micro:5.5 "),
            ("openSUSE:Tumbleweed", "opensuse-tumbleweed:rolling "),
            ("Azure Linux:3", "azurelinux:3.0 "),
            ("Azure Linux:2", "mariner:2.0 "),
        ] {
            let space = space(name).unwrap();
            let told = format!("{} {}", space.written, space.channel);
            assert_eq!((told.as_str(), space.known), (expected, true), "{name}");
        }
        for (name, expected) in [
            ("Red Hat:jboss:7", "red-hat:jboss:7"),
            ("Red Hat", "red-hat"),
            ("SUSE:Manager Server 4.3", "suse:manager-server-4.3"),
            ("SUSE:", "suse:"),
            ("openSUSE:Backports", "opensuse:backports"),
            ("openSUSE:Leap", "opensuse:leap"),
        ] {
            let space = space(name).unwrap();
            assert_eq!(
                (space.written.as_str(), space.known),
                (expected, false),
                "{name}"
            );
        }
    }
}
