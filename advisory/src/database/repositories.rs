//! Which products package repositories serve, as text: a line per repository, sorted, its
//! identifier and its products (CPEs) with blanks between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How the section is called in messages.
pub const PART: &str = "the section of repositories";

/// The bytes of the section; none where no repository is known.
pub fn section(known: &BTreeMap<String, BTreeSet<String>>) -> Vec<u8> {
    let mut out = String::new();
    for (repository, products) in known {
        out.push_str(repository);
        for product in products {
            out.push(' ');
            out.push_str(product);
        }
        out.push('\n');
    }
    out.into_bytes()
}

/// The products of each repository.
pub fn read(section: &[u8]) -> HashMap<String, Vec<String>> {
    let text = std::str::from_utf8(section).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let products = |text: &str| {
        let products = text.split(' ').filter(|product| !product.is_empty());
        products.map(str::to_owned).collect()
    };
    lines
        .map(|(name, text)| (name.to_owned(), products(text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found() {
        let known = [
            (
                "rhel-9-baseos",
                vec!["cpe:/o:redhat:enterprise_linux:9::baseos"],
            ),
            ("rhel-9-baseos-eus", vec!["cpe:/o:b", "cpe:/o:a"]),
            ("rhel-9-none", vec![]),
        ];
        let known = known.map(|(name, products)| {
            (
                name.to_owned(),
                products.into_iter().map(str::to_owned).collect(),
            )
        });
        let section = section(&known.into());
        let found = read(&section);
        assert_eq!(found["rhel-9-baseos-eus"], ["cpe:/o:a", "cpe:/o:b"]);
        assert_eq!(found["rhel-9-baseos"].len(), 1);
        assert!(!found.contains_key("rhel-9"));
        assert!(read(b"\xff").is_empty());
    }
}
