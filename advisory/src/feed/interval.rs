//! Sets of versions, for formats that say what is patched where others say what is affected.
//!
//! A set is a list of intervals between cuts. A cut lies directly below or directly above a
//! version, so that "before", "up to", "from" and "after" are all told, and what is left out of a
//! set is a set again.

use std::cmp::Ordering;

use crate::{End, Range};

/// The order of the versions of one ecosystem, total over all strings or close to it.
pub type Order = fn(&str, &str) -> Ordering;

/// Which side of a version a cut lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Below,
    Above,
}

/// A place between versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub version: String,
    pub side: Side,
}

impl Cut {
    /// Directly below a version: a set that begins here holds it, one that ends here does not.
    pub fn below(version: impl Into<String>) -> Option<Cut> {
        Some(Cut {
            version: version.into(),
            side: Side::Below,
        })
    }

    /// Directly above a version.
    pub fn above(version: impl Into<String>) -> Option<Cut> {
        Some(Cut {
            version: version.into(),
            side: Side::Above,
        })
    }

    fn compare(&self, other: &Cut, order: Order) -> Ordering {
        order(&self.version, &other.version).then(self.side.cmp(&other.side))
    }
}

/// What lies between two cuts; `None` is the very first version, or no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    pub from: Option<Cut>,
    pub to: Option<Cut>,
}

/// A set of versions: intervals that neither touch nor overlap, in order.
#[derive(Clone, Debug)]
pub struct Set {
    intervals: Vec<Interval>,
    order: Order,
}

impl Set {
    /// The union of intervals.
    pub fn of(mut intervals: Vec<Interval>, order: Order) -> Set {
        intervals.retain(|one| match (&one.from, &one.to) {
            (Some(from), Some(to)) => from.compare(to, order) == Ordering::Less,
            _ => true,
        });
        sort(&mut intervals, order);
        let mut out: Vec<Interval> = Vec::new();
        for next in intervals {
            match out.last_mut() {
                Some(last) if touches(last, &next, order) => {
                    let further = match (&last.to, &next.to) {
                        (Some(end), Some(other)) => end.compare(other, order) == Ordering::Less,
                        (Some(_), None) => true,
                        (None, _) => false,
                    };
                    if further {
                        last.to = next.to;
                    }
                }
                _ => out.push(next),
            }
        }
        Set {
            intervals: out,
            order,
        }
    }

    /// What lies between two cuts.
    pub fn between(from: Option<Cut>, to: Option<Cut>, order: Order) -> Set {
        Set::of(vec![Interval { from, to }], order)
    }

    /// Nothing.
    pub fn none(order: Order) -> Set {
        Set::of(Vec::new(), order)
    }

    /// Everything.
    pub fn all(order: Order) -> Set {
        Set::between(None, None, order)
    }

    /// Everything that is not in it.
    pub fn complement(&self) -> Set {
        let mut out = Vec::new();
        let mut open = Some(None);
        for interval in &self.intervals {
            if let (Some(from), Some(start)) = (open.take(), &interval.from) {
                let to = Some(start.clone());
                out.push(Interval { from, to });
            }
            open = interval.to.clone().map(Some);
        }
        if let Some(from) = open {
            out.push(Interval { from, to: None });
        }
        Set {
            intervals: out,
            order: self.order,
        }
    }

    /// What is in one of them.
    pub fn or(self, other: Set) -> Set {
        let all = self.intervals.into_iter().chain(other.intervals);
        Set::of(all.collect(), self.order)
    }

    /// What is in both.
    pub fn and(self, other: Set) -> Set {
        self.complement().or(other.complement()).complement()
    }

    /// What is in this one and not in the other.
    pub fn without(self, other: &Set) -> Set {
        self.and(other.complement())
    }

    /// Whether a version is in it.
    pub fn holds(&self, version: &str) -> bool {
        let at = |side| Cut {
            version: version.to_owned(),
            side,
        };
        let (below, above) = (at(Side::Below), at(Side::Above));
        let starts = |one: &Interval| {
            let from = one.from.as_ref();
            from.is_none_or(|from| from.compare(&below, self.order).is_le())
        };
        let ends = |one: &Interval| {
            let to = one.to.as_ref();
            to.is_none_or(|to| to.compare(&above, self.order).is_ge())
        };
        self.intervals.iter().any(|one| starts(one) && ends(one))
    }

    /// Whether an interval of it ends directly below a version.
    pub fn ends_before(&self, version: &str) -> bool {
        let ends =
            |cut: &Cut| cut.side == Side::Below && (self.order)(&cut.version, version).is_eq();
        self.intervals
            .iter()
            .any(|one| one.to.as_ref().is_some_and(ends))
    }

    /// The same without the last version of each interval where the other set begins with it.
    pub fn yielding(mut self, other: &Set) -> Set {
        let order = self.order;
        for cut in self.intervals.iter_mut().filter_map(|one| one.to.as_mut()) {
            let begins = |one: &Interval| {
                let from = one.from.as_ref().filter(|from| from.side == Side::Below);
                from.is_some_and(|from| order(&from.version, &cut.version).is_eq())
            };
            if other.intervals.iter().any(begins) {
                cut.side = Side::Below;
            }
        }
        self
    }

    /// The same with each interval that ends with a version drawn out to the next one that is
    /// patched, where none of its own begins before that: `<= 2.15.0` with a patch in `2.15.1` ends
    /// before `2.15.1`.
    pub fn drawn_out(mut self, patched: &Set) -> Set {
        let order = self.order;
        let starts: Vec<Option<Cut>> = self
            .intervals
            .iter()
            .skip(1)
            .map(|one| one.from.clone())
            .chain([None])
            .collect();
        for (interval, next) in self.intervals.iter_mut().zip(starts) {
            let last = interval.to.as_ref().filter(|to| to.side == Side::Above);
            let Some(to) = last else { continue };
            let reaches = |cut: &&Cut| {
                to.compare(cut, order).is_le()
                    && next
                        .as_ref()
                        .is_none_or(|next| cut.compare(next, order).is_le())
            };
            let froms = patched.intervals.iter().filter_map(|one| one.from.as_ref());
            let from = froms.filter(|cut| cut.side == Side::Below).find(reaches);
            if let Some(cut) = from {
                interval.to = Some(cut.clone());
            }
        }
        self
    }

    /// The ranges of a record. An end that is patched holds the fix; a set that begins above a
    /// version begins with what `after` names as the next one.
    pub fn ranges(&self, patched: &Set, after: impl Fn(&str) -> String) -> Vec<Range<String>> {
        let range = |one: &Interval| {
            let introduced = one.from.as_ref().map(|cut| match cut.side {
                Side::Below => cut.version.clone(),
                Side::Above => after(&cut.version),
            });
            let end = match one.to.clone() {
                None => End::Never,
                Some(cut) if cut.side == Side::Above => End::Last(cut.version),
                Some(cut) if patched.holds(&cut.version) => End::Fixed(cut.version),
                Some(cut) => End::Limit(cut.version),
            };
            Range { introduced, end }
        };
        self.intervals.iter().map(range).collect()
    }
}

fn touches(before: &Interval, next: &Interval, order: Order) -> bool {
    match (&before.to, &next.from) {
        (Some(end), Some(start)) => start.compare(end, order).is_le(),
        _ => true,
    }
}

/// Sorts by insertion, which bears an order that contradicts itself; readers bound the number.
fn sort(intervals: &mut [Interval], order: Order) {
    let below = |a: &Interval, b: &Interval| match (&a.from, &b.from) {
        (None, Some(_)) => true,
        (_, None) => false,
        (Some(a), Some(b)) => a.compare(b, order) == Ordering::Less,
    };
    for end in 1..intervals.len() {
        for at in (1..=end).rev() {
            match intervals.get(at - 1..=at) {
                Some([before, after]) if below(after, before) => intervals.swap(at - 1, at),
                _ => break,
            }
        }
    }
}

/// The ranges in one line: `[1..2)` fixed in 2, `[1..2|` up to it, `[1..2]` with it.
#[cfg(test)]
pub fn shown(ranges: &[Range<String>]) -> String {
    let one = |range: &Range<String>| {
        let start = range.introduced.as_deref().unwrap_or_default();
        match &range.end {
            End::Never => format!("[{start}..)"),
            End::Fixed(end) => format!("[{start}..{end})"),
            End::Limit(end) => format!("[{start}..{end}|"),
            End::Last(end) => format!("[{start}..{end}]"),
        }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_number(a: &str, b: &str) -> Ordering {
        let number = |text: &str| text.parse::<u32>().unwrap();
        number(a).cmp(&number(b))
    }

    fn set(text: &str) -> Set {
        let one = |text: &str| {
            let (start, end) = text.split_once("..").unwrap();
            let from = match (start.strip_prefix('['), start.strip_prefix('(')) {
                (Some(""), _) => None,
                (Some(version), _) => Cut::below(version),
                (_, version) => Cut::above(version.unwrap()),
            };
            let to = match (end.strip_suffix(']'), end.strip_suffix(')')) {
                (_, Some("")) => None,
                (Some(version), _) => Cut::above(version),
                (_, version) => Cut::below(version.unwrap()),
            };
            Interval { from, to }
        };
        Set::of(text.split_whitespace().map(one).collect(), by_number)
    }

    fn told(set: &Set, patched: &str) -> String {
        let patched = self::set(patched);
        shown(&set.ranges(&patched, |version| format!("{version}+")))
    }

    #[test]
    fn what_is_left_out_is_a_set() {
        for (text, expected) in [
            ("", "[..)"),
            ("[..)", ""),
            ("[2..)", "[..2)"),
            ("(2..)", "[..2]"),
            ("[3..4) [..1) [6..)", "[1..3) [4..6)"),
            ("[1..3) [2..5) [5..7]", "[..1) [7+..)"),
            ("[1..5) [2..3)", "[..1) [5..)"),
            ("[3..3)", "[..)"),
            ("[3..3]", "[..3) [3+..)"),
        ] {
            assert_eq!(told(&set(text).complement(), "[0..)"), expected, "{text}");
        }
    }

    #[test]
    fn sets_are_cut_and_drawn_out() {
        let affected = set("[1..5) [7..9]").without(&set("[2..3) [8..)"));
        assert_eq!(told(&affected, "[2..3)"), "[1..2) [3..5| [7..8|");
        for (affected, patched, expected) in [
            ("[..2]", "[3..)", "[..3)"),
            ("[..2] [4..5]", "[5..)", "[..2] [4..5]"),
            ("[..2] [4..5]", "[3..4) [6..)", "[..3) [4..6)"),
            ("[..2)", "[2..)", "[..2)"),
            ("[..2)", "(2..)", "[..2|"),
            ("[2..)", "[3..)", "[2..)"),
        ] {
            let set = set(affected).drawn_out(&self::set(patched));
            assert_eq!(told(&set, patched), expected, "{affected} {patched}");
        }
        assert!(set("[1..2]").holds("2") && !set("[1..2)").holds("2") && !set("").holds("1"));
    }
}
