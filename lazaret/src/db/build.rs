//! `lazaret db build`: a directory of feeds to one database file, put in place in one step.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use advisory::feed::{self, Feed};
use advisory::{Builder, FeedFile, UnknownSource};
use anyhow::{Context, bail};
use model::{Problem, ProblemKind};
use tempfile::NamedTempFile;

use crate::cli;
use crate::mirror::{self, Member, Visitor};

/// Runs the command.
///
/// # Errors
///
/// Where the mirror or a source cannot be read, or the file cannot be written: nothing is left
/// behind then, and a database of that name stays as it was.
pub fn run(flags: &cli::Build) -> anyhow::Result<u8> {
    let mut builder = Builder::new(advisory::Limits::default());
    let sources = mirror::sources(&flags.from)?;
    let mut known = 0;
    for (name, path) in &sources {
        let Some(feed) = feed::for_source(name) else {
            eprintln!("lazaret: no feed knows the directory '{name}'; it is passed over");
            continue;
        };
        known += 1;
        eprintln!("lazaret: reading {name}");
        read_source(&mut builder, feed, name, path, flags.skip_broken)?;
    }
    if known == 0 {
        bail!(
            "{} holds no source that is known here; docs/feeds.md names them",
            flags.from.display()
        );
    }
    let bytes = builder.finish();
    write(&flags.out, &bytes)?;
    eprintln!(
        "lazaret: wrote {} ({} bytes)",
        flags.out.display(),
        bytes.len()
    );
    Ok(0)
}

/// Reads one source. One of which nothing can be read ends the build, unless `--skip-broken`.
fn read_source(
    builder: &mut Builder,
    feed: &'static Feed,
    name: &str,
    path: &Path,
    skip_broken: bool,
) -> anyhow::Result<()> {
    builder.add_source(name)?;
    let mut taker = Taker {
        builder,
        feed,
        source: name,
        taken: 0,
        unknown: None,
    };
    let read = mirror::read(path, &mirror::Limits::default(), &mut taker);
    if let Some(unknown) = taker.unknown {
        return Err(unknown.into());
    }
    let reason = match (read, taker.taken) {
        (Err(error), _) => Some(format!("{error:#}")),
        (Ok(()), 0) => Some("it holds no file that its feed reads".to_owned()),
        (Ok(()), _) => {
            let broken = builder
                .broken_sources()
                .into_iter()
                .find(|(broken, _)| broken == name);
            broken.map(|(_, reason)| reason)
        }
    };
    let Some(reason) = reason else { return Ok(()) };
    if !skip_broken {
        bail!(
            "the source '{name}' cannot be read: {reason}. Nothing was written. Mend it, take it \
             away, or go on without it by --skip-broken"
        );
    }
    eprintln!("lazaret: the source '{name}' is broken: {reason}");
    Ok(builder.mark_broken(name, &reason)?)
}

struct Taker<'a> {
    builder: &'a mut Builder,
    feed: &'static Feed,
    source: &'a str,
    taken: u64,
    /// Cannot happen for a source that a feed recognised; kept rather than swallowed.
    unknown: Option<UnknownSource>,
}

impl Visitor for Taker<'_> {
    fn wants(&self, path: &str) -> bool {
        (self.feed.wants)(self.source, path)
    }

    fn take(&mut self, member: Member<'_>) {
        self.taken += 1;
        let added = self.builder.add_file(&FeedFile {
            source: self.source,
            archive: member.archive,
            path: member.path,
            modified: member.modified,
            bytes: member.bytes,
        });
        self.unknown = self.unknown.take().or(added.err());
    }

    fn broken(&mut self, path: &str, error: &anyhow::Error) {
        let problem = Problem::new(ProblemKind::Malformed, path, format!("{error:#}"));
        let added = self.builder.add_source_problem(self.source, problem);
        self.unknown = self.unknown.take().or(added.err());
    }
}

/// Writes beside the target, syncs, renames: a reader sees the old file or the new one, whole.
///
/// # Errors
///
/// Where the directory cannot be written to.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = || format!("cannot write {}", path.display());
    let mut file = NamedTempFile::with_prefix_in(".lazaret-db-", directory).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    make_readable(file.as_file()).with_context(failed)?;
    file.persist(path)
        .map_err(|error| error.error)
        .with_context(failed)?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .with_context(failed)
}

/// Temporary files are made for their owner alone; a database is no secret.
fn make_readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}
