//! `lazaret packages`: what is in an image, for which no database is needed.

use anyhow::Context;
use image::Limits;
use jiff::Timestamp;

use crate::cli::{self, ListFormat};
use crate::output;

/// Runs the command.
///
/// # Errors
///
/// Where the target could not be read. What is wrong inside it is in the answer.
pub fn run(flags: &cli::Packages) -> anyhow::Result<u8> {
    let limits = Limits::default();
    let source = flags.image.open(&limits)?;
    let inventory = catalog::catalogue_source(&source, &limits)?;
    let path = flags.output.as_deref();
    let mut out = output::open(path)?;
    let written = match flags.format {
        ListFormat::Json => report::packages::json(&source.target(), &inventory, &mut out),
        ListFormat::Table => {
            let options = output::options(Timestamp::now(), path);
            report::packages::table(&inventory, &options, &mut out)
        }
    };
    written
        .and_then(|()| out.flush())
        .context("cannot write the answer")?;
    Ok(0)
}
