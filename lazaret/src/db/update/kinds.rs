//! How each kind of remote is fetched: a file, a directory of CSAF documents with its changes, a
//! package repository's advisories.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use advisory::feed::{Protocol, Remote};
use anyhow::{Context, bail};
use futures_util::StreamExt;

use super::fetch::{Fetcher, Missing, Outcome};
use super::place;
use super::state::Known;
use super::target;

/// The longest list that is read, in bytes.
const MOST_LIST: u64 = 256 << 20;
/// Changes that are followed one by one; above, the whole archive is fetched again.
const MOST_CHANGES: usize = 5_000;
/// Documents of one directory that are fetched at once.
const AT_ONCE: usize = 8;
/// The directory of documents that have changed since the archive.
pub const CHANGED: &str = "changed";
/// The file that names documents that were removed since the archive.
pub const DELETED: &str = "deletions.csv";

/// Fetches a remote, if it has changed.
///
/// # Errors
///
/// Where it cannot be had; what was there stays.
pub async fn fetch(fetcher: &Fetcher, remote: &Remote) -> anyhow::Result<Outcome> {
    match remote.protocol {
        Protocol::File => {
            let place = place::of(fetcher.mirror.as_ref(), remote, "")?;
            let to = format!("{}/{}", remote.source, remote.path);
            fetcher.file(&place, &to).await
        }
        Protocol::Csaf => csaf(fetcher, remote).await,
        Protocol::Repository => repository(fetcher, remote, remote.url).await,
        Protocol::MirrorList => mirror_list(fetcher, remote).await,
    }
}

/// The path of something below a remote that is a directory.
fn below(remote: &Remote, name: &str) -> String {
    format!("{}/{}/{name}", remote.source, remote.path)
}

async fn text(fetcher: &Fetcher, remote: &Remote, name: &str) -> anyhow::Result<String> {
    let place = place::of(fetcher.mirror.as_ref(), remote, name)?;
    let text = fetcher.text(&place, MOST_LIST).await;
    text.with_context(|| format!("cannot get {name}"))
}

async fn csaf(fetcher: &Fetcher, remote: &Remote) -> anyhow::Result<Outcome> {
    let directory = target(&fetcher.directory, remote);
    let changes = Changes::parse(&text(fetcher, remote, "changes.csv").await?)?;
    let key = below(remote, "");
    let known = fetcher.state.of(&key, remote.url);
    let waiting = changes.since(&known.followed);
    let has_archive = archive_in(&directory).is_some();
    if !has_archive || waiting.len() > MOST_CHANGES {
        return whole(fetcher, remote, &changes).await;
    }
    let outcome = follow(fetcher, remote, &waiting).await?;
    removed(fetcher, remote).await?;
    remember(fetcher, remote, &changes);
    Ok(outcome)
}

/// Fetches the archive of all documents; what has changed since it was made is fetched with it.
async fn whole(fetcher: &Fetcher, remote: &Remote, changes: &Changes) -> anyhow::Result<Outcome> {
    let directory = target(&fetcher.directory, remote);
    let latest = text(fetcher, remote, "archive_latest.txt").await?;
    let name = latest.trim();
    let is_plain = !name.is_empty() && !name.contains('/') && name.len() < 200;
    let Some(made) = date_in(name).filter(|_| is_plain) else {
        bail!("archive_latest.txt names no archive with a date: '{name:.100}'");
    };
    let before = archive_in(&directory);
    let place = place::of(fetcher.mirror.as_ref(), remote, name)?;
    let fetched = fetcher.file(&place, &below(remote, name)).await?;
    if let Some(before) = before.filter(|before| before != name) {
        drop(fs::remove_file(directory.join(before)));
    }
    drop(fs::remove_dir_all(directory.join(CHANGED)));
    let changed = follow(fetcher, remote, &changes.since(&made)).await?;
    removed(fetcher, remote).await?;
    remember(fetcher, remote, changes);
    Ok(fetched.and(changed))
}

fn remember(fetcher: &Fetcher, remote: &Remote, changes: &Changes) {
    let known = Known {
        url: remote.url.to_owned(),
        followed: changes.newest(),
        ..Known::default()
    };
    fetcher.state.remember(&below(remote, ""), known);
}

/// Fetches documents that have changed.
async fn follow(fetcher: &Fetcher, remote: &Remote, paths: &[&str]) -> anyhow::Result<Outcome> {
    let mut documents = Vec::with_capacity(paths.len());
    for path in paths {
        documents.push(document(fetcher, remote, (*path).to_owned()));
    }
    let mut fetching = futures_util::stream::iter(documents).buffer_unordered(AT_ONCE);
    let mut outcome = Outcome::Unchanged;
    while let Some(fetched) = fetching.next().await {
        outcome = outcome.and(fetched?);
    }
    Ok(outcome)
}

async fn document(fetcher: &Fetcher, remote: &Remote, path: String) -> anyhow::Result<Outcome> {
    let place = place::of(fetcher.mirror.as_ref(), remote, &path)?;
    let to = below(remote, &format!("{CHANGED}/{path}"));
    let fetched = fetcher.file(&place, &to).await;
    fetched.with_context(|| format!("cannot get {path}"))
}

/// Writes down which documents were removed.
async fn removed(fetcher: &Fetcher, remote: &Remote) -> anyhow::Result<()> {
    let place = place::of(fetcher.mirror.as_ref(), remote, DELETED)?;
    // A publisher that removes nothing may have no list of it.
    match fetcher.file(&place, &below(remote, DELETED)).await {
        Ok(_) => Ok(()),
        Err(error) if error.is::<Missing>() => Ok(()),
        Err(error) => Err(error),
    }
}

/// The archive in a directory.
fn archive_in(directory: &Path) -> Option<String> {
    let entries = fs::read_dir(directory).ok()?;
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.contains(".tar"));
    names.sort();
    names.pop()
}

/// The date in an archive's name, `csaf_vex_2024-11-20.tar.zst`, as the beginning of a time.
fn date_in(name: &str) -> Option<String> {
    let start = name.find(|letter: char| letter.is_ascii_digit())?;
    let date = name.get(start..start.checked_add(10)?)?;
    date.parse::<jiff::civil::Date>().ok()?;
    Some(date.to_owned())
}

/// A list of changes: paths, each with the time of its change.
struct Changes(Vec<(String, String)>);

impl Changes {
    fn parse(text: &str) -> anyhow::Result<Changes> {
        let mut rows = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let parts: Vec<&str> = line
                .split(',')
                .map(|part| part.trim().trim_matches('"'))
                .collect();
            let [path, time, ..] = parts.as_slice() else {
                bail!("changes.csv has a line without a time: '{line:.100}'");
            };
            rows.push(((*time).to_owned(), (*path).to_owned()));
        }
        rows.sort();
        Ok(Changes(rows))
    }

    /// What has changed at that time or later, each once: what changed in the same second may not
    /// have been seen.
    fn since(&self, time: &str) -> Vec<&str> {
        let from = self
            .0
            .partition_point(|(changed, _)| changed.as_str() < time);
        let rows = self.0.get(from..).unwrap_or_default();
        let paths: BTreeSet<&str> = rows.iter().map(|(_, path)| path.as_str()).collect();
        paths.into_iter().collect()
    }

    fn newest(&self) -> String {
        self.0
            .last()
            .map_or(String::new(), |(time, _)| time.clone())
    }
}

async fn repository(fetcher: &Fetcher, remote: &Remote, base: &str) -> anyhow::Result<Outcome> {
    let own = Located { base, remote };
    let repomd = fetcher
        .text(&own.at(fetcher, "repodata/repomd.xml")?, MOST_LIST)
        .await;
    let repomd = repomd.context("cannot get repodata/repomd.xml")?;
    let href = advisories_in(&repomd).context("the repository names no advisories (updateinfo)")?;
    let name = match href.rsplit_once("updateinfo.xml") {
        Some((_, end)) => format!("updateinfo.xml{end}"),
        None => "updateinfo.xml".to_owned(),
    };
    let place = own.at(fetcher, &href)?;
    fetcher.file(&place, &below(remote, &name)).await
}

/// A repository, at its address or in the mirror.
struct Located<'a> {
    base: &'a str,
    remote: &'a Remote,
}

impl Located<'_> {
    fn at(&self, fetcher: &Fetcher, name: &str) -> anyhow::Result<place::Place> {
        let base = if self.base.ends_with('/') {
            self.base.to_owned()
        } else {
            format!("{}/", self.base)
        };
        match &fetcher.mirror {
            Some(mirror) => place::of(Some(mirror), self.remote, name),
            None if name.contains("..") || name.contains("://") => {
                bail!("'{name}' leads out of the repository")
            }
            None => Ok(place::Place::Address(
                base.parse::<reqwest::Url>()?.join(name)?,
            )),
        }
    }
}

/// The path of the advisories that a `repomd.xml` names.
fn advisories_in(repomd: &str) -> Option<String> {
    let mut found = None;
    let limits = advisory::Limits::default();
    let read = advisory::feed::xml::read(repomd.as_bytes(), &["data"], &limits, |data, _| {
        if data.attribute("type") == "updateinfo" {
            let location = data.child("location");
            found = location.map(|location| location.attribute("href").to_owned());
        }
    });
    read.ok()?;
    found.filter(|href| !href.is_empty())
}

async fn mirror_list(fetcher: &Fetcher, remote: &Remote) -> anyhow::Result<Outcome> {
    if fetcher.mirror.is_some() {
        return repository(fetcher, remote, remote.url).await;
    }
    let place = place::of(None, remote, "")?;
    let list = fetcher
        .text(&place, MOST_LIST)
        .await
        .context("cannot get the list of mirrors")?;
    let mut lines = list.lines().map(str::trim);
    let base = lines.find(|line| line.starts_with("https://"));
    let base = base.context("the list of mirrors names none with https")?;
    repository(fetcher, remote, base).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_followed_from_where_one_was() {
        let text = "\"2024/a.json\",\"2024-11-20T09:00:00+00:00\"\n\
                    \"2023/b.json\",\"2024-11-21T09:00:00+00:00\"\n\n\
                    2022/c.json,2024-11-19T09:00:00+00:00\n";
        let changes = Changes::parse(text).unwrap();
        assert_eq!(
            changes.since(""),
            ["2022/c.json", "2023/b.json", "2024/a.json"]
        );
        assert_eq!(changes.since("2024-11-20"), ["2023/b.json", "2024/a.json"]);
        assert_eq!(changes.since(&changes.newest()), ["2023/b.json"]);
        assert!(Changes::parse("a.json\n").is_err());
        assert_eq!(Changes::parse("").unwrap().newest(), "");
    }

    #[test]
    fn archives_tell_their_date() {
        assert_eq!(
            date_in("csaf_vex_2024-11-20.tar.zst").as_deref(),
            Some("2024-11-20")
        );
        for name in ["", "archive.tar.zst", "csaf_2024.tar", "x_9999-99-99.tar"] {
            assert_eq!(date_in(name), None, "{name}");
        }
    }

    #[test]
    fn a_repository_names_its_advisories() {
        let repomd = r#"<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>
            <data type="primary"><location href="repodata/p.xml.gz"/></data>
            <data type="updateinfo"><location href="repodata/a-updateinfo.xml.gz"/></data></repomd>"#;
        assert_eq!(
            advisories_in(repomd).as_deref(),
            Some("repodata/a-updateinfo.xml.gz")
        );
        assert_eq!(advisories_in("<repomd/>"), None);
        assert_eq!(advisories_in("no xml <"), None);
    }
}
