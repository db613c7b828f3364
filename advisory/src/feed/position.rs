//! Where in a file a part of it stands.

/// The line, from 1, on which `part` begins, which must be a piece of `whole`.
pub fn line_of(whole: &[u8], part: &str) -> usize {
    let offset = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
    let before = whole.get(..offset).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let whole = "a\nb\nc";
        let lines: Vec<_> = whole
            .lines()
            .map(|line| line_of(whole.as_bytes(), line))
            .collect();
        assert_eq!(lines, [1, 2, 3]);
    }
}
