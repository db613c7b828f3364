//! What takes findings out of account: VEX documents of files and of the target itself, and the
//! ignore rules of `lazaret.toml`. What is used is named on standard error.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use image::Source;
use model::Problem;
use policy::vex::{Document, is_media_type};
use policy::{Ignores, Limits, Rulebook, Vex};

use crate::cli;

/// The file that is used where none is named.
const CONFIG: &str = "lazaret.toml";

/// Bounds for what whoever scans names: publishers write documents of many megabytes.
fn limits() -> Limits {
    Limits {
        bytes: 64 * 1024 * 1024,
        statements: 100_000,
        products: 100_000,
        ..Limits::default()
    }
}

/// Everything that findings are judged by, beside the options that ask something: and apart from
/// it what is attached to the image, which counts behind it.
///
/// # Errors
///
/// Where a file that was named cannot be read, or a rule is wrong.
pub fn of(flags: &cli::Scan, source: &Source) -> anyhow::Result<(Rulebook, Vex)> {
    let mut documents = Vec::new();
    for path in &flags.vex {
        documents.push(of_file(path)?);
    }
    let attached = match flags.no_attached_vex {
        true => Vec::new(),
        false => attached(source),
    };
    let rulebook = Rulebook {
        vex: Vex::new(documents),
        ignores: ignores(flags.config.as_deref())?,
        ..Rulebook::default()
    };
    Ok((rulebook, Vex::new(attached)))
}

/// Says something to whoever waits for the answer.
pub fn tell(text: &str) {
    eprintln!("lazaret: {}", report::text::plain(text));
}

fn tell_problems(of: &str, problems: &[Problem]) {
    for problem in problems {
        tell(&format!("{of}: {}: {}", problem.place, problem.detail));
    }
}

fn of_file(path: &Path) -> anyhow::Result<Document> {
    let shown = path.display().to_string();
    let text = read(path).with_context(|| format!("cannot read the VEX document {shown}"))?;
    let (document, problems) = Document::read(&text, &limits());
    tell_problems(&shown, &problems);
    let Some(document) = document else {
        bail!("{shown} is no VEX document that can be read");
    };
    if document.statements.is_empty() {
        tell(&format!("{shown}: the document makes no statement"));
    }
    Ok(document.found_in(&shown))
}

/// The documents that are attached to the image. What cannot be read of them is told and
/// suppresses nothing.
fn attached(source: &Source) -> Vec<Document> {
    let (known, limits) = (source.known_as(), limits());
    tell_problems("what is attached to the image", &known.problems);
    let mut documents = Vec::new();
    for artifact in &known.attached {
        let place = format!("attached {}", artifact.digest);
        let is_vex = is_media_type(&artifact.artifact_type);
        let files = artifact.files.iter();
        for file in files.filter(|file| is_vex || is_media_type(&file.media_type)) {
            let read = file.read(limits.bytes as u64);
            let text = read.and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| "expected a text in UTF-8".to_owned())
            });
            match text {
                Ok(text) => {
                    let (document, problems) = Document::read_if_any(&text, &limits);
                    tell_problems(&place, &problems);
                    let says = document.filter(|one| !one.statements.is_empty());
                    documents.extend(says.map(|one| one.found_in(&place)));
                }
                Err(why) => tell(&format!("{place}: {why}")),
            }
        }
    }
    if !documents.is_empty() {
        let count = documents.len();
        tell(&format!(
            "VEX documents that are attached to the image are heard: {count}; \
             --no-attached-vex leaves them out"
        ));
    }
    documents
}

/// The rules of the file that is named, or of the one in the directory in use.
fn ignores(named: Option<&Path>) -> anyhow::Result<Ignores> {
    let usual = PathBuf::from(CONFIG);
    let path = match named {
        Some(path) => path,
        None if usual.is_file() => &usual,
        None => return Ok(Ignores::default()),
    };
    let shown = path.display().to_string();
    let text = read(path).with_context(|| format!("cannot read {shown}"))?;
    match Ignores::read(&text, &shown, &limits()) {
        Ok(ignores) => {
            tell(&format!("{shown} is used; ignore rules: {}", ignores.len()));
            Ok(ignores)
        }
        Err(problems) => {
            let each = problems.iter();
            let lines = each.map(|one| format!("{}: {}", one.place, one.detail));
            let lines: Vec<String> = lines.collect();
            bail!("{}", report::text::plain(&lines.join("; ")))
        }
    }
}

/// A file's text, as far as one byte past the limit, which the readers refuse.
fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let most = limits().bytes as u64;
    File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    Ok(text)
}
