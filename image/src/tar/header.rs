//! Header blocks: v7, ustar, GNU and star.

use super::Header;
use super::number::{numeric, octal};

/// The size of every block, in bytes.
pub(super) const BLOCK: usize = 512;

/// Which layout a header block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// One block.
pub(super) struct Block([u8; BLOCK]);

impl Default for Block {
    fn default() -> Block {
        Block([0; BLOCK])
    }
}

impl Block {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }

    /// A field by place and length.
    pub(super) fn field(&self, at: usize, length: usize) -> &[u8] {
        self.0.get(at..at + length).unwrap_or_default()
    }

    /// A text field, up to its NUL.
    fn text(&self, at: usize, length: usize) -> &[u8] {
        let field = self.field(at, length);
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The layout, by the magic; `None` where the checksum is wrong.
    pub(super) fn format(&self) -> Option<Format> {
        let stated = octal(self.field(148, 8))?;
        let (unsigned, signed) = self.checksums();
        if stated != unsigned && stated != signed {
            return None;
        }
        let magic = self.field(257, 6);
        Some(match magic {
            b"ustar\0" if self.field(508, 4) == b"tar\0" => Format::Star,
            b"ustar\0" => Format::Ustar,
            b"ustar " if self.field(263, 2) == b" \0" => Format::Gnu,
            _ => Format::V7,
        })
    }

    /// The sum of all bytes, unsigned as POSIX has it and signed as Sun's tar had it, with the
    /// checksum itself as spaces.
    fn checksums(&self) -> (i64, i64) {
        let (mut unsigned, mut signed) = (0, 0);
        for (at, byte) in self.0.iter().enumerate() {
            let byte = if (148..156).contains(&at) {
                b' '
            } else {
                *byte
            };
            unsigned += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        (unsigned, signed)
    }

    /// The header in the block. Every number must be one, needed or not, as Go has it.
    pub(super) fn header(&self, format: Format) -> Result<Header, &'static str> {
        let number = |at, length| numeric(self.field(at, length)).ok_or("a number is none");
        let mut header = Header {
            name: self.text(0, 100).to_vec(),
            link_name: self.text(157, 100).to_vec(),
            size: number(124, 12)?,
            mode: number(100, 8)?,
            kind: self.field(156, 1).first().copied().unwrap_or_default(),
        };
        for (at, length) in [(108, 8), (116, 8), (136, 12)] {
            number(at, length)?;
        }
        if format == Format::V7 {
            return Ok(header);
        }
        for at in [329, 337] {
            number(at, 8)?;
        }
        let prefix = match format {
            Format::Star => {
                number(476, 12)?;
                number(488, 12)?;
                self.text(345, 131)
            }
            Format::Gnu => self.prefix_of_old_go(),
            _ => self.text(345, 155),
        };
        if !prefix.is_empty() {
            header.name = [prefix, b"/", &header.name].concat();
        }
        Ok(header)
    }

    /// GNU's format has no prefix, but Go before 1.8 wrote one over the times, and Go still reads
    /// it where the times are none and it is ASCII (golang.org/issues/12594).
    fn prefix_of_old_go(&self) -> &[u8] {
        let is_time = |at| {
            let field = self.field(at, 12);
            field.first() == Some(&0) || numeric(field).is_some()
        };
        let prefix = self.text(345, 155);
        match is_time(345) && is_time(357) || !prefix.is_ascii() {
            true => &[],
            false => prefix,
        }
    }
}
