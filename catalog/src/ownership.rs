//! Whose file a package was read from, by evidence: what package databases say they own, and
//! whether it still is what they brought.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Ownership;

use crate::cataloger::{self, OwnedFile, Role};
use crate::report::{FileDigests, FileReport};
use crate::squash::view::View;

/// Where no package of a distribution puts files: the file system's hierarchy standard leaves
/// these to people.
const PEOPLES: &[&str] = &[
    "usr/local/",
    "home/",
    "root/",
    "srv/",
    "tmp/",
    "app/",
    "workspace/",
];

/// Whether a distribution's package may have put a file there, so that its digests are worth
/// making.
pub fn may_be_owned(path: &str) -> bool {
    !PEOPLES.iter().any(|directory| path.starts_with(directory))
}

/// Whether a file that a package owns may say something of packages itself; of the hundred
/// thousand others nothing is kept.
pub fn may_hold_a_package(path: &str) -> bool {
    if let Some(cataloger) = cataloger::of_path(path) {
        return cataloger.role == Role::Installed;
    }
    let (directory, name) = image::path::split(path);
    let is_text = |part: &str| matches!(part, "doc" | "man" | "locale" | "zoneinfo" | "terminfo");
    if directory.split('/').any(is_text) {
        return false;
    }
    let (_, last) = image::path::split(directory);
    let is_of_programs = matches!(last, "bin" | "sbin" | "libexec");
    let is_library = name.ends_with(".so") || name.contains(".so.");
    let is_windows = name.ends_with(".dll") || name.ends_with(".exe");
    is_of_programs || is_library || is_windows || !name.contains('.')
}

/// The files that package databases claim, of those that packages were read from.
pub struct Owned<'a> {
    claims: HashMap<String, Vec<&'a OwnedFile>>,
}

impl<'a> Owned<'a> {
    /// The claims of all databases of a view.
    pub fn of(view: &View<'a>) -> Owned<'a> {
        let mut claims: HashMap<String, Vec<&'a OwnedFile>> = view
            .found()
            .filter(|(_, report)| report.is_installed())
            .map(|(path, _)| (path.to_owned(), Vec::new()))
            .collect();
        if !claims.is_empty() {
            let owned = view
                .found()
                .flat_map(|(_, report)| report.found.owned.values());
            for file in owned.flatten() {
                if let Some(files) = claims.get_mut(&view.place(&file.path)) {
                    files.push(file);
                }
            }
        }
        Owned { claims }
    }

    /// Whose a file is. One that is claimed without a digest, or whose own digests were not made,
    /// is not known to be unchanged.
    pub fn ownership(&self, path: &str, report: &FileReport) -> Ownership {
        let claims = self.claims.get(path).map_or(&[][..], Vec::as_slice);
        let is_same = |file: &&OwnedFile| {
            let claimed = file.digest.as_deref();
            let pair = claimed.zip(report.digests.as_ref());
            pair.is_some_and(|(claimed, digests)| is_digest(claimed, digests))
        };
        match claims {
            [] => Ownership::Own,
            claims if claims.iter().any(is_same) => Ownership::DistroUnchanged,
            _ => Ownership::DistroChanged,
        }
    }
}

/// Whether a package manager's digest is one of a file's.
pub fn is_digest(claimed: &str, digests: &FileDigests) -> bool {
    let known = [
        ("md5:", &digests.md5),
        ("sha1:", &digests.sha1),
        ("sha256:", &digests.sha256),
    ];
    if let Some((algorithm, digest)) = known.iter().find(|(name, _)| claimed.starts_with(name)) {
        return claimed.get(algorithm.len()..) == Some(digest);
    }
    let encoded = [("Q1", &digests.sha1), ("Q2", &digests.sha256)];
    encoded.iter().any(|(prefix, digest)| {
        let bytes = claimed
            .strip_prefix(prefix)
            .and_then(|text| STANDARD.decode(text).ok());
        bytes.is_some_and(|bytes| hex::encode(bytes) == **digest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_compared_as_each_package_manager_writes_them() {
        let digests = FileDigests::of(b"hello\n");
        for (claimed, expected) in [
            ("md5:b1946ac92492d2347c6235b4d2611184", true),
            ("md5:b1946ac92492d2347c6235b4d2611185", false),
            ("sha1:f572d396fae9206628714fb2ce00f72e94f2258f", true),
            ("Q19XLTlvrpIGYoN", false),
            ("Q19XLTlvrpIGYocU+yzgDyLpTyJY8=", false),
            ("Q19XLTlvrpIGYocU+yzgDyLpTyJY", false),
            ("", false),
        ] {
            assert_eq!(is_digest(claimed, &digests), expected, "{claimed}");
        }
        let sha1 = STANDARD.encode(hex::decode(&digests.sha1).unwrap());
        assert!(is_digest(&format!("Q1{sha1}"), &digests));
    }

    #[test]
    fn only_files_that_may_say_something_are_kept() {
        for (path, expected) in [
            ("usr/bin/docker", true),
            ("usr/bin/x.py", true),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", true),
            ("usr/lib/go-1.19/pkg/tool/linux_amd64/compile", true),
            ("usr/share/doc/x/copyright", false),
            ("usr/share/x/x.png", false),
            ("etc/os-release", false),
        ] {
            assert_eq!(may_hold_a_package(path), expected, "{path}");
        }
        assert!(!may_be_owned("usr/local/bin/x"));
        assert!(may_be_owned("usr/bin/x"));
    }
}
