//! Snaps that lie unpacked: `meta/snap.yaml`, and Ubuntu's packages that they were made of:
//! `usr/share/snappy/dpkg.yaml` of base snaps and `snap/manifest.yaml` of others. Snapcraft
//! documentation, "The snap format". Read by lines: what is wanted stands at the left margin.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, word};

/// The snap itself.
pub const SNAP: Cataloger = Cataloger {
    name: "snap",
    reads: "snaps that lie unpacked",
    paths: &[Pattern::Beside {
        directory: "meta",
        name: "snap.yaml",
    }],
    role: Role::Installed,
    parse: parse_snap,
    ..PLAIN
};

/// What it was made of.
pub const PACKAGES: Cataloger = Cataloger {
    name: "snap-packages",
    reads: "Ubuntu's packages that snaps were made of",
    paths: &[
        Pattern::Beside {
            directory: "snappy",
            name: "dpkg.yaml",
        },
        Pattern::Beside {
            directory: "snap",
            name: "manifest.yaml",
        },
    ],
    role: Role::Bill,
    parse: parse_packages,
    ..PLAIN
};

fn parse_snap(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let [mut name, mut version] = [None, None];
    for (_, line) in lines(bytes) {
        if let Some(value) = line.strip_prefix(b"name:") {
            name = scalar(value);
        } else if let Some(value) = line.strip_prefix(b"version:") {
            version = scalar(value);
        }
    }
    let mut found = Found::default();
    match name.zip(version) {
        Some((name, version)) => {
            found
                .packages
                .push(Package::new(PackageType::Snap, name, version).into());
        }
        None => problems.at(1, "names no usable snap and version"),
    }
    (found, problems.finish())
}

fn scalar(value: &[u8]) -> Option<String> {
    let value = value.trim_ascii();
    let quoted = [b"'", b"\""].into_iter().find_map(|quote: &[u8; 1]| {
        let inside = value.strip_prefix(quote)?;
        inside.strip_suffix(quote)
    });
    word(quoted.unwrap_or(value))
}

/// Lists of `- name:architecture=version`, under their keys.
fn parse_packages(_: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let mut is_list = false;
    for (_, line) in lines(bytes) {
        match line.strip_prefix(b"- ") {
            Some(item) if is_list => {
                found.packages.extend(package(item).map(Into::into));
            }
            Some(_) => {}
            None => is_list = matches!(line, b"packages:" | b"primed-stage-packages:"),
        }
    }
    (found, Vec::new())
}

fn package(item: &[u8]) -> Option<Package> {
    let item = scalar(item)?;
    let (name, version) = item
        .split_once('=')
        .filter(|(_, version)| !version.is_empty())?;
    let (name, architecture) = match name.split_once(':') {
        Some((name, architecture)) => (name, Some(architecture.to_owned())),
        None => (name, None),
    };
    let package = Package::new(PackageType::Deb, name, version);
    (!name.is_empty()).then_some(Package {
        architecture,
        ..package
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;

    #[test]
    fn snaps_and_their_packages() {
        let snap = |text: &str| show(parse_snap("s", text.as_bytes(), &Limits::default()));
        let text = "name: hello\nsummary: x\nversion: '2.10'\napps:\n  name: no\n";
        assert_eq!(snap(text), "snap hello 2.10\n");
        assert!(snap("name: hello\n").contains("no usable snap"));
        // After core20's dpkg.yaml, 2024-04.
        let text = "package-repositories:\n- type: apt\n  ppa: x\npackages:\n\
                    - adduser=3.118ubuntu2\n- gcc-10-base:amd64=10.5.0-1ubuntu1~20.04\n- odd\n- =1\n\
                    primed-stage-packages:\n- 'a=1'\nparts:\n- b=2\n";
        let shown = show(parse_packages("d", text.as_bytes(), &Limits::default()));
        assert_eq!(
            shown,
            "deb adduser 3.118ubuntu2\ndeb gcc-10-base 10.5.0-1ubuntu1~20.04 [amd64]\ndeb a 1\n"
        );
    }
}
