//! Which distribution it is: os-release(5), and the files that were there before it.

use image::Limits;
use model::Problem;

use crate::cataloger::{Cataloger, DistroFact, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// os-release(5).
pub const OS_RELEASE: Cataloger = Cataloger {
    name: "os-release",
    reads: "the distribution, its version and its code name",
    paths: &[
        Pattern::Exact("etc/os-release"),
        Pattern::Exact("usr/lib/os-release"),
    ],
    role: Role::Facts,
    parse: parse_os_release,
    ..PLAIN
};

/// Alpine's version, where there is no os-release.
pub const ALPINE_RELEASE: Cataloger = Cataloger {
    name: "alpine-release",
    reads: "Alpine's version, where there is no os-release",
    paths: &[Pattern::Exact("etc/alpine-release")],
    role: Role::Facts,
    parse: |_, bytes, _| parse_version("alpine", bytes),
    ..PLAIN
};

/// Debian's version or code name, where there is no os-release.
pub const DEBIAN_VERSION: Cataloger = Cataloger {
    name: "debian-version",
    reads: "Debian's version or code name, where there is no os-release",
    paths: &[Pattern::Exact("etc/debian_version")],
    role: Role::Facts,
    parse: |_, bytes, _| parse_version("debian", bytes),
    ..PLAIN
};

/// What the family of rpm had before os-release.
pub const RELEASE: Cataloger = Cataloger {
    name: "rpm-release",
    reads: "the distribution and its version in the family of rpm, where there is no os-release",
    paths: &[
        Pattern::Exact("etc/oracle-release"),
        Pattern::Exact("etc/rocky-release"),
        Pattern::Exact("etc/almalinux-release"),
        Pattern::Exact("etc/centos-release"),
        Pattern::Exact("etc/fedora-release"),
        Pattern::Exact("etc/redhat-release"),
        Pattern::Exact("etc/SuSE-release"),
        Pattern::Exact("etc/photon-release"),
        Pattern::Exact("etc/mariner-release"),
        Pattern::Exact("etc/azurelinux-release"),
        Pattern::Exact("etc/openEuler-release"),
        Pattern::Exact("etc/system-release"),
    ],
    role: Role::Facts,
    parse: |_, bytes, _| parse_release(bytes),
    ..PLAIN
};

fn parse_os_release(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let [mut id, mut version, mut codename, mut pretty] = [const { String::new() }; 4];
    for (number, line) in lines(bytes) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let assignment = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once('='));
        let Some((name, value)) = assignment else {
            problems.at(number, format!("is no assignment: '{}'", excerpt(line)));
            continue;
        };
        // As in a shell, the last assignment counts.
        match name {
            "ID" => id = unquote(value).to_lowercase(),
            "VERSION_ID" => version = unquote(value),
            "VERSION_CODENAME" => codename = unquote(value),
            "PRETTY_NAME" => pretty = unquote(value),
            _ => {}
        }
    }
    let distro = (!id.is_empty()).then_some(DistroFact::OsRelease {
        id,
        version,
        codename,
        pretty,
    });
    let found = Found {
        distro,
        ..Found::default()
    };
    (found, problems.finish())
}

/// A value as a shell reads it, without expansions.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let inside = |quote: char| {
        let value = value.strip_prefix(quote)?;
        value.strip_suffix(quote)
    };
    if let Some(literal) = inside('\'') {
        return literal.to_owned();
    }
    let value = inside('"').unwrap_or(value);
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        text.extend(match char {
            '\\' => chars.next(),
            char => Some(char),
        });
    }
    text
}

/// `3.18.9`, `12.5`, or Debian's `trixie/sid`.
fn parse_version(id: &str, bytes: &[u8]) -> (Found, Vec<Problem>) {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let word = crate::text::word(first.split(|byte| *byte == b'/').next().unwrap_or_default());
    let fact = |word: String| {
        let is_version = word.starts_with(|char: char| char.is_ascii_digit());
        let (version, codename) = match is_version {
            true => (word, String::new()),
            false => (String::new(), word),
        };
        DistroFact::Version {
            id: id.to_owned(),
            version,
            codename,
        }
    };
    let found = Found {
        distro: word.map(fact),
        ..Found::default()
    };
    (found, Vec::new())
}

/// What such a file begins with, and whose it is. One of a rebuild can name what it rebuilds.
const NAMES: &[(&str, &str)] = &[
    ("AlmaLinux", "almalinux"),
    ("Amazon Linux", "amzn"),
    ("CBL-Mariner", "mariner"),
    ("CentOS", "centos"),
    // Oracle's fifth release.
    ("Enterprise Linux Enterprise Linux", "ol"),
    ("Fedora", "fedora"),
    ("Microsoft Azure Linux", "azurelinux"),
    ("Oracle", "ol"),
    ("Red Hat Enterprise Linux", "rhel"),
    ("Rocky Linux", "rocky"),
    ("SUSE Linux Enterprise Desktop", "sled"),
    ("SUSE Linux Enterprise Server", "sles"),
    ("VMware Photon", "photon"),
    ("openEuler", "openeuler"),
    ("openSUSE Tumbleweed", "opensuse-tumbleweed"),
    ("openSUSE", "opensuse"),
];

/// `CentOS release 6.10 (Final)`: a name, a version and mostly a code name. SUSE's have the
/// service pack on a line of its own.
fn parse_release(bytes: &[u8]) -> (Found, Vec<Problem>) {
    let text = lines(bytes).map_while(|(_, line)| std::str::from_utf8(line).ok());
    let text: Vec<&str> = text.map(str::trim).collect();
    let first = text.first().copied().unwrap_or_default();
    let fact = |id: &str| {
        let is_number = |word: &&str| word.starts_with(|char: char| char.is_ascii_digit());
        let mut version = first.split_whitespace().find(is_number)?.to_owned();
        let pack = text.iter().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == "PATCHLEVEL").then_some(value.trim())
        });
        if let Some(pack) = pack.filter(|pack| is_number(pack) && *pack != "0") {
            version = format!("{version}.{pack}");
        }
        let codename = first.contains(" release ").then(|| {
            let (_, rest) = first.split_once('(')?;
            Some(rest.strip_suffix(')')?.to_owned())
        });
        Some(DistroFact::Version {
            id: id.to_owned(),
            version,
            codename: codename.flatten().unwrap_or_default(),
        })
    };
    let name = NAMES.iter().find(|(name, _)| first.starts_with(name));
    let found = Found {
        distro: name.and_then(|(_, id)| fact(id)),
        ..Found::default()
    };
    (found, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let (found, problems) =
            parse_os_release("etc/os-release", text.as_bytes(), &Limits::default());
        let mut lines: Vec<String> = found
            .distro
            .iter()
            .map(|fact| format!("{fact:?}"))
            .collect();
        lines.extend(problems.iter().map(ToString::to_string));
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn assignments_are_read_as_a_shell_reads_them() {
        check(
            "# comment\nID=Debian\nVERSION_ID=\"12\"\nVERSION_CODENAME='book worm'\r\n\
             PRETTY_NAME=\"a \\\"b\\\" \\$c\"\nnonsense\nID=debian\n",
            expect![[r#"
                OsRelease { id: "debian", version: "12", codename: "book worm", pretty: "a \"b\" $c" }
                etc/os-release:6: is no assignment: 'nonsense' (malformed)"#]],
        );
        check("", expect![""]);
        check("VERSION_ID=1\n", expect![""]);
        check(
            "\u{0}\n",
            expect!["etc/os-release:1: is no assignment: '\\x00' (malformed)"],
        );
    }

    #[test]
    fn older_files_hold_a_version_or_a_code_name() {
        let version = |text: &str| match parse_version("debian", text.as_bytes()).0.distro {
            Some(DistroFact::Version {
                version, codename, ..
            }) => format!("{version}|{codename}"),
            _ => String::new(),
        };
        assert_eq!(version("12.5\n"), "12.5|");
        assert_eq!(version("trixie/sid\n"), "|trixie");
        assert_eq!(version(""), "");
    }

    // As the releases' own packages brought them.
    #[test]
    fn release_files_of_the_family_of_rpm_name_a_distribution() {
        for (text, expected) in [
            ("CentOS release 6.10 (Final)\n", "centos 6.10 Final"),
            ("CentOS Stream release 8\n", "centos 8 "),
            (
                "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
                "rhel 6.10 Santiago",
            ),
            ("Oracle Linux Server release 6.10\n", "ol 6.10 "),
            (
                "Enterprise Linux Enterprise Linux Server release 5.6 (Carthage)\n",
                "ol 5.6 Carthage",
            ),
            ("Fedora release 29 (Twenty Nine)\n", "fedora 29 Twenty Nine"),
            ("Amazon Linux AMI release 2018.03\n", "amzn 2018.03 "),
            ("Amazon Linux release 2 (Karoo)\n", "amzn 2 Karoo"),
            (
                "Rocky Linux release 9.0 (Blue Onyx)\n",
                "rocky 9.0 Blue Onyx",
            ),
            (
                "AlmaLinux release 8.5 (Arctic Sphynx)\n",
                "almalinux 8.5 Arctic Sphynx",
            ),
            (
                "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
                "sles 11.4 ",
            ),
            (
                "SUSE Linux Enterprise Server 12 (x86_64)\nVERSION = 12\nPATCHLEVEL = 0\n",
                "sles 12 ",
            ),
            (
                "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n",
                "opensuse 13.2 ",
            ),
            (
                "VMware Photon Linux 1.0\nPHOTON_BUILD_NUMBER=62c543d\n",
                "photon 1.0 ",
            ),
            (
                "CBL-Mariner 2.0.20220122\nMARINER_BUILD_NUMBER=b9\n",
                "mariner 2.0.20220122 ",
            ),
            (
                "Microsoft Azure Linux 3.0.20240802\n",
                "azurelinux 3.0.20240802 ",
            ),
            (
                "openEuler release 20.03 (LTS-SP1)\n",
                "openeuler 20.03 LTS-SP1",
            ),
            ("Red Hat Enterprise Linux\n", ""),
            ("Plan 9 release 4\n", ""),
            ("\u{0}", ""),
            ("", ""),
        ] {
            let told = match parse_release(text.as_bytes()).0.distro {
                Some(DistroFact::Version {
                    id,
                    version,
                    codename,
                }) => {
                    format!("{id} {version} {codename}")
                }
                _ => String::new(),
            };
            assert_eq!(told, expected, "{text}");
        }
        assert_eq!(
            parse_release(b"\xff\nCentOS release 6\n").0,
            Found::default()
        );
    }
}
