//! Where everything lies in the file. `docs/database.md` draws it; both change together, with
//! [`FORMAT`].

/// The first eight bytes of a database.
pub const MAGIC: [u8; 8] = *b"LAZARET\0";
/// The version of this layout.
pub const FORMAT: u32 = 3;
/// Magic, format, number of sections, length of the file, checksum.
pub const HEADER: usize = 56;
/// Where the header's checksum lies; it is of what stands before it and of the section table.
pub const CHECKSUM: usize = 24;
/// Kind, a reserved word, offset, length, checksum.
pub const SECTION: usize = 56;
/// The most sections that a file may have.
pub const MAX_SECTIONS: u32 = 4096;
/// The longest section of facts.
pub const MAX_FACTS: u64 = 64 << 20;

/// A section that holds the facts about all sources, as JSON.
pub const KIND_FACTS: u32 = 1;
/// A section that holds one source's records; they come in the facts' order.
pub const KIND_SEGMENT: u32 = 2;
/// A section that holds what is known of weaknesses beyond packages, of all sources.
pub const KIND_EXPLOITATION: u32 = 3;
/// The kind of the section of the pieces' hashes.
pub const KIND_PIECES: u32 = 5;
/// How long a piece is that is compared at once.
pub const PIECE: usize = 16 << 10;
/// How much of a piece's hash is kept.
pub const PIECE_HASH: usize = 8;
/// The kind of the section of package repositories.
pub const KIND_REPOSITORIES: u32 = 4;

/// The first eight bytes of a segment.
pub const SEGMENT_MAGIC: [u8; 8] = *b"LZSEG\x003\0";
/// Magic, a reserved word, then offset and length of each region.
pub const SEGMENT_HEADER: usize = 16 + 16 * REGIONS;
/// Strings, advisories, packages, index.
pub const REGIONS: usize = 4;
/// A slot of the index: tag and offset.
pub const SLOT: usize = 8;

/// Bits of a row's first byte.
pub mod row {
    /// The number of the state in [`crate::State::ALL`].
    pub const STATE: u8 = 0b0000_0111;
    /// A rating follows.
    pub const SEVERITY: u8 = 0b0000_1000;
    /// A scope follows: channel, module, architectures.
    pub const SCOPE: u8 = 0b0001_0000;
    /// A list of versions follows.
    pub const VERSIONS: u8 = 0b0010_0000;
    /// Nothing but a fixed version follows as range.
    pub const FORM_BEFORE: u8 = 0b0100_0000;
    /// Every version is meant.
    pub const FORM_ALL: u8 = 0b1000_0000;
}

/// Bits of a range's first byte.
pub mod range {
    /// The first affected version follows.
    pub const INTRODUCED: u8 = 0b001;
    /// How it ends: never, fixed, limit, last.
    pub const END: u8 = 0b110;
    /// How far the end's number is shifted.
    pub const END_SHIFT: u8 = 1;
}

/// Bits of an advisory's first byte.
pub mod advisory {
    /// It is a bulletin.
    pub const BULLETIN: u8 = 0b0000_0001;
    /// It was taken back.
    pub const WITHDRAWN: u8 = 0b0000_0010;
    /// The date of its appearance follows.
    pub const PUBLISHED: u8 = 0b0000_0100;
    /// The date of its last change follows.
    pub const MODIFIED: u8 = 0b0000_1000;
    /// How far the rating's number is shifted.
    pub const SEVERITY_SHIFT: u8 = 4;
    /// What of the shifted byte is the rating.
    pub const SEVERITY: u8 = 0b111;
    /// A base score follows.
    pub const SCORE: u8 = 0b1000_0000;
    /// Beside the tenths of a base score: it is of CVSS 2.
    pub const OLD_SCORE: u8 = 0b1000_0000;
}

/// The first eight bytes of the section of exploitation.
pub const EXPLOITATION_MAGIC: [u8; 8] = *b"LZEXP\x001\0";
/// Magic, number of years, number of rows.
pub const EXPLOITATION_HEADER: usize = 16;
/// A year, and how many rows there are up to its end; a row: a number and [`exploitation`].
pub const EXPLOITATION_ENTRY: usize = 8;

/// The second word of a row on exploitation.
pub mod exploitation {
    /// The forecast, in hundred-thousandths.
    pub const EPSS: u32 = 0x1_ffff;
    /// Stands where there is no forecast.
    pub const NO_EPSS: u32 = 0x1_ffff;
    /// How far the day of the listing is shifted; 0 is none, 1 the first of the year 2000.
    pub const DAY_SHIFT: u32 = 17;
    /// The last day that fits, 2089-09-16.
    pub const LAST_DAY: u32 = 0x7fff;
}

/// The hash under which a package of an ecosystem is found.
pub fn hash(ecosystem: &str, package: &str) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3Default::new();
    hasher.update(ecosystem.as_bytes());
    hasher.update(&[0]);
    hasher.update(package.as_bytes());
    hasher.digest()
}

/// The first slot to look at, of so many.
pub fn first_slot(hash: u64, slots: u64) -> u64 {
    ((hash >> 32) * slots) >> 32
}
