//! Sorted records to bytes. [`super::layout`] names every offset; reading is in [`super::segment`].

use model::Severity;

use super::facts::Facts;
use super::layout::{self, advisory, range, row};
use super::pieces;
use crate::builder::gathered::{Advisory, Row, Sorted};
use crate::{End, Range, State};

/// The bytes of a database of these segments, which come in the order of the facts' sources, and
/// of other sections by their kind, of which the empty ones are left out.
pub fn database(facts: &Facts, segments: &[Vec<u8>], tables: &[(u32, &[u8])]) -> Vec<u8> {
    let facts = serde_json::to_vec(facts).unwrap_or_default();
    let segments = segments.iter();
    let segments = segments.map(|bytes| (layout::KIND_SEGMENT, bytes.as_slice()));
    let tables = tables.iter().filter(|(_, bytes)| !bytes.is_empty());
    let sections: Vec<(u32, &[u8])> = std::iter::once((layout::KIND_FACTS, facts.as_slice()))
        .chain(segments)
        .chain(tables.copied())
        .collect();
    sections_to_file(&sections)
}

/// The bytes of a database of these sections by their kind, in their order; the hashes of their
/// pieces come last.
pub fn sections_to_file(sections: &[(u32, &[u8])]) -> Vec<u8> {
    let guarded = sections.iter().filter(|(kind, _)| is_guarded(*kind));
    let pieces: Vec<u8> = guarded
        .flat_map(|(_, bytes)| pieces::hashes(bytes))
        .flatten()
        .collect();
    let mut sections = sections.to_vec();
    sections.push((layout::KIND_PIECES, &pieces));
    let count = sections.len();
    let mut offset = aligned(layout::HEADER + layout::SECTION * count);
    let mut table = Vec::new();
    let mut places = Vec::new();
    for (kind, bytes) in sections.iter().copied() {
        put_u32(&mut table, kind);
        put_u32(&mut table, 0);
        put_u64(&mut table, offset as u64);
        put_u64(&mut table, bytes.len() as u64);
        table.extend_from_slice(blake3::hash(bytes).as_bytes());
        places.push((offset, bytes));
        offset = aligned(offset + bytes.len());
    }
    let mut out = Vec::with_capacity(offset);
    out.extend_from_slice(&layout::MAGIC);
    put_u32(&mut out, layout::FORMAT);
    put_u32(&mut out, count as u32);
    put_u64(&mut out, offset as u64);
    let checksum = super::header_checksum(&out, &table);
    out.extend_from_slice(checksum.as_bytes());
    out.extend_from_slice(&table);
    for (at, bytes) in places {
        out.resize(at, 0);
        out.extend_from_slice(bytes);
    }
    out.resize(offset, 0);
    out
}

/// Whether a section is compared piece by piece; the others are when a database is opened.
pub fn is_guarded(kind: u32) -> bool {
    !matches!(kind, layout::KIND_FACTS | layout::KIND_PIECES)
}

/// The bytes of one source's segment.
pub fn segment(sorted: &Sorted) -> Vec<u8> {
    let (strings, offsets) = strings(sorted);
    let writer = Writer { offsets: &offsets };
    let (advisories, places) = writer.advisories(&sorted.advisories);
    let (packages, keys) = writer.packages(sorted, &places);
    let index = index(&keys);
    let regions = [strings, advisories, packages, index];
    let mut out = Vec::new();
    out.extend_from_slice(&layout::SEGMENT_MAGIC);
    put_u64(&mut out, 0);
    let mut offset = layout::SEGMENT_HEADER;
    for region in &regions {
        put_u64(&mut out, offset as u64);
        put_u64(&mut out, region.len() as u64);
        offset = aligned(offset + region.len());
    }
    for region in &regions {
        out.resize(aligned(out.len()), 0);
        out.extend_from_slice(region);
    }
    out
}

/// Every string, each after its length, and where each begins.
fn strings(sorted: &Sorted) -> (Vec<u8>, Vec<u32>) {
    let mut out = Vec::new();
    let mut offsets = Vec::new();
    for text in sorted.strings() {
        offsets.push(out.len() as u32);
        put_varint(&mut out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    (out, offsets)
}

/// An open-addressing table at most three quarters full.
fn index(keys: &[(u64, u32)]) -> Vec<u8> {
    let slots = keys.len() * 4 / 3 + 1;
    let mut table = vec![0_u64; slots];
    for (hash, offset) in keys {
        let tag = *hash as u32;
        let entry = u64::from(tag) << 32 | u64::from(offset.saturating_add(1));
        let mut at = layout::first_slot(*hash, slots as u64) as usize;
        for _ in 0..slots {
            match table.get_mut(at) {
                Some(slot) if *slot == 0 => {
                    *slot = entry;
                    break;
                }
                Some(_) => at += 1,
                None => at = 0,
            }
        }
    }
    table.iter().flat_map(|slot| slot.to_le_bytes()).collect()
}

struct Writer<'a> {
    offsets: &'a [u32],
}

impl Writer<'_> {
    fn put(&self, out: &mut Vec<u8>, string: u32) {
        let offset = self.offsets.get(string as usize).copied();
        put_varint(out, u64::from(offset.unwrap_or_default()));
    }

    fn put_all(&self, out: &mut Vec<u8>, strings: &[u32]) {
        put_varint(out, strings.len() as u64);
        for string in strings {
            self.put(out, *string);
        }
    }

    fn advisories(&self, all: &[Advisory]) -> (Vec<u8>, Vec<u32>) {
        let mut out = Vec::new();
        let mut places = Vec::with_capacity(all.len());
        for one in all {
            places.push(out.len() as u32);
            self.advisory(&mut out, one);
        }
        (out, places)
    }

    fn advisory(&self, out: &mut Vec<u8>, one: &Advisory) {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = bit(one.bulletin, advisory::BULLETIN)
            | bit(one.withdrawn, advisory::WITHDRAWN)
            | bit(one.published.is_some(), advisory::PUBLISHED)
            | bit(one.modified.is_some(), advisory::MODIFIED)
            | bit(one.score.is_some(), advisory::SCORE)
            | severity_number(one.severity) << advisory::SEVERITY_SHIFT;
        out.push(flags);
        if let Some(score) = one.score {
            out.push(score.base.tenths() | bit(!score.modern, advisory::OLD_SCORE));
        }
        for string in [one.id, one.url, one.description] {
            self.put(out, string);
        }
        for second in [one.published, one.modified].into_iter().flatten() {
            put_varint(out, u64::try_from(second).unwrap_or_default());
        }
        put_varint(out, one.weaknesses.len() as u64);
        for weakness in &one.weaknesses {
            self.put_all(out, weakness);
        }
    }

    /// Packages with their rows, and for each its hash and place.
    fn packages(&self, sorted: &Sorted, advisories: &[u32]) -> (Vec<u8>, Vec<(u64, u32)>) {
        let mut out = Vec::new();
        let mut keys = Vec::new();
        let same = |a: &Row, b: &Row| (a.ecosystem, a.package) == (b.ecosystem, b.package);
        for rows in sorted.rows.chunk_by(same) {
            let Some(first) = rows.first() else { continue };
            let ecosystem = sorted.string(first.ecosystem);
            let hash = layout::hash(ecosystem, sorted.string(first.package));
            keys.push((hash, out.len() as u32));
            self.put(&mut out, first.ecosystem);
            self.put(&mut out, first.package);
            put_varint(&mut out, rows.len() as u64);
            for one in rows {
                let place = advisories.get(one.advisory as usize).copied();
                self.row(&mut out, one, place.unwrap_or_default(), sorted);
            }
        }
        (out, keys)
    }

    fn row(&self, out: &mut Vec<u8>, one: &Row, advisory: u32, sorted: &Sorted) {
        let has_scope = !sorted.string(one.scope).is_empty();
        let mut flags = state_number(one.state);
        let form = match &*one.ranges {
            [
                Range {
                    introduced: None,
                    end: End::Fixed(_),
                },
            ] => row::FORM_BEFORE,
            [
                Range {
                    introduced: None,
                    end: End::Never,
                },
            ] => row::FORM_ALL,
            _ => 0,
        };
        flags |= form;
        for (set, bit) in [
            (one.severity != Severity::Unknown, row::SEVERITY),
            (has_scope, row::SCOPE),
            (!one.versions.is_empty(), row::VERSIONS),
        ] {
            flags |= if set { bit } else { 0 };
        }
        out.push(flags);
        put_varint(out, u64::from(advisory));
        if one.severity != Severity::Unknown {
            out.push(severity_number(one.severity));
        }
        if has_scope {
            self.put(out, one.scope);
        }
        if form == 0 {
            put_varint(out, one.ranges.len() as u64);
        }
        for interval in one.ranges.iter().filter(|_| form != row::FORM_ALL) {
            self.range(out, interval, form == 0);
        }
        if !one.versions.is_empty() {
            self.put_all(out, &one.versions);
        }
    }

    fn range(&self, out: &mut Vec<u8>, interval: &Range<u32>, with_form: bool) {
        let (number, end) = match interval.end {
            End::Never => (0, None),
            End::Fixed(version) => (1, Some(version)),
            End::Limit(version) => (2, Some(version)),
            End::Last(version) => (3, Some(version)),
        };
        if with_form {
            let introduced = u8::from(interval.introduced.is_some()) * range::INTRODUCED;
            out.push(introduced | number << range::END_SHIFT);
        }
        for version in interval.introduced.into_iter().chain(end) {
            self.put(out, version);
        }
    }
}

fn state_number(state: State) -> u8 {
    let place = State::ALL.iter().position(|one| *one == state);
    place.unwrap_or_default() as u8
}

fn severity_number(severity: Severity) -> u8 {
    let place = Severity::ALL.iter().position(|one| *one == severity);
    place.unwrap_or_default() as u8
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(8)
}

pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// LEB128: seven bits a byte, the lowest first.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
