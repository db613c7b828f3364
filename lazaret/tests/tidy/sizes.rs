//! Sizes as a ratchet: nothing crosses the line, and the figures can be read
//! (`cargo test -p lazaret --test tidy -- --nocapture figures`).

use crate::sources::{Source, sources};

/// Lines of production code in one file.
const FILE: usize = 500;
/// Lines of one function.
const FUNCTION: usize = 70;
/// Columns of one line.
const WIDTH: usize = 100;

struct Function {
    place: String,
    lines: usize,
}

/// Functions as rustfmt lays them out: from the line with `fn` to the closing brace at its depth.
fn functions(source: &Source) -> Vec<Function> {
    let lines = &source.production;
    let mut found = Vec::new();
    for (begin, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let head = code.split('(').next().unwrap_or_default();
        let is_function = head.split_whitespace().any(|word| word == "fn")
            && !code.starts_with("//")
            && !code.contains('"');
        if !is_function {
            continue;
        }
        let indent = line.len() - code.len();
        let close = format!("{}}}", " ".repeat(indent));
        let one_line = code.ends_with('}') || code.ends_with(';');
        let end = match one_line {
            true => Some(0),
            false => lines[begin..]
                .iter()
                .position(|line| *line == close || ends_here(line, indent)),
        };
        if let Some(end) = end {
            found.push(Function {
                place: format!("{}:{}", source.path, begin + 1),
                lines: end + 1,
            });
        }
    }
    found
}

/// The end of a signature without a body, in a trait.
fn ends_here(line: &str, indent: usize) -> bool {
    let code = line.trim_start();
    line.len() - code.len() == indent && (code.ends_with(';') && code.starts_with([')', '-', 'w']))
}

#[test]
fn files_and_functions_stay_small() {
    let mut over = Vec::new();
    for source in sources() {
        if source.production.len() > FILE {
            over.push(format!(
                "{}: {} lines, {FILE} allowed",
                source.path,
                source.production.len()
            ));
        }
        for function in functions(&source)
            .iter()
            .filter(|function| function.lines > FUNCTION)
        {
            over.push(format!(
                "{}: {} lines, {FUNCTION} allowed",
                function.place, function.lines
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

#[test]
fn lines_fit_the_width() {
    let mut over = Vec::new();
    for source in sources() {
        for (number, line) in source.production.iter().enumerate() {
            // A line that is one long string cannot be broken by the formatter.
            if line.chars().count() > WIDTH && !line.contains('"') && !line.contains("http") {
                over.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert!(over.is_empty(), "wider than {WIDTH}:\n{}", over.join("\n"));
}

#[test]
fn figures() {
    let sources = sources();
    let mut files: Vec<usize> = sources
        .iter()
        .map(|source| source.production.len())
        .filter(|lines| *lines > 0)
        .collect();
    let mut lengths: Vec<usize> = sources
        .iter()
        .flat_map(functions)
        .map(|function| function.lines)
        .collect();
    files.sort_unstable();
    lengths.sort_unstable();
    let production: usize = files.iter().sum();
    let all: usize = sources.iter().map(|source| source.all.len()).sum();
    let at = |values: &[usize], percent: usize| values[(values.len() - 1) * percent / 100];
    println!(
        "files: {}, production lines: {production}, all lines: {all}",
        files.len()
    );
    println!("tests: {} % of lines", 100 * (all - production) / all);
    println!(
        "file: median {}, p90 {}, max {}",
        at(&files, 50),
        at(&files, 90),
        at(&files, 100)
    );
    println!(
        "function: median {}, p90 {}, max {}",
        at(&lengths, 50),
        at(&lengths, 90),
        at(&lengths, 100)
    );
    assert!(!lengths.is_empty());
}
