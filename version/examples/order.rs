//! Orders pairs of versions: `order SCHEME`, with a pair in each line of standard input, a tab
//! between the two. Answers `<`, `=`, `>` or `?` for each. `scripts/version-tables` compares the
//! answers with those of the ecosystem's own tool.

use std::cmp::Ordering;
use std::io::{BufRead, BufWriter, Write};

use version::{Scheme, compare};

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let scheme = Scheme::from_name(&name)
        .ok_or_else(|| std::io::Error::other(format!("'{name}' is no scheme")))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (a, b) = line.split_once('\t').unwrap_or((&line, ""));
        let answer = match compare(scheme, a, b) {
            Ok(Ordering::Less) => '<',
            Ok(Ordering::Equal) => '=',
            Ok(Ordering::Greater) => '>',
            Err(_) => '?',
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}
