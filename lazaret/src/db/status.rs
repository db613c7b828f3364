//! `lazaret db status`: per source how many advisories, of which date, with which problems.

use std::io::Write;

use model::{DatabaseFacts, SourceFacts};
use serde::Serialize;

use crate::{cli, database, output};

/// Problems of one source that the table names; JSON names all.
const SHOWN: usize = 5;

/// Runs the command.
///
/// # Errors
///
/// Where the database cannot be opened or the answer cannot be written.
pub fn run(flags: &cli::Status) -> anyhow::Result<u8> {
    let facts = database::open_required(flags.db.as_deref())?.facts();
    let mut out = output::open(None)?;
    match flags.format {
        cli::ListFormat::Table => table(&facts, &mut out)?,
        cli::ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &View::of(&facts))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(0)
}

#[derive(Serialize)]
struct View<'a> {
    revision: &'a str,
    built: Option<String>,
    sources: Vec<SourceView<'a>>,
}

#[derive(Serialize)]
struct SourceView<'a> {
    name: &'a str,
    advisories: u64,
    date: Option<String>,
    problems: Vec<String>,
}

impl<'a> View<'a> {
    fn of(facts: &'a DatabaseFacts) -> View<'a> {
        let source = |source: &'a SourceFacts| SourceView {
            name: &source.name,
            advisories: source.advisories,
            date: source.date.map(|date| date.to_string()),
            problems: source.problems.iter().map(ToString::to_string).collect(),
        };
        View {
            revision: &facts.revision,
            built: facts.built.map(|built| built.to_string()),
            sources: facts.sources.iter().map(source).collect(),
        }
    }
}

fn table(facts: &DatabaseFacts, out: &mut dyn Write) -> std::io::Result<()> {
    let date = |time: Option<jiff::Timestamp>| {
        time.map_or("undated".to_owned(), |time| {
            time.strftime("%Y-%m-%d").to_string()
        })
    };
    writeln!(out, "Revision  {}", facts.revision)?;
    writeln!(
        out,
        "Built     {} (the newest date in its input)\n",
        date(facts.built)
    )?;
    let names = facts
        .sources
        .iter()
        .map(|source| source.name.chars().count());
    let width = names.max().unwrap_or(0).max("Source".len());
    writeln!(
        out,
        "{:width$}  {:>10}  {:10}  Problems",
        "Source", "Advisories", "Date"
    )?;
    for source in &facts.sources {
        let (advisories, problems) = (source.advisories, source.problems.len());
        writeln!(
            out,
            "{:width$}  {advisories:>10}  {:10}  {problems}",
            source.name,
            date(source.date)
        )?;
    }
    for source in facts
        .sources
        .iter()
        .filter(|source| !source.problems.is_empty())
    {
        writeln!(out, "\n{}:", source.name)?;
        for problem in source.problems.iter().take(SHOWN) {
            writeln!(out, "  {}", report::text::plain(&problem.to_string()))?;
        }
        if let Some(more) = source
            .problems
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            writeln!(out, "  and {more} more: see --format json")?;
        }
    }
    Ok(())
}
