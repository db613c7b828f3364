//! `lazaret db build`: a directory of feeds to one database file, put in place in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;

use advisory::canary::{self, Tolerance};
use advisory::feed::{self, Feed};
use advisory::{Builder, Database, FeedFile, UnknownSource};
use anyhow::{Context, bail};
use model::{Problem, ProblemKind};
use tempfile::NamedTempFile;

use crate::cli::update::Canary;
use crate::mirror::{self, Member, Visitor};
use crate::{cli, database};

/// What is built, from what.
pub struct Order<'a> {
    /// The directory of feeds.
    pub from: &'a Path,
    /// The file to write.
    pub out: &'a Path,
    /// Whether sources that cannot be read at all are gone on without.
    pub skip_broken: bool,
    /// How much may be lost.
    pub canary: &'a Canary,
    /// Sources that could not be fetched, and why.
    pub failed: &'a BTreeMap<String, String>,
}

/// Runs the command.
///
/// # Errors
///
/// Where the mirror or a source cannot be read, the file cannot be written, or too much is lost:
/// nothing is left behind then, and a database of that name stays as it was.
pub fn run(flags: &cli::Build) -> anyhow::Result<u8> {
    build(&Order {
        from: &flags.from,
        out: &flags.out,
        skip_broken: flags.skip_broken,
        canary: &flags.canary,
        failed: &BTreeMap::new(),
    })?;
    Ok(0)
}

/// Makes a database.
///
/// # Errors
///
/// See [`run`].
pub fn build(order: &Order<'_>) -> anyhow::Result<()> {
    let before = database::open(order.out).ok();
    let mut work = Work {
        order,
        builder: Builder::new(advisory::Limits::default()),
        before: before.as_ref(),
        seen: BTreeSet::new(),
    };
    let sources = mirror::sources(order.from)?;
    for (name, path) in &sources {
        let Some(feed) = feed::for_source(name) else {
            eprintln!("lazaret: no feed knows the directory '{name}'; it is passed over");
            continue;
        };
        eprintln!("lazaret: reading {name}");
        work.source(feed, name, path)?;
    }
    if work.seen.is_empty() {
        bail!(
            "{} holds no source that is known here; docs/feeds.md names them",
            order.from.display()
        );
    }
    work.unfetched()?;
    let after = Database::open(work.builder.finish()).context("the new database")?;
    if let Some(before) = &before {
        check(before, &after, order.canary)?;
    }
    replace(order.out, after.bytes())?;
    let out = order.out.display();
    eprintln!("lazaret: wrote {out} ({} bytes)", after.bytes().len());
    Ok(())
}

/// Refuses a database that has lost too much.
fn check(before: &Database, after: &Database, canary: &Canary) -> anyhow::Result<()> {
    let tolerance = Tolerance {
        records: canary.canary,
        findings: canary.canary,
        ..Tolerance::default()
    };
    let losses = canary::losses(before, after, tolerance);
    for loss in &losses {
        eprintln!("lazaret: lost: {loss}");
    }
    if losses.is_empty() || canary.accept_losses {
        return Ok(());
    }
    bail!(
        "the new database has lost more than {} percent of what the one before knew (the lines \
         above). Nothing was written. Mend or fetch the sources again, or take it by \
         --accept-losses",
        canary.canary
    )
}

struct Work<'a> {
    order: &'a Order<'a>,
    builder: Builder,
    before: Option<&'a Database>,
    seen: BTreeSet<String>,
}

impl Work<'_> {
    /// Reads one source. One of which nothing can be read ends the build, unless `--skip-broken`;
    /// then it stays as the database before has it.
    fn source(&mut self, feed: &'static Feed, name: &str, path: &Path) -> anyhow::Result<()> {
        self.seen.insert(name.to_owned());
        self.builder.add_source(name)?;
        if let Some(why) = self.order.failed.get(name) {
            let note = format!("not everything could be fetched again, so it is older: {why}");
            self.builder.add_note(name, note)?;
        }
        let Some(reason) = self.read(feed, name, path)? else {
            return Ok(());
        };
        if !self.order.skip_broken {
            bail!(
                "the source '{name}' cannot be read: {reason}. Nothing was written. Mend it, take \
                 it away, or go on without it by --skip-broken"
            );
        }
        eprintln!("lazaret: the source '{name}' is broken: {reason}");
        if self.keep(name, &reason)? {
            eprintln!("lazaret: the source '{name}' stays as the database before has it");
            return Ok(());
        }
        Ok(self.builder.mark_broken(name, &reason)?)
    }

    fn keep(&mut self, name: &str, reason: &str) -> anyhow::Result<bool> {
        match self.before {
            Some(before) => Ok(self.builder.keep(before, name, reason)?),
            None => Ok(false),
        }
    }

    /// Why nothing can be read of a source, where that is so.
    fn read(
        &mut self,
        feed: &'static Feed,
        name: &str,
        path: &Path,
    ) -> anyhow::Result<Option<String>> {
        let mut taker = Taker {
            builder: &mut self.builder,
            feed,
            source: name,
            taken: 0,
            replaced: mirror::replaced(path)?,
            unknown: None,
        };
        let read = mirror::read(path, &mirror::Limits::default(), &mut taker);
        let taken = taker.taken;
        if let Some(unknown) = taker.unknown {
            return Err(unknown.into());
        }
        Ok(match (read, taken) {
            (Err(error), _) => Some(format!("{error:#}")),
            (Ok(()), 0) => Some("it holds no file that its feed reads".to_owned()),
            (Ok(()), _) => {
                let broken = self.builder.broken_sources().into_iter();
                let mut broken = broken.filter(|(broken, _)| broken == name);
                broken.next().map(|(_, reason)| reason)
            }
        })
    }

    /// Sources that were never fetched are named in the database, or stay as they were.
    fn unfetched(&mut self) -> anyhow::Result<()> {
        for (name, why) in self.order.failed {
            if !self.seen.contains(name) && !self.keep(name, why)? {
                self.builder.mark_broken(name, why)?;
            }
        }
        Ok(())
    }
}

struct Taker<'a> {
    builder: &'a mut Builder,
    feed: &'static Feed,
    source: &'a str,
    taken: u64,
    /// Names of documents that newer files stand for.
    replaced: BTreeSet<String>,
    /// Cannot happen for a source that a feed recognised; kept rather than swallowed.
    unknown: Option<UnknownSource>,
}

impl Visitor for Taker<'_> {
    fn wants(&self, path: &str) -> bool {
        (self.feed.wants)(self.source, path)
    }

    fn take(&mut self, member: Member<'_>) {
        let name = member.path.rsplit('/').next().unwrap_or_default();
        self.taken += 1;
        if member.archive.is_some() && self.replaced.contains(name) {
            return;
        }
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

/// Puts a database in place, and keeps the one before beside it, for whoever finds this one
/// damaged.
///
/// # Errors
///
/// Where the directory cannot be written to.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let before = database::previous(path);
    if path.exists() {
        // The name may be there from the last time; a link is never made over it.
        drop(std::fs::remove_file(&before));
        std::fs::hard_link(path, &before)
            .with_context(|| format!("cannot keep the database before as {}", before.display()))?;
    }
    write(path, bytes)
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
