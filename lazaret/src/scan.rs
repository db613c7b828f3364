//! `lazaret scan`: the same walk as in the server, without one.

use advisory::AgeLimits;
use anyhow::Context;
use image::{Limits, Source};
use jiff::Timestamp;
use model::{Coverage, Finding, Inventory, Scan};
use policy::{Facts, State, Subject, Verdict};

use crate::{cli, database, output};

/// Runs the command; the exit code is the policy's.
///
/// # Errors
///
/// Where the scan could not be done.
pub fn run(flags: &cli::Scan) -> anyhow::Result<u8> {
    let database = database::open_required(flags.db.as_deref())?;
    let limits = Limits::default();
    let source = Source::open(&flags.target, flags.platform.as_deref(), &limits)?;
    let inventory = catalog::catalogue_source(&source, &limits)?;
    let now = flags.now.unwrap_or_else(Timestamp::now);
    let ages = AgeLimits::days(flags.max_feed_age);
    let (findings, coverage) = advisory::findings(&inventory, &database, now, &ages);
    let verdict = verdict(flags, &findings, &coverage, &inventory, now);
    let scan = Scan {
        target: source.target(),
        database: database.facts(),
        coverage,
        inventory,
        findings,
    };
    let path = flags.output.as_deref();
    let options = output::options(now, path);
    let mut out = output::open(path)?;
    let written = (flags.format.write)(&scan, &options, &mut out).and_then(|()| out.flush());
    written.context("cannot write the answer")?;
    for reason in &verdict.reasons {
        eprintln!("lazaret: {}", report::text::plain(&reason.to_string()));
    }
    Ok(policy::command::exit_code(&verdict))
}

/// What the options that ask something make of the scan.
fn verdict(
    flags: &cli::Scan,
    findings: &[Finding],
    coverage: &Coverage,
    inventory: &Inventory,
    now: Timestamp,
) -> Verdict {
    let options = policy::command::Options {
        fail_on: flags.fail_on,
        require_complete: flags.require_complete,
    };
    let facts = Facts {
        subject: Subject::default(),
        state: State::Done,
        findings,
        exploitation: &[],
        coverage,
        inventory,
        database: None,
        unknown: &[],
        signed: None,
    };
    policy::decide(&facts, &options.rulebook(), now)
}
