//! Orders pairs of versions by Cargo's crate `semver`, without build metadata.
use std::io::BufRead;

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (a, b) = line.split_once('\t').unwrap_or((&line, ""));
        let read = semver::Version::parse;
        match (read(a), read(b)) {
            (Ok(a), Ok(b)) => println!("{}", ["<", "=", ">"][(a.cmp_precedence(&b) as i8 + 1) as usize]),
            _ => println!("?"),
        }
    }
}
