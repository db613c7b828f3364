//! `lazaret explain`: why a weakness is reported of an image, or why it is not.

use std::io::{self, Write};

use advisory::explain::{Explanation, PackageAnswer, StatementAnswer};
use anyhow::Context;
use image::Limits;
use model::Location;
use report::text::{plain, wrap};

use crate::cli::{self, ListFormat};
use crate::{database, output};

/// The columns that a text is broken to.
const WIDTH: usize = 80;

/// Runs the command.
///
/// # Errors
///
/// Where target or database cannot be read, or the answer cannot be written.
pub fn run(flags: &cli::Explain) -> anyhow::Result<u8> {
    let database = database::open_required(flags.db.as_deref())?;
    let limits = Limits::default();
    let source = flags.image.open(&limits)?;
    let inventory = catalog::catalogue_source(&source, &limits)?;
    let explanation = advisory::explain::explain(&inventory, &database, &flags.id)?;
    let mut out = output::open(flags.output.as_deref())?;
    let written = match flags.format {
        ListFormat::Json => serde_json::to_writer_pretty(&mut out, &explanation)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
        ListFormat::Table => text(&explanation, &mut out),
    };
    written
        .and_then(|()| out.flush())
        .context("cannot write the answer")?;
    Ok(0)
}

/// The explanation for people.
fn text(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let id = plain(&explanation.id);
    let reported = explanation
        .packages
        .iter()
        .filter(|one| one.reported.is_some());
    match reported.count() {
        0 => writeln!(out, "{id} is not reported.")?,
        1 => writeln!(out, "{id} is reported of one package.")?,
        count => writeln!(out, "{id} is reported of {count} packages.")?,
    }
    for answer in &explanation.packages {
        package(answer, out)?;
    }
    if explanation.packages.is_empty() {
        absent(explanation, out)?;
    }
    Ok(())
}

fn package(answer: &PackageAnswer, out: &mut dyn Write) -> io::Result<()> {
    let package = &answer.package;
    writeln!(
        out,
        "\n{} {} ({})",
        plain(&package.name),
        plain(&package.version),
        package.kind
    )?;
    for location in answer.locations.iter().take(5) {
        field(out, "at", &place(location))?;
    }
    if answer.locations.len() > 5 {
        field(
            out,
            "",
            &format!("and {} more places", answer.locations.len() - 5),
        )?;
    }
    if !answer.command.is_empty() {
        field(out, "made by", &answer.command)?;
    }
    for key in &answer.keys {
        let asked = format!(
            "{} {} {}, ordered by the rule {}",
            key.ecosystem, key.name, key.version, key.scheme
        );
        field(out, "asked", &asked)?;
    }
    for said in &answer.statements {
        statement(said, out)?;
    }
    field(out, "so", &conclusion(answer))
}

fn place(location: &Location) -> String {
    match &location.layer {
        Some(layer) => format!("{} (layer {layer})", location.path),
        None => location.path.clone(),
    }
}

fn conclusion(answer: &PackageAnswer) -> String {
    if let Some(reason) = &answer.unasked {
        return format!("not reported: {reason}");
    }
    if let Some(reported) = &answer.reported {
        let fix = match reported.fixed_in.as_slice() {
            [] => "no version with a fix is named".to_owned(),
            versions => format!("fixed in {}", versions.join(", ")),
        };
        return format!(
            "reported as {}, {}, {}; {fix}; decided by {}",
            reported.id, reported.severity, reported.status, reported.decided_by
        );
    }
    match &answer.undecided {
        Some(reason) => format!("a gap: {reason}"),
        None => "not reported: nothing that is heard says that this version is affected".to_owned(),
    }
}

fn statement(said: &StatementAnswer, out: &mut dyn Write) -> io::Result<()> {
    let word = match said.dismissed {
        None => "heard",
        Some(_) => "unheard",
    };
    let scope = match said.scope.as_str() {
        "" => String::new(),
        scope => format!(" ({scope})"),
    };
    let (ecosystem, name) = &said.key;
    let head = format!(
        "{} of {}: {ecosystem} {name}{scope} is {}",
        said.record, said.source, said.says
    );
    field(out, word, &head)?;
    for comparison in &said.comparisons {
        field(out, "", comparison)?;
    }
    match &said.dismissed {
        Some(reason) => field(out, "", &format!("not heard: {reason}"))?,
        None => field(out, "", &format!("so this version is {}", said.means))?,
    }
    match said.url.as_str() {
        "" => Ok(()),
        url => field(out, "", url),
    }
}

/// Nothing in the image is what the records speak of.
fn absent(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let id = &explanation.id;
    if !explanation.withdrawn.is_empty() {
        let sources = explanation.withdrawn.join(", ");
        field(out, "so", &format!("its record was withdrawn by {sources}"))?;
    }
    if explanation.sources.is_empty() {
        let text = format!(
            "no source of the database has a record of {id}: it may be newer than the database, or \
             of a feed that is not in it (`lazaret db status` names the sources)"
        );
        return field(out, "so", &text);
    }
    let sources = explanation.sources.join(", ");
    let text = format!("its records, of {sources}, speak of no package of the image");
    field(out, "so", &text)?;
    if let [first, ..] = explanation.namesakes.as_slice() {
        let names = explanation.namesakes.join(", ");
        let release = explanation.release.as_deref().unwrap_or("its release");
        let text = format!("{names}: in the image, but no record speaks of {first} in {release}");
        field(out, "but", &text)?;
    }
    for (ecosystem, name) in &explanation.elsewhere {
        field(out, "about", &format!("{ecosystem} {name}"))?;
    }
    let more = explanation.elsewhere_total - explanation.elsewhere.len();
    if more > 0 {
        field(out, "", &format!("and {more} more"))?;
    }
    Ok(())
}

/// A line with its name in front, broken to the width.
fn field(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    const INDENT: usize = 11;
    let mut first = true;
    for line in wrap(&plain(text), WIDTH - INDENT) {
        let name = if first { name } else { "" };
        writeln!(out, "  {name:<9}{line}")?;
        first = false;
    }
    Ok(())
}
