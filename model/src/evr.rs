//! The parts of a distribution's version, `epoch:upstream-release`, as rpm and dpkg write it.

/// The version without its epoch, which file names and notes leave out.
pub fn without_epoch(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, rest)| rest)
}

/// What the program's own publisher calls the version: without epoch and release.
pub fn upstream(version: &str) -> &str {
    let bare = without_epoch(version);
    bare.rsplit_once('-').map_or(bare, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_its_parts() {
        for (version, bare, own) in [
            ("0:2.28-236.el8_9.13", "2.28-236.el8_9.13", "2.28"),
            ("1.0-rc-1", "1.0-rc-1", "1.0-rc"),
            ("1.2.3", "1.2.3", "1.2.3"),
            ("", "", ""),
        ] {
            assert_eq!(without_epoch(version), bare);
            assert_eq!(upstream(version), own);
        }
    }
}
