//! Which products a record speaks of, in the Common Platform Enumeration 2.3 (NIST IR 7695).
//!
//! Applications and operating systems that are marked vulnerable become rows under
//! `vendor/product`, in lower case. The software that a product runs in (`node.js`, `wordpress`)
//! is kept as the channel: a plug-in is not the program of that name. Conditions ("only when
//! running on …") are passed over: the product is there, and whether it runs so nobody can tell
//! from an image. A bound that is excluded at the start is taken for included: one version too
//! many is named rather than one too few. For the same reason a version that does not apply (`-`)
//! without bounds is every version: it is what NVD writes where nobody has said which.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Affected, End, Range, State};

/// The ecosystem of products.
pub const ECOSYSTEM: &str = "cpe";
/// Parts that can be in an image: applications, operating systems.
const PARTS: [&str; 2] = ["a", "o"];

/// A tree of conditions.
#[derive(Default, Deserialize)]
pub struct Configuration {
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    cpe_match: Vec<Match>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    #[serde(default)]
    vulnerable: bool,
    #[serde(default)]
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

/// The rows of all configurations, one for each product and software that it runs in, sorted.
pub fn rows(configurations: &[Configuration]) -> Vec<Affected> {
    let mut rows: BTreeMap<(String, String), Affected> = BTreeMap::new();
    let stated = configurations.iter().filter(|one| !one.negate);
    let nodes = stated.flat_map(|one| &one.nodes);
    let matches = nodes
        .filter(|node| !node.negate)
        .flat_map(|node| &node.cpe_match);
    for one in matches.filter(|one| one.vulnerable) {
        let Some(product) = Product::parse(&one.criteria) else {
            continue;
        };
        let name = format!("{}/{}", product.vendor, product.name);
        let row = rows
            .entry((name, product.target.clone()))
            .or_insert_with_key(|(name, target)| empty(name.clone(), target.clone()));
        add(row, one, &product);
    }
    rows.into_values().map(finished).collect()
}

fn finished(mut row: Affected) -> Affected {
    row.ranges.sort();
    row.ranges.dedup();
    row.versions.sort();
    row.versions.dedup();
    let is_fixed = |range: &Range<String>| matches!(range.end, End::Fixed(_));
    if row.ranges.iter().any(is_fixed) {
        row.state = State::Fixed;
    }
    row
}

fn empty(package: String, channel: String) -> Affected {
    Affected {
        ecosystem: ECOSYSTEM.to_owned(),
        channel,
        module: String::new(),
        architectures: Vec::new(),
        package,
        state: State::Affected,
        severity: model::Severity::Unknown,
        ranges: Vec::new(),
        versions: Vec::new(),
    }
}

fn add(row: &mut Affected, one: &Match, product: &Product) {
    let introduced = one
        .version_start_including
        .clone()
        .or_else(|| one.version_start_excluding.clone());
    let end = match (&one.version_end_excluding, &one.version_end_including) {
        (Some(version), _) => End::Fixed(version.clone()),
        (None, Some(version)) => End::Last(version.clone()),
        (None, None) => End::Never,
    };
    let bounded = introduced.is_some() || end != End::Never;
    match product.version.as_str() {
        _ if bounded => row.ranges.push(Range { introduced, end }),
        "*" | "-" => row.ranges.push(Range::all()),
        version => row.versions.push(version.to_owned()),
    }
}

/// What a name of the enumeration says.
struct Product {
    vendor: String,
    name: String,
    /// The version with its update, `*` for any.
    version: String,
    /// The software that it runs in; empty for none.
    target: String,
}

impl Product {
    fn parse(criteria: &str) -> Option<Product> {
        let parts = split(criteria.strip_prefix("cpe:2.3:")?);
        let part = |at: usize| parts.get(at).map_or("*", String::as_str);
        if !PARTS.contains(&part(0)) || matches!(part(2), "*" | "-") {
            return None;
        }
        let version = match (part(3), part(4)) {
            (version, "*" | "-") => version.to_owned(),
            (version, update) => format!("{version}-{update}"),
        };
        let target = match part(8) {
            "*" | "-" => String::new(),
            target => target.to_lowercase(),
        };
        Some(Product {
            vendor: part(1).to_lowercase(),
            name: part(2).to_lowercase(),
            version,
            target,
        })
    }
}

/// The parts between colons; a backslash takes the meaning from what follows.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            ':' => {
                parts.push(String::new());
                continue;
            }
            '\\' => letters.next().unwrap_or('\\'),
            letter => letter,
        };
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let configurations: Vec<Configuration> = serde_json::from_str(text).unwrap();
        let rows = rows(&configurations);
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let ranges: Vec<String> = row
                    .ranges
                    .iter()
                    .map(|range| {
                        let from = range.introduced.as_deref().unwrap_or("");
                        match &range.end {
                            End::Never => format!("[{from},"),
                            End::Fixed(end) | End::Limit(end) => format!("[{from},{end})"),
                            End::Last(end) => format!("[{from},{end}]"),
                        }
                    })
                    .collect();
                let (package, channel) = (&row.package, &row.channel);
                format!(
                    "{package}|{channel}|{}|{}",
                    ranges.join(""),
                    row.versions.join(" ")
                )
            })
            .collect();
        lines.join("\n")
    }

    fn one(matches: &str) -> String {
        told(&format!("[{{\"nodes\": [{{\"cpeMatch\": [{matches}]}}]}}]"))
    }

    #[test]
    fn products_are_kept_with_their_ranges() {
        for (matches, expected) in [
            // After CVE-2023-4863, 2023-10: libwebp and a browser.
            (
                r#"{"vulnerable": true, "criteria": "cpe:2.3:a:webmproject:libwebp:*:*:*:*:*:*:*:*",
                    "versionEndExcluding": "1.3.2"},
                   {"vulnerable": true, "criteria": "cpe:2.3:a:google:chrome:*:*:*:*:*:*:*:*",
                    "versionStartIncluding": "1", "versionEndIncluding": "116"}"#,
                "google/chrome||[1,116]|\nwebmproject/libwebp||[,1.3.2)|",
            ),
            (
                r#"{"vulnerable": true, "criteria": "cpe:2.3:a:X:Y:1.0:rc1:*:*:*:Node.js:*:*"},
                   {"vulnerable": true, "criteria": "cpe:2.3:a:x:y:1.1:*:*:*:*:node.js:*:*"},
                   {"vulnerable": true, "criteria": "cpe:2.3:a:x:y:*:*:*:*:*:wordpress:*:*"}"#,
                "x/y|node.js||1.0-rc1 1.1\nx/y|wordpress|[,|",
            ),
            (
                r#"{"vulnerable": true, "criteria": "cpe:2.3:a:f5:nginx\\:plus:-:*:*:*:*:*:*:*",
                    "versionStartExcluding": "2"}"#,
                "f5/nginx:plus||[2,|",
            ),
            // After CVE-2022-2956, 2022-08: nobody has said which versions. An update may be none.
            (
                r#"{"vulnerable": true, "criteria": "cpe:2.3:a:noxen_project:noxen:-:*:*:*:*:*:*:*"},
                   {"vulnerable": true, "criteria": "cpe:2.3:a:y:y:3.2:-:*:*:*:*:*:*"}"#,
                "noxen_project/noxen||[,|\ny/y|||3.2",
            ),
            // Hardware, what is only a condition, and what names nothing.
            (
                r#"{"vulnerable": true, "criteria": "cpe:2.3:h:a:b:1:*:*:*:*:*:*:*"}"#,
                "",
            ),
            (
                r#"{"vulnerable": false, "criteria": "cpe:2.3:a:a:b:1:*:*:*:*:*:*:*"}"#,
                "",
            ),
            (r#"{"vulnerable": true, "criteria": "cpe:2.3:a:a:*:1"}"#, ""),
            (r#"{"vulnerable": true, "criteria": "cpe:/a:a:b:1"}"#, ""),
            (r#"{"vulnerable": true, "criteria": "cpe:2.3:a:b\\"}"#, ""),
        ] {
            assert_eq!(one(matches), expected, "{matches}");
        }
    }

    #[test]
    fn a_node_that_is_negated_says_nothing() {
        let node = r#"{"negate": true, "cpeMatch": [{"vulnerable": true,
            "criteria": "cpe:2.3:a:a:b:1:*:*:*:*:*:*:*"}]}"#;
        assert_eq!(told(&format!("[{{\"nodes\": [{node}]}}, {{}}]")), "");
        let node = node.replace("true, \"cpe", "false, \"cpe");
        let all = format!("[{{\"negate\": true, \"nodes\": [{node}]}}]");
        assert_eq!(told(&all), "");
    }
}
