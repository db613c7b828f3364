//! Where apt takes packages from: sources.list(5), in lines and in deb822's form; and which of
//! Ubuntu's subscriptions are in use.

use image::Limits;
use image::problems::Problems;
use model::{Problem, ProblemKind};
use serde::Deserialize;

use crate::cataloger::{Cataloger, DistroFact, Found, PLAIN, Pattern, Role};
use crate::text::{lines, unreadable, without_credentials};

/// Package repositories.
pub const SOURCES: Cataloger = Cataloger {
    name: "apt-sources",
    reads: "package repositories of apt, and the channels of Ubuntu's subscriptions among them",
    paths: &[
        Pattern::Exact("etc/apt/sources.list"),
        Pattern::In {
            directory: "etc/apt/sources.list.d",
            suffix: ".list",
        },
        Pattern::In {
            directory: "etc/apt/sources.list.d",
            suffix: ".sources",
        },
    ],
    role: Role::Facts,
    parse: parse_sources,
    ..PLAIN
};

/// What an Ubuntu that is attached to a subscription says of it.
pub const UBUNTU_PRO: Cataloger = Cataloger {
    name: "ubuntu-pro",
    reads: "the channels of Ubuntu's subscriptions that are enabled",
    paths: &[Pattern::Exact("var/lib/ubuntu-advantage/status.json")],
    role: Role::Facts,
    parse: parse_pro,
    ..PLAIN
};

fn parse_sources(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut gathered = Gathered {
        found: Found::default(),
        channels: Vec::new(),
        most: limits.repositories,
        left_out: 0,
    };
    match path.ends_with(".sources") {
        true => gathered.stanzas(bytes),
        false => gathered.lines(bytes),
    }
    gathered.finish(path, limits)
}

#[derive(Default)]
struct Stanza {
    types: String,
    uris: String,
    suites: String,
    components: String,
    enabled: String,
}

struct Gathered {
    found: Found,
    channels: Vec<String>,
    most: usize,
    left_out: usize,
}

impl Gathered {
    /// `deb [option=value …] URI SUITE [COMPONENT …]`.
    fn lines(&mut self, bytes: &[u8]) {
        for (_, line) in lines(bytes) {
            let text = String::from_utf8_lossy(line);
            let text = text.split('#').next().unwrap_or_default().trim();
            let Some(rest) = text.strip_prefix("deb").filter(|rest| starts_blank(rest)) else {
                continue;
            };
            let rest = rest.trim_start();
            let rest = match rest.strip_prefix('[') {
                Some(options) => options.split_once(']').map_or("", |(_, rest)| rest),
                None => rest,
            };
            let mut words = rest.split_whitespace();
            if let (Some(uri), Some(suite)) = (words.next(), words.next()) {
                let components: Vec<&str> = words.collect();
                self.add(uri, suite, &components);
            }
        }
    }

    /// Stanzas of `Field: value`, where a value may go on in lines that begin with a blank.
    fn stanzas(&mut self, bytes: &[u8]) {
        let mut stanza = Stanza::default();
        let mut field = String::new();
        for (_, line) in lines(bytes) {
            let text = String::from_utf8_lossy(line);
            if text.starts_with('#') {
                continue;
            }
            if text.trim().is_empty() {
                self.stanza(&std::mem::take(&mut stanza));
                field.clear();
                continue;
            }
            let value = match text.split_once(':').filter(|_| !starts_blank(&text)) {
                Some((name, value)) => {
                    field = name.trim().to_ascii_lowercase();
                    value
                }
                None => &text,
            };
            let slot = match field.as_str() {
                "types" => &mut stanza.types,
                "uris" => &mut stanza.uris,
                "suites" => &mut stanza.suites,
                "components" => &mut stanza.components,
                "enabled" => &mut stanza.enabled,
                _ => continue,
            };
            slot.push(' ');
            slot.push_str(value.trim());
        }
        self.stanza(&stanza);
    }

    fn stanza(&mut self, stanza: &Stanza) {
        let off = ["no", "false", "without", "off", "disable", "0"];
        let is_binary = stanza.types.split_whitespace().any(|word| word == "deb");
        if !is_binary || off.contains(&stanza.enabled.trim()) {
            return;
        }
        let components: Vec<&str> = stanza.components.split_whitespace().collect();
        for uri in stanza.uris.split_whitespace() {
            for suite in stanza.suites.split_whitespace() {
                if self.left_out > self.most {
                    return;
                }
                self.add(uri, suite, &components);
            }
        }
    }

    fn add(&mut self, uri: &str, suite: &str, components: &[&str]) {
        let uri = without_credentials(uri);
        self.channels.extend(channel(&uri, suite));
        // A flat repository has a path for a suite, and no components.
        let none = [""];
        let components = match components {
            [] => &none[..],
            components => components,
        };
        for component in components {
            if self.found.repositories.len() >= self.most {
                self.left_out += 1;
                continue;
            }
            let line = format!("apt {uri} {suite} {component}");
            self.found.repositories.push(line.trim_end().to_owned());
        }
    }

    fn finish(mut self, path: &str, limits: &Limits) -> (Found, Vec<Problem>) {
        let mut problems = Problems::new(limits.problems);
        if self.left_out > 0 {
            let detail = format!("names more than {} repositories", self.most);
            problems.add(ProblemKind::Limit, path, detail);
        }
        self.found.distro = channels(self.channels);
        (self.found, problems.finish(path))
    }
}

fn starts_blank(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}

/// Ubuntu's repositories for subscribers: `https://esm.ubuntu.com/infra/ubuntu`; trusty's have the
/// channel in the suite only: `trusty-infra-security`.
fn channel(uri: &str, suite: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let rest = rest.strip_prefix("esm.ubuntu.com/")?;
    let first = match rest.split('/').next()? {
        "ubuntu" => suite.split('-').nth(1)?,
        first => first,
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match first {
        "infra" | "apps" | "infra-legacy" => Some(format!("esm-{first}")),
        "ros" => Some("ros-esm".to_owned()),
        "" => None,
        first => first.bytes().all(is_word).then(|| first.to_owned()),
    }
}

fn channels(mut channels: Vec<String>) -> Option<DistroFact> {
    channels.sort();
    channels.dedup();
    (!channels.is_empty()).then_some(DistroFact::Repositories {
        line: None,
        channels,
    })
}

#[derive(Deserialize)]
struct Pro {
    #[serde(default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
}

fn parse_pro(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let pro: Pro = match serde_json::from_slice(bytes) {
        Ok(pro) => pro,
        Err(error) => return unreadable(path, error),
    };
    // Services without packages of their own (landscape, livepatch) mend nothing in an image.
    let kinds = ["esm-", "fips", "ros", "realtime"];
    let enabled = pro.services.into_iter().filter(|service| {
        service.status == "enabled" && kinds.iter().any(|kind| service.name.starts_with(kind))
    });
    let name = |service: Service| match service.name.as_str() {
        "ros" => "ros-esm".to_owned(),
        "realtime-kernel" => "realtime".to_owned(),
        _ => service.name,
    };
    let found = Found {
        distro: channels(enabled.map(name).collect()),
        ..Found::default()
    };
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    fn read(path: &str, text: &str) -> String {
        let (found, problems) = parse_sources(path, text.as_bytes(), &Limits::default());
        let channels = match &found.distro {
            Some(DistroFact::Repositories { channels, .. }) => format!("{channels:?}\n"),
            _ => String::new(),
        };
        channels + &show((found, problems))
    }

    #[test]
    fn lines_are_repositories() {
        // After the files of Debian 12 and Ubuntu 18.04 with a subscription; the rest is made up.
        let text = "deb http://deb.debian.org/debian bookworm main contrib # comment\n\
            #deb http://x bookworm main\ndeb-src http://deb.debian.org/debian bookworm main\n\
            deb [arch=amd64 signed-by=/x y.gpg] https://me:secret@deb.nodesource.com/node nodistro main\n\
            deb http://flat ./\n\
            deb https://esm.ubuntu.com/infra/ubuntu bionic-infra-security main\n\
            deb https://esm.ubuntu.com/ubuntu trusty-apps-security main\n\
            deb https://esm.ubuntu.com/fips-updates/ubuntu bionic main\n\
            deb\ndeb x\ndebx http://a b c\ndeb [x http://a b c\n\u{0}\n";
        expect![[r#"
            ["esm-apps", "esm-infra", "fips-updates"]
            repository apt http://deb.debian.org/debian bookworm main
            repository apt http://deb.debian.org/debian bookworm contrib
            repository apt https://deb.nodesource.com/node nodistro main
            repository apt http://flat ./
            repository apt https://esm.ubuntu.com/infra/ubuntu bionic-infra-security main
            repository apt https://esm.ubuntu.com/ubuntu trusty-apps-security main
            repository apt https://esm.ubuntu.com/fips-updates/ubuntu bionic main
        "#]]
        .assert_eq(&read("etc/apt/sources.list", text));
    }

    #[test]
    fn stanzas_are_repositories() {
        let text = "# comment\nTypes: deb deb-src\nURIs: http://a http://b\nSuites: x\n y\n\
            # inside\nComponents: main\n\t universe\n\nTypes: deb\nEnabled: no\nURIs: http://c\n\
            Suites: x\n\nTypes: deb-src\nURIs: http://d\nSuites: x\nComponents: main\n\n\
            types: deb\nURIs: https://esm.ubuntu.com/apps/ubuntu\nSuites: noble-apps-security\n\
            Components: main\nSigned-By:\n -----BEGIN\n .\n";
        expect![[r#"
            ["esm-apps"]
            repository apt http://a x main
            repository apt http://a x universe
            repository apt http://a y main
            repository apt http://a y universe
            repository apt http://b x main
            repository apt http://b x universe
            repository apt http://b y main
            repository apt http://b y universe
            repository apt https://esm.ubuntu.com/apps/ubuntu noble-apps-security main
        "#]]
        .assert_eq(&read("etc/apt/sources.list.d/a.sources", text));
    }

    #[test]
    fn a_hostile_stanza_is_bounded() {
        let many = "x ".repeat(3_000);
        let text = format!("Types: deb\nURIs: {many}\nSuites: {many}\nComponents: {many}\n");
        let limits = Limits {
            repositories: 10,
            ..Limits::default()
        };
        let (found, problems) = parse_sources("a.sources", text.as_bytes(), &limits);
        assert_eq!((found.repositories.len(), problems.len()), (10, 1));
    }

    #[test]
    fn enabled_services_are_channels() {
        // After ubuntu-advantage-tools 27, 2023-02.
        let text = r#"{"attached": true, "services": [
            {"name": "esm-apps", "status": "disabled"}, {"name": "esm-infra", "status": "enabled"},
            {"name": "fips-updates", "status": "enabled", "entitled": "yes"},
            {"name": "livepatch", "status": "enabled"}, {}]}"#;
        let (found, _) = parse_pro("p", text.as_bytes(), &Limits::default());
        let expected = ["esm-infra", "fips-updates"].map(str::to_owned).to_vec();
        assert_eq!(found.distro, channels(expected));
        assert_eq!(parse_pro("p", b"{", &Limits::default()).1.len(), 1);
    }
}
