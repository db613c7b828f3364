//! The version that was linked into a variable of a Go program, where its symbols still name it.
//!
//! With `-trimpath` the linker's flags are not written down. A text that `-X` sets has a symbol
//! of its own: `main.version.str`.

use super::version;
use crate::program::layout::Layout;

/// Bytes of one entry of an ELF symbol table of 64 bits.
const ENTRY: usize = 24;
/// Longer variables hold no version.
const LONGEST: u64 = 64;

/// The version in a variable of the program's own, of an ELF file of 64 bits.
pub fn version(layout: &Layout<'_>, main: &str) -> Option<String> {
    let names = layout.section(&[".strtab"])?.data;
    let symbols = layout.section(&[".symtab"])?.data;
    let ranked = symbols.chunks_exact(ENTRY).filter_map(|entry| {
        let start = number(entry.get(..4)?)?;
        let name = names.get(usize::try_from(start).ok()?..)?;
        let name = until(name, 0, 300)?.strip_suffix(b".str")?;
        let rank = version::rank(std::str::from_utf8(name).ok()?, main)?;
        let (address, length) = (number(entry.get(8..16)?)?, number(entry.get(16..24)?)?);
        let value = layout.at(address, length.min(LONGEST))?;
        let value = until(value, 0, value.len()).unwrap_or(value);
        let value = version::version(std::str::from_utf8(value).ok()?)?;
        Some((rank, value))
    });
    let best = ranked.min_by_key(|(rank, _)| *rank);
    best.map(|(_, value)| version::of_module(value))
}

fn number(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        bytes.iter().rev().fold(0, add)
    })
}

/// What stands before a byte, where that comes soon enough.
fn until(bytes: &[u8], end: u8, most: usize) -> Option<&[u8]> {
    let start = bytes.get(..most).unwrap_or(bytes);
    let at = start.iter().position(|byte| *byte == end)?;
    start.get(..at)
}
