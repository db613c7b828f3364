//! Names of packages: package URLs, and file names of RPM packages.

use std::borrow::Cow;

/// A package as a package URL or a file name gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its type, `rpm`.
    pub kind: &'a str,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its version without an epoch, empty where there is none.
    pub version: Cow<'a, str>,
    /// Its epoch, empty where none is given.
    pub epoch: &'a str,
    /// Its architecture, empty where none is given.
    pub architecture: &'a str,
    /// The module of which it is, with all that is given of it; empty for none.
    pub module: Cow<'a, str>,
    /// The release that it is of, in the publisher's words; empty where none is given.
    pub distro: Cow<'a, str>,
}

impl<'a> Package<'a> {
    /// An RPM package as such, in whichever version.
    pub fn unversioned(name: &'a str, architecture: &'a str) -> Package<'a> {
        Package {
            kind: "rpm",
            name: Cow::Borrowed(name),
            architecture,
            ..Package::default()
        }
    }

    /// `epoch:version-release`, without an epoch of 0; `None` for a package without a version.
    pub fn full_version(&self) -> Option<String> {
        let none = self.epoch.is_empty() || self.epoch.bytes().all(|byte| byte == b'0');
        match (self.version.is_empty(), none) {
            (true, _) => None,
            (false, true) => Some(self.version.to_string()),
            (false, false) => Some(format!("{}:{}", self.epoch, self.version)),
        }
    }
}

/// The package of a package URL: `pkg:rpm/redhat/perl-FCGI@0.78-12.el9?arch=x86_64&epoch=1`.
pub fn of_purl(purl: &str) -> Option<Package<'_>> {
    let rest = purl.strip_prefix("pkg:")?;
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, path) = path.split_once('/')?;
    let (path, version) = path.rsplit_once('@').unwrap_or((path, ""));
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let mut package = Package {
        kind,
        name: decoded(name),
        version: decoded(version),
        ..Package::default()
    };
    for (key, value) in qualifiers.split('&').filter_map(|one| one.split_once('=')) {
        match key {
            "arch" => package.architecture = value,
            "epoch" => package.epoch = value,
            "rpmmod" => package.module = decoded(value),
            "distro" => package.distro = decoded(value),
            _ => {}
        }
    }
    Some(package)
}

/// The package of a name of an RPM package: `perl-FCGI-1:0.78-12.el9.x86_64`, with or without an
/// epoch and `.rpm`. The architecture is looked for only where it is said to be there.
pub fn of_file_name(text: &str, has_architecture: bool) -> Option<Package<'_>> {
    let text = text.strip_suffix(".rpm").unwrap_or(text);
    let (text, architecture) = match has_architecture {
        true => text.rsplit_once('.')?,
        false => (text, ""),
    };
    let release = text.rfind('-')?;
    let dash = text.get(..release)?.rfind('-')?;
    let name = text.get(..dash).filter(|name| !name.is_empty())?;
    let version = text.get(dash + 1..)?;
    let (epoch, version) = version.split_once(':').unwrap_or(("", version));
    let is_version = version.bytes().any(|byte| byte.is_ascii_digit());
    is_version.then_some(Package {
        kind: "rpm",
        name: Cow::Borrowed(name),
        version: Cow::Borrowed(version),
        epoch,
        architecture,
        module: Cow::Borrowed(""),
        distro: Cow::Borrowed(""),
    })
}

/// The epoch in `name-epoch:version…`, which some package URLs leave out.
pub fn epoch_of<'a>(text: &'a str, name: &str) -> &'a str {
    let after = text
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once(':'));
    match after {
        Some((epoch, _)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => epoch,
        _ => "",
    }
}

/// A text with its `%2B`s resolved; what is no such sign stays as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| (*after.get(at)? as char).to_digit(16);
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Whether a package holds only what debuggers read, which nothing runs.
pub fn is_for_debuggers(name: &str) -> bool {
    name.contains("-debuginfo") || name.ends_with("-debugsource")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (text, name, version, architecture, module) in [
            ("pkg:rpm/redhat/pam?arch=src", "pam", None, "src", ""),
            ("pkg:rpm/redhat/pam", "pam", None, "", ""),
            (
                "pkg:rpm/redhat/perl-FCGI@0.78-12.module%2Bel8?arch=x86_64&epoch=1&rpmmod=p:0.78",
                "perl-FCGI",
                Some("1:0.78-12.module+el8"),
                "x86_64",
                "p:0.78",
            ),
            ("pkg:rpm/a@1%2", "a", Some("1%2"), "", ""),
            ("pkg:rpm/a@1%zz%é", "a", Some("1%zz%é"), "", ""),
        ] {
            let package = of_purl(text).unwrap();
            assert_eq!(
                (&*package.name, package.full_version().as_deref()),
                (name, version)
            );
            assert_eq!(
                (package.architecture, &*package.module),
                (architecture, module)
            );
        }
        for text in ["", "pkg:", "pkg:rpm", "pkg:rpm/", "pkg:rpm/@1", "rpm/a@1"] {
            assert_eq!(of_purl(text), None, "{text}");
        }
    }

    #[test]
    fn file_names_are_taken_apart() {
        for (text, has_architecture, expected) in [
            (
                "pam-0:1.5.1-21.el9_5.x86_64",
                true,
                Some("pam 1.5.1-21.el9_5 x86_64"),
            ),
            (
                "bind-32:9.8.2-0.68.el6.i686",
                true,
                Some("bind 32:9.8.2-0.68.el6 i686"),
            ),
            (
                "vim-X11-9.0-33.oe2203sp3.src.rpm",
                true,
                Some("vim-X11 9.0-33.oe2203sp3 src"),
            ),
            (
                "ctdb-4.19.2+git.322.7e9201cef5-1.1",
                false,
                Some("ctdb 4.19.2+git.322.7e9201cef5-1.1 "),
            ),
            ("samba-client-libs", false, None),
            ("-1-2", false, None),
            ("a", true, None),
            ("", true, None),
            ("é-1-é.é", true, Some("é 1-é é")),
        ] {
            let found = of_file_name(text, has_architecture).map(|package| {
                let version = package.full_version().unwrap_or_default();
                format!("{} {version} {}", package.name, package.architecture)
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert_eq!(epoch_of("bind-32:9.8.2-0.68", "bind"), "32");
        assert_eq!(epoch_of("bind-9.8.2-0.68", "bind"), "");
        assert_eq!(epoch_of("python36:3.6", "python36"), "");
    }

    #[test]
    fn what_debuggers_read_is_known() {
        assert!(is_for_debuggers("samba-debuginfo") && is_for_debuggers("ruby-debugsource"));
        assert!(is_for_debuggers("kernel-debuginfo-common-x86_64"));
        assert!(!is_for_debuggers("kernel-debug"));
    }
}
