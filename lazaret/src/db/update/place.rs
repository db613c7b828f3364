//! Where files are fetched from: their publishers, or a mirror before all of them.

use std::path::{Path, PathBuf};

use advisory::feed::Remote;
use anyhow::{Context, bail};
use reqwest::Url;

/// A mirror: below it each source has its directory, as `docs/feeds.md` names the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// Asked over HTTP.
    Address(String),
    /// Read from a directory.
    Directory(PathBuf),
}

/// One place of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address.
    Address(Url),
    /// A file.
    File(PathBuf),
}

impl Mirror {
    /// The mirror that somebody named.
    ///
    /// # Errors
    ///
    /// Where it is neither an address nor a directory.
    pub fn parse(text: &str) -> anyhow::Result<Mirror> {
        if let Some(path) = text.strip_prefix("file://") {
            return Ok(Mirror::Directory(PathBuf::from(path)));
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return Ok(Mirror::Address(text.trim_end_matches('/').to_owned()));
        }
        match Path::new(text).is_dir() {
            true => Ok(Mirror::Directory(PathBuf::from(text))),
            false => bail!("'{text}' is no mirror: expected an address, or a directory"),
        }
    }

    fn at(&self, path: &str) -> anyhow::Result<Place> {
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            bail!("'{path}' leads out of the mirror");
        }
        match self {
            Mirror::Address(base) => {
                let path = path.replace(' ', "%20");
                let url = format!("{base}/{path}");
                Ok(Place::Address(
                    url.parse().with_context(|| format!("'{url}'"))?,
                ))
            }
            Mirror::Directory(base) => Ok(Place::File(base.join(path))),
        }
    }
}

/// Where a remote's file lies: itself, or one below it for a remote that is a directory.
///
/// # Errors
///
/// Where that is no address, or leads out of its directory.
pub fn of(mirror: Option<&Mirror>, remote: &Remote, below: &str) -> anyhow::Result<Place> {
    if below.split('/').any(|part| part == "..") || below.contains("://") {
        bail!("'{below}' leads out of its directory");
    }
    if let Some(mirror) = mirror {
        let path = match below {
            "" => format!("{}/{}", remote.source, remote.path),
            below => format!("{}/{}/{below}", remote.source, remote.path),
        };
        return mirror.at(&path);
    }
    let base: Url = remote.url.replace(' ', "%20").parse()?;
    Ok(Place::Address(match below {
        "" => base,
        below => base.join(below)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use advisory::feed::Protocol;

    const REMOTE: Remote = Remote {
        source: "redhat",
        path: "vex",
        url: "https://a.example/vex/",
        protocol: Protocol::Csaf,
    };

    fn told(mirror: Option<&str>, below: &str) -> String {
        let mirror = mirror.map(|text| Mirror::parse(text).unwrap());
        match of(mirror.as_ref(), &REMOTE, below) {
            Ok(Place::Address(url)) => url.to_string(),
            Ok(Place::File(path)) => path.display().to_string(),
            Err(_) => "refused".to_owned(),
        }
    }

    #[test]
    fn a_mirror_stands_before_every_publisher() {
        let changes = "https://a.example/vex/changes.csv";
        assert_eq!(told(None, "changes.csv"), changes);
        let mirrored = "https://m.example/feeds/redhat/vex/2024/a.json";
        assert_eq!(
            told(Some("https://m.example/feeds/"), "2024/a.json"),
            mirrored
        );
        assert_eq!(told(Some("file:///srv/feeds"), ""), "/srv/feeds/redhat/vex");
        for below in ["../x", "a/../../x", "https://b.example/x"] {
            assert_eq!(told(None, below), "refused", "{below}");
            assert_eq!(told(Some("file:///srv"), below), "refused", "{below}");
        }
        assert!(Mirror::parse("/there/is/no/such/directory").is_err());
    }
}
