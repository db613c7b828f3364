//! Text of strangers, made fit for a terminal; lines and cells of a given width.
//!
//! Widths count characters: what names and versions are made of takes one column each.

/// The text without what could steer a terminal or turn the reading direction: each such character
/// becomes U+FFFD, so that its place is seen. Line ends and tabs become blanks.
pub fn plain(text: &str) -> String {
    text.chars().map(printable).collect()
}

fn printable(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        other if other.is_control() => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Lines of whole words. A word longer than the width keeps a line for itself.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && length(&line) + 1 + length(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// A cell's lines: whole words where they fit; a longer word goes on in the next line, broken after
/// a separator where it has one. No character but blanks is lost.
pub(crate) fn fold(text: &str, width: usize) -> Vec<String> {
    wrap(text, width)
        .iter()
        .flat_map(|line| pieces(line, width.max(1)))
        .collect()
}

fn pieces(word: &str, width: usize) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    let mut rest = characters.as_slice();
    let mut lines = Vec::new();
    while let Some((window, _)) = rest.split_at_checked(width).filter(|_| rest.len() > width) {
        let is_separator = |character: &char| "-+~.:_/@".contains(*character);
        let end = window
            .iter()
            .rposition(is_separator)
            .map_or(width, |at| at + 1);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        lines.push(line.iter().collect());
        rest = after;
    }
    lines.push(rest.iter().collect());
    lines
}

/// The text's width in columns.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(
            plain("a\x1b[2Jb\u{9b}31m\u{202e}c\0"),
            "a\u{fffd}[2Jb\u{fffd}31m\u{fffd}c\u{fffd}"
        );
        assert_eq!(plain("one\r\ntwo\tthree é"), "one  two three é");
    }

    #[test]
    fn lines_hold_whole_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("a unbreakable-word b", 5),
            ["a", "unbreakable-word", "b"]
        );
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn folded_cells_lose_nothing() {
        assert_eq!(
            fold("1:2.4.38-3+deb10u8", 8),
            ["1:2.4.", "38-3+", "deb10u8"]
        );
        assert_eq!(fold("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(fold("1.2-3, 1:2.0-1", 8), ["1.2-3,", "1:2.0-1"]);
        for width in 0..20 {
            assert_eq!(
                fold("2:8.1.0875-5+deb10u2é", width).concat(),
                "2:8.1.0875-5+deb10u2é"
            );
        }
    }
}
