//! Where in a file a part of it stands.

use std::cell::OnceCell;

use super::FeedFile;

/// The lines of a file, found once and only if somebody asks.
pub struct Lines<'a> {
    whole: &'a [u8],
    /// The places of the line breaks.
    breaks: OnceCell<Vec<usize>>,
}

impl<'a> Lines<'a> {
    /// The lines of a file, not looked for yet.
    pub fn new(whole: &'a [u8]) -> Lines<'a> {
        Lines {
            whole,
            breaks: OnceCell::new(),
        }
    }

    /// The line, from 1, on which `part` begins, which must be a piece of the file.
    pub fn line_of(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.whole.as_ptr() as usize);
        let breaks = self.breaks.get_or_init(|| {
            let bytes = self.whole.iter().enumerate();
            bytes
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at)
                .collect()
        });
        1 + breaks.partition_point(|at| *at < offset)
    }

    /// Where a person finds a piece of a file: the file's place and the line.
    pub fn place_of(&self, file: &FeedFile<'_>, part: &str) -> String {
        format!("{}: line {}", file.place(), self.line_of(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let whole = "a\nb\n\nc";
        let lines = Lines::new(whole.as_bytes());
        let found: Vec<_> = whole.lines().map(|line| lines.line_of(line)).collect();
        assert_eq!(found, [1, 2, 3, 4]);
    }
}
