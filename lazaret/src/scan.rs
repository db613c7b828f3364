//! `lazaret scan`: the same walk as in the server, without one.

use advisory::AgeLimits;
use anyhow::Context;
use image::Limits;
use jiff::Timestamp;
use model::Scan;
use policy::{Facts, Parted, Rulebook, State, Subject};

use crate::{cli, database, output};

mod names;
mod rules;

use names::Names;
use rules::tell;

/// Runs the command; the exit code is the policy's.
///
/// # Errors
///
/// Where the scan could not be done.
pub fn run(flags: &cli::Scan) -> anyhow::Result<u8> {
    let database = database::open_required(flags.db.as_deref())?;
    let limits = Limits::default();
    let source = flags.image.open(&limits)?;
    let (rules, attached) = rules::of(flags, &source)?;
    let rulebook = Rulebook {
        policies: options(flags).rulebook().policies,
        ..rules
    };
    let inventory = catalog::catalogue_source(&source, &limits)?;
    let now = flags.now.unwrap_or_else(Timestamp::now);
    let ages = AgeLimits::days(flags.max_feed_age);
    let (findings, coverage) = advisory::findings(&inventory, &database, now, &ages);
    let names = Names::of(&source);
    let facts = Facts {
        subject: Subject {
            tags: &names.tags,
            digests: &names.digests,
            images: &names.images,
            architecture: names.architecture.as_deref(),
            ..Subject::default()
        },
        state: State::Done,
        findings: &findings,
        attached: Some(&attached),
        exploitation: &[],
        coverage: &coverage,
        inventory: &inventory,
        database: None,
        unknown: &[],
        signed: None,
    };
    let verdict = policy::decide(&facts, &rulebook, now);
    let Parted {
        open,
        suppressed,
        stated,
    } = policy::part(&facts, &rulebook, now);
    for note in rulebook.ignores.idle(&findings, now) {
        tell(&note);
    }
    let scan = Scan {
        target: source.target(),
        database: database.facts(),
        coverage,
        inventory,
        findings: open,
        suppressed,
        stated,
    };
    write(flags, &scan, now)?;
    for reason in &verdict.reasons {
        tell(&reason.to_string());
    }
    Ok(policy::command::exit_code(&verdict))
}

/// What the options ask.
fn options(flags: &cli::Scan) -> policy::command::Options {
    policy::command::Options {
        fail_on: flags.fail_on,
        require_complete: flags.require_complete,
    }
}

fn write(flags: &cli::Scan, scan: &Scan, now: Timestamp) -> anyhow::Result<()> {
    let path = flags.output.as_deref();
    let options = output::options(now, path);
    let mut out = output::open(path)?;
    let written = (flags.format.write)(scan, &options, &mut out).and_then(|()| out.flush());
    written.context("cannot write the answer")
}
