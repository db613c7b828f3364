//! One file from one place, if it has changed: within limits, gone on with where it broke off, put
//! in place whole.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::{
    ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use reqwest::{Client, Response, StatusCode, Url};

use super::bar::Bar;
use super::place::{Mirror, Place};
use super::state::{DIRECTORY, Known, State};

/// Above so many bytes a file may not grow by more than [`GROWTH`] at once.
const LARGE: u64 = 64 << 20;
/// A file that is so many times what it was is another one.
const GROWTH: u64 = 20;
/// How often a file is tried.
const TRIES: u32 = 3;

/// What fetches share.
pub struct Fetcher {
    /// Asks.
    pub client: Client,
    /// What stands before all publishers.
    pub mirror: Option<Mirror>,
    /// The directory of feeds.
    pub directory: PathBuf,
    /// The largest file, in bytes.
    pub most: u64,
    /// How long one file may take.
    pub patience: Duration,
    /// What is known of files.
    pub state: State,
    /// Shows how far it is.
    pub bar: Bar,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is what it was.
    Unchanged,
    /// It was fetched: so many bytes.
    Fetched(u64),
}

impl Outcome {
    /// Of two files together.
    pub fn and(self, other: Outcome) -> Outcome {
        match (self, other) {
            (Outcome::Fetched(one), Outcome::Fetched(other)) => Outcome::Fetched(one + other),
            (Outcome::Fetched(bytes), _) | (_, Outcome::Fetched(bytes)) => Outcome::Fetched(bytes),
            _ => Outcome::Unchanged,
        }
    }
}

impl Fetcher {
    /// Fetches a file to a path in the directory of feeds.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; what was there stays.
    pub async fn file(&self, place: &Place, to: &str) -> anyhow::Result<Outcome> {
        let bounded = tokio::time::timeout(self.patience, self.tried(place, to)).await;
        bounded.unwrap_or_else(|_| {
            let minutes = self.patience.as_secs() / 60;
            bail!("it took more than {minutes} minutes; the next time goes on where this ended")
        })
    }

    async fn tried(&self, place: &Place, to: &str) -> anyhow::Result<Outcome> {
        let url = match place {
            Place::File(path) => return self.copied(path, to),
            Place::Address(url) => url,
        };
        let mut tries = 1;
        loop {
            match self.asked(url, to).await {
                Err(error) if tries < TRIES && error.is::<Passing>() => {
                    tokio::time::sleep(Duration::from_secs(1 << tries)).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// A small text from a place, that is not kept.
    ///
    /// # Errors
    ///
    /// Where it cannot be had or is longer than the limit.
    pub async fn text(&self, place: &Place, limit: u64) -> anyhow::Result<String> {
        let bytes = match place {
            Place::File(path) => {
                let length = fs::metadata(path).with_context(|| opened(path))?.len();
                if length > limit {
                    bail!("it is longer than {limit} bytes");
                }
                fs::read(path).with_context(|| opened(path))?
            }
            Place::Address(url) => {
                let answer = self.client.get(url.clone()).send().await?;
                crate::http::body(answer.error_for_status()?, limit).await?
            }
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn copied(&self, from: &Path, to: &str) -> anyhow::Result<Outcome> {
        let facts = fs::metadata(from).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow::Error::from(error).context(Missing(opened(from))),
            _ => anyhow::Error::from(error).context(opened(from)),
        })?;
        let url = from.display().to_string();
        let known = self.state.of(to, &url);
        let modified = facts
            .modified()
            .map(|time| format!("{time:?}"))
            .unwrap_or_default();
        let target = self.directory.join(to);
        if known.bytes == facts.len() && known.last_modified == modified && target.exists() {
            return Ok(Outcome::Unchanged);
        }
        self.check(facts.len(), known.bytes)?;
        let mut part = self.part(to)?;
        part.file.set_len(0)?;
        let mut source = File::open(from).with_context(|| opened(from))?;
        let copied = std::io::copy(&mut source, &mut part.file)?;
        part.place(&target)?;
        let known = Known {
            url,
            last_modified: modified,
            bytes: copied,
            ..Known::default()
        };
        self.state.remember(to, known);
        self.bar.came(copied);
        Ok(Outcome::Fetched(copied))
    }

    async fn asked(&self, url: &Url, to: &str) -> anyhow::Result<Outcome> {
        let target = self.directory.join(to);
        let known = match target.exists() {
            true => self.state.of(to, url.as_str()),
            false => Known::default(),
        };
        let mut part = self.part(to)?;
        let begun = part.begun()?;
        let mut request = self.client.get(url.clone());
        if let Some((bytes, tag)) = &begun {
            let range = format!("bytes={bytes}-");
            request = request.header(RANGE, range).header(IF_RANGE, tag);
        } else if !known.etag.is_empty() {
            request = request.header(IF_NONE_MATCH, &known.etag);
        } else if !known.last_modified.is_empty() {
            request = request.header(IF_MODIFIED_SINCE, &known.last_modified);
        }
        let answer = request.send().await.map_err(Passing::of)?;
        match answer.status() {
            StatusCode::NOT_MODIFIED => return Ok(Outcome::Unchanged),
            StatusCode::PARTIAL_CONTENT => {}
            status if status.is_success() => part.file.set_len(0)?,
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Passing(format!("{url} answers {status}")).into());
            }
            status @ StatusCode::NOT_FOUND => {
                return Err(Missing(format!("{url} answers {status}")).into());
            }
            status => bail!("{url} answers {status}"),
        }
        let mut new = Known {
            url: url.to_string(),
            etag: header(answer.headers(), ETAG.as_str()),
            last_modified: header(answer.headers(), LAST_MODIFIED.as_str()),
            ..Known::default()
        };
        let fetched = self.received(answer, &mut part, &new, known.bytes).await?;
        new.bytes = part.length()?;
        part.place(&target)?;
        self.state.remember(to, new);
        Ok(Outcome::Fetched(fetched))
    }

    /// Writes an answer behind what is there of a file.
    async fn received(
        &self,
        mut answer: Response,
        part: &mut Part,
        new: &Known,
        usual: u64,
    ) -> anyhow::Result<u64> {
        let begin = part.length()?;
        let promised = answer.content_length();
        if let Some(length) = promised {
            self.check(begin.saturating_add(length), usual)?;
        }
        part.begin(&new.etag, &new.last_modified)?;
        part.file.seek(SeekFrom::End(0))?;
        let mut came = 0;
        while let Some(chunk) = answer.chunk().await.map_err(Passing::of)? {
            came += chunk.len() as u64;
            self.check(begin.saturating_add(came), usual)?;
            part.file.write_all(&chunk)?;
            self.bar.came(chunk.len() as u64);
        }
        match promised {
            Some(length) if length != came => {
                Err(Passing(format!("it ended after {came} of {length} bytes")).into())
            }
            _ => Ok(came),
        }
    }

    /// Whether a file may be so large, where it used to be so large.
    fn check(&self, bytes: u64, usual: u64) -> anyhow::Result<()> {
        if bytes > self.most {
            bail!("it is larger than {} bytes: see --most", self.most);
        }
        if usual > 0 && bytes > LARGE.max(usual.saturating_mul(GROWTH)) {
            bail!(
                "it is more than {GROWTH} times the {usual} bytes that it was: if that is right, \
                 remove the old file and fetch again"
            );
        }
        Ok(())
    }

    /// The file that grows until it is whole.
    fn part(&self, to: &str) -> anyhow::Result<Part> {
        let directory = self.directory.join(DIRECTORY);
        let name = hex::encode(
            blake3::hash(to.as_bytes())
                .as_bytes()
                .get(..16)
                .unwrap_or(&[]),
        );
        let path = directory.join(format!("{name}.part"));
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        Ok(Part {
            file: file.with_context(|| opened(&path))?,
            tag: directory.join(format!("{name}.tag")),
            path,
        })
    }
}

fn opened(path: &Path) -> String {
    format!("cannot open {}", path.display())
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// There is no such file at its place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Missing(String);

/// Something that may be better in a moment.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Passing(String);

impl Passing {
    fn of(error: reqwest::Error) -> Passing {
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            words = format!("{words}: {inner}");
            cause = inner.source();
        }
        Passing(words)
    }
}

/// A file that is not whole yet, and of which state of the publisher's it is a part.
struct Part {
    file: File,
    path: PathBuf,
    tag: PathBuf,
}

impl Part {
    fn length(&self) -> anyhow::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// How much is there, and of what; nothing where that is not known.
    fn begun(&mut self) -> anyhow::Result<Option<(u64, String)>> {
        let length = self.length()?;
        let tag = fs::read_to_string(&self.tag).unwrap_or_default();
        match length > 0 && !tag.is_empty() {
            true => Ok(Some((length, tag))),
            false => {
                self.file.set_len(0)?;
                Ok(None)
            }
        }
    }

    /// Notes of what the rest will be a part. A weak tag says nothing about bytes.
    fn begin(&self, etag: &str, last_modified: &str) -> anyhow::Result<()> {
        let tag = if etag.starts_with('"') {
            etag
        } else {
            last_modified
        };
        fs::write(&self.tag, tag).with_context(|| opened(&self.tag))
    }

    /// Puts it in place.
    fn place(self, target: &Path) -> anyhow::Result<()> {
        self.file.sync_all()?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        drop(fs::remove_file(&self.tag));
        fs::rename(&self.path, target)
            .with_context(|| format!("cannot put {} in place", target.display()))
    }
}
