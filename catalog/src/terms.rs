//! Terms of Erlang and Elixir, as their lock files and application files are written: flat, with
//! how deep each lies, since nothing that is asked for needs more.

/// A piece of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A tuple, list or map begins.
    Open,
    /// One ends.
    Close,
    /// An atom, text, binary or number; what is escaped in a text is left as it is.
    Word(&'a str),
}

/// The pieces of a text, with how many brackets are open around each. Whatever separates them is
/// passed over, and comments, which begin with a byte that is given.
pub struct Pieces<'a> {
    text: &'a str,
    at: usize,
    comment: u8,
    /// How many brackets are open.
    pub depth: usize,
}

impl<'a> Pieces<'a> {
    /// The pieces of a text.
    pub fn new(text: &'a str, comment: u8) -> Pieces<'a> {
        Pieces {
            text,
            at: 0,
            comment,
            depth: 0,
        }
    }

    /// What begins with a byte at a place: the piece, if it is one, and where it ends.
    fn piece(&mut self, byte: u8, start: usize) -> (Option<(usize, Piece<'a>)>, usize) {
        let rest = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let up_to = |is_end: &dyn Fn(u8) -> bool| {
            let length = rest.iter().position(|byte| is_end(*byte));
            start + 1 + length.unwrap_or(rest.len())
        };
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                (Some((self.depth - 1, Piece::Open)), start + 1)
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                (Some((self.depth, Piece::Close)), start + 1)
            }
            b'"' | b'\'' => {
                let end = start + 1 + quoted(rest, byte);
                let word = self.text.get(start + 1..end).unwrap_or_default();
                (Some((self.depth, Piece::Word(word))), end + 1)
            }
            byte if byte == self.comment => (None, up_to(&|byte| byte == b'\n')),
            byte if is_letter(byte) => {
                let end = up_to(&|byte| !is_letter(byte));
                let word = self.text.get(start..end).unwrap_or_default();
                // A stop ends a term.
                let word = word.trim_end_matches('.');
                let piece = (self.depth, Piece::Word(word));
                ((!word.is_empty()).then_some(piece), end)
            }
            _ => (None, start + 1),
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (usize, Piece<'a>);

    fn next(&mut self) -> Option<(usize, Piece<'a>)> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            let (piece, end) = self.piece(byte, self.at);
            self.at = end;
            if piece.is_some() {
                return piece;
            }
        }
    }
}

/// What atoms and numbers consist of.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_@.-+".contains(&byte) || byte >= 0x80
}

/// How many bytes there are up to the closing quote.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 0;
    loop {
        match bytes.get(at) {
            None => return bytes.len(),
            Some(byte) if *byte == quote => return at,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_flat() {
        let show = |text: &str, comment| {
            let one = |(depth, piece)| match piece {
                Piece::Open => format!("{depth}("),
                Piece::Close => format!("{depth})"),
                Piece::Word(word) => format!("{depth}{word}"),
            };
            Pieces::new(text, comment)
                .map(one)
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (text, comment, expected) in [
            ("{a, <<\"b c\">>, 'd'}.", b'%', "0( 1a 1b c 1d 0)"),
            ("[a % b\n, \"c%\"]. ", b'%', "0( 1a 1c% 0)"),
            (
                "%{\"a\": {:hex, :a, \"1.0\"}} # x",
                b'#',
                "0( 1a 1( 2hex 2a 21.0 1) 0)",
            ),
            ("\"a\\\"b\" \"c", b'%', "0a\\\"b 0c"),
            ("}]} a", b'%', "0) 0) 0) 0a"),
            ("é. é", b'%', "0é 0é"),
        ] {
            assert_eq!(show(text, comment), expected, "{text}");
        }
    }
}
