//! Version ranges as `vers:npm/>=1.0.0|<1.2.3` (the specification of version range specifiers).

use std::cmp::Ordering;

use version::Scheme;

/// A range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(Vec<(Comparator, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparator {
    Any,
    Equal,
    Not,
    Less,
    AtMost,
    More,
    AtLeast,
}

const COMPARATORS: [(&str, Comparator); 6] = [
    ("!=", Comparator::Not),
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
    ("<", Comparator::Less),
    (">", Comparator::More),
    ("=", Comparator::Equal),
];

impl Comparator {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparator::Any => true,
            Comparator::Equal => order.is_eq(),
            Comparator::Not => order.is_ne(),
            Comparator::Less => order.is_lt(),
            Comparator::AtMost => order.is_le(),
            Comparator::More => order.is_gt(),
            Comparator::AtLeast => order.is_ge(),
        }
    }

    fn is_upper(self) -> bool {
        matches!(self, Comparator::Less | Comparator::AtMost)
    }

    fn is_lower(self) -> bool {
        matches!(self, Comparator::More | Comparator::AtLeast)
    }
}

impl Range {
    /// Reads a range of at most that many constraints; `None` where it is none.
    pub fn read(text: &str, most: usize) -> Option<Range> {
        let rest = text.trim().strip_prefix("vers:")?;
        let (_, list) = rest.split_once('/')?;
        let parts: Vec<&str> = list.split('|').collect();
        if parts.len() > most {
            return None;
        }
        parts
            .into_iter()
            .map(constraint)
            .collect::<Option<Vec<_>>>()
            .map(Range)
    }

    /// Whether a version lies in it; `None` where that cannot be decided.
    pub fn holds(&self, version: &str, scheme: Scheme) -> Option<bool> {
        let mut bounds = Vec::new();
        for (comparator, bound) in &self.0 {
            if *comparator == Comparator::Any {
                return Some(true);
            }
            let order = version::compare(scheme, version, bound).ok()?;
            match comparator {
                Comparator::Equal if order.is_eq() => return Some(true),
                Comparator::Not if order.is_eq() => return Some(false),
                Comparator::Equal | Comparator::Not => {}
                bound => bounds.push((*bound, bound.holds(order))),
            }
        }
        let only_excludes = self.0.iter().all(|(one, _)| *one == Comparator::Not);
        Some(only_excludes || within(&bounds))
    }
}

/// Whether one of the intervals holds that the bounds, lowest first, make.
fn within(bounds: &[(Comparator, bool)]) -> bool {
    let below_first = bounds
        .first()
        .is_some_and(|(one, is)| one.is_upper() && *is);
    let above_last = bounds.last().is_some_and(|(one, is)| one.is_lower() && *is);
    let between = bounds.windows(2).any(|pair| match pair {
        [(low, above), (high, below)] => low.is_lower() && high.is_upper() && *above && *below,
        _ => false,
    });
    below_first || above_last || between
}

fn constraint(text: &str) -> Option<(Comparator, String)> {
    let text = text.trim();
    if text == "*" {
        return Some((Comparator::Any, String::new()));
    }
    let found = COMPARATORS.iter().find_map(|(sign, comparator)| {
        let rest = text.strip_prefix(sign)?;
        Some((*comparator, rest))
    });
    let (comparator, version) = found.unwrap_or((Comparator::Equal, text));
    let decoded = percent_encoding::percent_decode_str(version.trim()).decode_utf8();
    let version = decoded.ok().filter(|version| !version.is_empty())?;
    Some((comparator, version.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_lie_in_ranges_after_the_specification() {
        let cases = [
            ("vers:npm/1.2.3", "1.2.3", Some(true)),
            ("vers:npm/=1.2.3|=1.2.4", "1.2.4", Some(true)),
            ("vers:npm/<1.2.3", "1.2.2", Some(true)),
            ("vers:npm/<1.2.3", "1.2.3", Some(false)),
            ("vers:npm/>=1.0.0|<1.2.3", "1.1.0", Some(true)),
            ("vers:npm/>=1.0.0|<1.2.3", "0.9.0", Some(false)),
            ("vers:npm/>=1.0.0|<1.2.3|>=2.0.0", "1.9.0", Some(false)),
            ("vers:npm/>=1.0.0|<1.2.3|>=2.0.0", "2.9.0", Some(true)),
            ("vers:npm/!=1.2.3", "1.2.3", Some(false)),
            ("vers:npm/!=1.2.3", "1.2.4", Some(true)),
            ("vers:npm/*", "x", Some(true)),
            ("vers:npm/<1.2.3", "not a version", None),
        ];
        for (range, version, expected) in cases {
            let read = Range::read(range, 8).unwrap();
            assert_eq!(
                read.holds(version, Scheme::Npm),
                expected,
                "{range} {version}"
            );
        }
        for bad in ["", "npm/1", "vers:npm", "vers:npm/", "vers:npm/1|2|3"] {
            assert_eq!(Range::read(bad, 2), None, "{bad}");
        }
    }
}
