//! `lazaret scan`: the same walk as in the server, without one.

use advisory::AgeLimits;
use anyhow::Context;
use image::{Limits, Source};
use jiff::Timestamp;
use model::Scan;

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
    let rules = policy::Rules {
        fail_on: flags.fail_on,
        require_complete: flags.require_complete,
    };
    let verdict = policy::decide(&findings, &coverage, &rules);
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
    Ok(verdict.exit_code())
}
