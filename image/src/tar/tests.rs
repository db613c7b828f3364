//! What Go's `archive/tar` (1.26) answered to these archives, one by one.

use super::*;
use expect_test::expect_file;

/// One header and its content, each field as given.
#[derive(Clone)]
pub(crate) struct Raw {
    block: [u8; 512],
    content: Vec<u8>,
}

pub(crate) fn raw(kind: u8, name: &str, content: &[u8]) -> Raw {
    let block = [0; 512];
    let content = content.to_vec();
    let raw = Raw { block, content };
    let size = format!("{:011o}\0", raw.content.len());
    raw.set(0, name.as_bytes())
        .set(100, b"0000644\0")
        .set(124, size.as_bytes())
        .set(136, b"00000000000\0")
        .set(156, &[kind])
        .set(257, b"ustar\x0000")
}

impl Raw {
    pub(crate) fn set(mut self, at: usize, bytes: &[u8]) -> Raw {
        self.block[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn gnu(self) -> Raw {
        self.set(257, b"ustar  \0")
    }

    fn size(self, size: &[u8]) -> Raw {
        self.set(124, size)
    }

    /// The bytes with a checksum, padded.
    pub(crate) fn bytes(self, signed: bool) -> Vec<u8> {
        let mut block = self.set(148, b"        ");
        let sum: i64 = match signed {
            false => block.block.iter().map(|byte| i64::from(*byte)).sum(),
            true => block.block.iter().map(|byte| i64::from(*byte as i8)).sum(),
        };
        block.block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = block.block.to_vec();
        bytes.extend(&block.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

/// `length key=value\n` for each record.
pub(crate) fn records(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (key, value) in pairs {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while format!("{length}{rest}").len() != length {
            length += 1;
        }
        all.extend(format!("{length}{rest}").bytes());
    }
    all
}

fn pax(pairs: &[(&str, &str)]) -> Raw {
    raw(b'x', "PaxHeaders/x", &records(pairs))
}

const END: [u8; 1024] = [0; 1024];

fn archive(parts: &[Raw]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for part in parts {
        bytes.extend(part.clone().bytes(false));
    }
    bytes.extend(END);
    bytes
}

/// One line per entry, then how it ended.
pub(crate) fn walk(bytes: &[u8]) -> String {
    let mut archive = Archive::new(bytes, &Limits::default());
    let mut text = String::new();
    loop {
        let header = match archive.next_entry() {
            Ok(Some(header)) => header,
            Ok(None) => return text + "end\n",
            Err(_) => return text + "error\n",
        };
        let mut content = Vec::new();
        let most = 1 << 16;
        let Ok(_) = archive.by_ref().take(most).read_to_end(&mut content) else {
            return text + "error\n";
        };
        let sum = content.iter().fold(7u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(*byte))
        });
        let name = header.name.escape_ascii();
        let link = header.link_name.escape_ascii();
        let kind = header.kind.escape_ascii();
        let (size, mode) = (header.size, header.mode);
        let length = content.len();
        text += &format!("{kind} '{name}' '{link}' {size} {mode:o} {length}:{sum:08x}\n");
    }
}

fn file(name: &str) -> Raw {
    raw(b'0', name, b"content")
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let long = "l".repeat(200);
    let with_nul = format!("{long}\0");
    let old_sparse = |size: &[u8], extended: u8| {
        raw(b'S', "s", &[b'a'; 1024])
            .gnu()
            .set(386, b"00000001000\x0000000001000\0")
            .set(410, b"00000004000\x0000000001000\0")
            .set(482, &[extended])
            .set(483, size)
    };
    let mut extension = vec![0; 512];
    extension[..24].copy_from_slice(b"00000007000\x0000000000000\0");
    let a = |parts: &[Raw]| archive(parts);
    let sparse_10 = |count: &str, content: &str| {
        let mut bytes = content.as_bytes().to_vec();
        bytes.resize(512, 0);
        bytes.extend(b"xyz");
        vec![
            pax(&[
                ("GNU.sparse.major", "1"),
                ("GNU.sparse.minor", "0"),
                ("GNU.sparse.name", "real"),
                ("GNU.sparse.realsize", count),
            ]),
            raw(b'0', "GNUSparseFile.0/real", &bytes),
        ]
    };
    let sparse_01 = |blocks: &str, map: &str| {
        vec![
            pax(&[
                ("GNU.sparse.size", "20"),
                ("GNU.sparse.numblocks", blocks),
                ("GNU.sparse.map", map),
            ]),
            raw(b'0', "s", b"xyz"),
        ]
    };
    let mut cases = vec![
        ("a file", a(&[file("a")])),
        (
            "pax path, last wins",
            a(&[pax(&[("path", "one"), ("path", "two")]), file("a")]),
        ),
        (
            "a later pax header replaces the earlier",
            a(&[
                pax(&[("path", "one")]),
                pax(&[("linkpath", "two")]),
                file("a"),
            ]),
        ),
        (
            "an empty pax path keeps the name",
            a(&[pax(&[("path", "")]), file("a")]),
        ),
        (
            "gnu L beats pax path",
            a(&[
                raw(b'L', "././@LongLink", b"long\0").gnu(),
                pax(&[("path", "pax")]),
                file("a"),
            ]),
        ),
        (
            "gnu K beats pax linkpath",
            a(&[
                pax(&[("linkpath", "pax")]),
                raw(b'K', "././@LongLink", b"long\0").gnu(),
                raw(b'2', "a", b""),
            ]),
        ),
        (
            "gnu L",
            a(&[
                raw(b'L', "././@LongLink", with_nul.as_bytes()).gnu(),
                file("a"),
            ]),
        ),
        (
            "an empty gnu L keeps the name",
            a(&[raw(b'L', "x", b"\0abc").gnu(), file("a")]),
        ),
        (
            "pax size",
            a(&[
                pax(&[("size", "7")]),
                file("a").size(b"00000000000\0"),
                file("b"),
            ]),
        ),
        (
            "pax size then gnu L",
            a(&[
                pax(&[("size", "7")]),
                raw(b'L', "x", b"long").gnu(),
                file("a").size(b"00000000000\0"),
                file("b"),
            ]),
        ),
        (
            "pax size for a directory",
            a(&[pax(&[("size", "7")]), raw(b'5', "d", b""), file("b")]),
        ),
        ("negative pax size", a(&[pax(&[("size", "-7")]), file("a")])),
        (
            "pax size that is none",
            a(&[pax(&[("size", "x")]), file("a")]),
        ),
        (
            "pax uid that is none",
            a(&[pax(&[("uid", "x")]), file("a")]),
        ),
        (
            "pax mtime",
            a(&[pax(&[("mtime", "-1.5000000000001")]), file("a")]),
        ),
        (
            "pax mtime that is none",
            a(&[pax(&[("mtime", "1.x")]), file("a")]),
        ),
        (
            "nul in a pax path",
            a(&[pax(&[("path", "a\0b")]), file("a")]),
        ),
        (
            "nul in another pax value",
            a(&[pax(&[("comment", "a\0b")]), file("a")]),
        ),
        (
            "nul in a pax key",
            a(&[pax(&[("com\0ment", "a")]), file("a")]),
        ),
        (
            "malformed pax length",
            a(&[raw(b'x', "x", b"99 path=a\n"), file("a")]),
        ),
        (
            "pax length too short",
            a(&[raw(b'x', "x", b"4 a=\n"), file("a")]),
        ),
        (
            "pax record without newline",
            a(&[raw(b'x', "x", b"9 path=ab"), file("a")]),
        ),
        (
            "pax record with a signed length",
            a(&[raw(b'x', "x", b"+11 path=b\n"), file("a")]),
        ),
        (
            "pax record without equals",
            a(&[raw(b'x', "x", b"8 patha\n"), file("a")]),
        ),
        (
            "pax value with equals",
            a(&[pax(&[("path", "a=b")]), file("a")]),
        ),
        (
            "a global header is shown, not applied",
            a(&[
                raw(b'g', "global", &records(&[("path", "named")])),
                file("a"),
            ]),
        ),
        (
            "a global header forgets what came before",
            a(&[
                pax(&[("path", "pax")]),
                raw(b'g', "global", &records(&[("comment", "x")])),
                file("a"),
            ]),
        ),
        (
            "a directory with a size",
            a(&[raw(b'5', "d/", b"").size(b"00000000020\0"), file("a")]),
        ),
        (
            "a symlink with a size",
            a(&[
                raw(b'2', "l", b"")
                    .size(b"00000000020\0")
                    .set(157, b"target"),
                file("a"),
            ]),
        ),
        (
            "a hard link with a size and data",
            a(&[raw(b'1', "h", &[b'x'; 16]).set(157, b"target"), file("a")]),
        ),
        (
            "device, fifo",
            a(&[
                raw(b'3', "c", b"").size(b"00000000020\0"),
                raw(b'4', "b", b"").size(b"00000000020\0"),
                raw(b'6', "f", b"").size(b"00000000020\0"),
                file("a"),
            ]),
        ),
        (
            "a negative size for a directory",
            a(&[
                raw(b'5', "d", b"").size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                file("a"),
            ]),
        ),
        (
            "a negative size",
            a(&[file("a").size(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")]),
        ),
        (
            "a size in base 256",
            a(&[file("a").size(b"\x80\0\0\0\0\0\0\0\0\0\0\x07"), file("b")]),
        ),
        (
            "a size past all numbers",
            a(&[file("a").size(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")]),
        ),
        (
            "a size that is text",
            a(&[file("a").size(b"0000000000x\0")]),
        ),
        ("a mode that is text", a(&[file("a").set(100, b"rw-r--r-")])),
        (
            "an unused number that is text",
            a(&[file("a").set(329, b"xxxxxxx\0")]),
        ),
        (
            "v7",
            a(&[file("a").set(257, &[0; 8]).set(329, b"xxxxxxx\0")]),
        ),
        ("type nul", a(&[raw(0, "a", b"content"), file("b")])),
        (
            "type nul with a trailing slash",
            a(&[raw(0, "d/", b"").size(b"00000000020\0"), file("b")]),
        ),
        (
            "type nul, slash by pax",
            a(&[pax(&[("path", "d/")]), raw(0, "a", b""), file("b")]),
        ),
        ("type 0 with a trailing slash", a(&[file("a/"), file("b")])),
        ("type 7", a(&[raw(b'7', "a", b"content"), file("b")])),
        (
            "an unknown type",
            a(&[raw(b'Z', "a", b"content"), file("b")]),
        ),
        ("ustar prefix", a(&[file("a").set(345, b"some/dir")])),
        (
            "ustar prefix and pax path",
            a(&[pax(&[("path", "p")]), file("a").set(345, b"some/dir")]),
        ),
        (
            "star prefix",
            a(&[file("a").set(345, b"some/dir").set(508, b"tar\0")]),
        ),
        (
            "star with a time that is none",
            a(&[file("a").set(476, b"xxx").set(508, b"tar\0")]),
        ),
        (
            "gnu times are no prefix",
            a(&[file("a").gnu().set(345, b"00000000000\0")]),
        ),
        (
            "gnu with go's old prefix",
            a(&[file("a").gnu().set(345, b"some/dir")]),
        ),
        (
            "gnu with an old prefix that is not ascii",
            a(&[file("a").gnu().set(345, b"s\xc3\xa9")]),
        ),
        ("name of a hundred bytes", a(&[file(&"n".repeat(100))])),
        (
            "a name that is no utf-8",
            a(&[file("a").set(0, b"\xff\xfe")]),
        ),
        ("no name", a(&[file("")])),
        (
            "signed checksum",
            [file("a").set(0, b"\xff").bytes(true), END.to_vec()].concat(),
        ),
        (
            "old gnu sparse",
            a(&[old_sparse(b"00000006000\0", 0), file("b")]),
        ),
        ("old gnu sparse, extended", {
            let mut bytes = old_sparse(b"00000007000\0", 1).bytes(false);
            let content = bytes.split_off(512);
            bytes.extend(&extension);
            [bytes, content, archive(&[file("b")])].concat()
        }),
        (
            "old gnu sparse, too small",
            a(&[old_sparse(b"00000001000\0", 0), file("b")]),
        ),
        (
            "old gnu sparse in ustar",
            a(&[old_sparse(b"00000006000\0", 0).set(257, b"ustar\x0000")]),
        ),
        ("pax sparse 0.1", a(&sparse_01("2", "2,2,10,1"))),
        (
            "pax sparse 0.1, wrong count",
            a(&sparse_01("3", "2,2,10,1")),
        ),
        ("pax sparse 0.1, overlap", a(&sparse_01("2", "2,2,3,1"))),
        (
            "pax sparse 0.1, more than is stored",
            a(&sparse_01("2", "2,2,10,2")),
        ),
        (
            "pax sparse 0.1, less than is stored",
            a(&sparse_01("1", "2,2")),
        ),
        (
            "pax sparse 0.1, empty regions",
            a(&sparse_01("3", "0,0,2,3,20,0")),
        ),
        (
            "pax sparse 0.0",
            a(&[
                raw(
                    b'x',
                    "x",
                    &records(&[
                        ("GNU.sparse.size", "20"),
                        ("GNU.sparse.numblocks", "2"),
                        ("GNU.sparse.offset", "2"),
                        ("GNU.sparse.numbytes", "2"),
                        ("GNU.sparse.offset", "10"),
                        ("GNU.sparse.numbytes", "1"),
                    ]),
                ),
                raw(b'0', "s", b"xyz"),
            ]),
        ),
        (
            "pax sparse 0.0, out of order",
            a(&[
                raw(
                    b'x',
                    "x",
                    &records(&[("GNU.sparse.numbytes", "2"), ("GNU.sparse.offset", "2")]),
                ),
                raw(b'0', "s", b"xyz"),
            ]),
        ),
        ("pax sparse 1.0", a(&sparse_10("20", "2\n2\n2\n10\n1\n"))),
        ("pax sparse 1.0, no entries", a(&sparse_10("20", "0\n"))),
        (
            "pax sparse 1.0, huge count",
            a(&sparse_10("20", "9223372036854775807\n")),
        ),
        (
            "pax sparse 1.0, negative count",
            a(&sparse_10("20", "-1\n")),
        ),
        (
            "pax sparse 1.0 on a directory",
            a(&[
                pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]),
                raw(b'5', "d", b""),
            ]),
        ),
        (
            "pax sparse 2.0 is none",
            a(&[
                pax(&[("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0")]),
                file("a"),
            ]),
        ),
    ];
    let whole = archive(&[file("a"), file("b")]);
    let mut flipped = whole.clone();
    flipped[1024] ^= 1;
    let zero = vec![0; 512];
    cases.extend([
        ("nothing", Vec::new()),
        ("no end", whole[..2048].to_vec()),
        ("one zero block", whole[..2560].to_vec()),
        ("one zero block and a half", whole[..2700].to_vec()),
        ("a zero block, then data", [zero, whole.clone()].concat()),
        (
            "data after the end",
            [whole.clone(), whole.clone()].concat(),
        ),
        ("ends in a header", whole[..1300].to_vec()),
        ("ends in content", whole[..515].to_vec()),
        ("ends in padding", whole[..600].to_vec()),
        ("a wrong checksum", flipped),
        (
            "a size past the end",
            archive(&[file("a").size(b"77777777777\0"), file("b")]),
        ),
        ("no tar at all", b"hello world".repeat(100)),
    ]);
    cases
}

#[test]
fn archives_are_read_as_go_reads_them() {
    let answers = cases()
        .into_iter()
        .map(|(name, bytes)| format!("# {name}\n{}", walk(&bytes)));
    expect_file!["go.txt"].assert_eq(&answers.collect::<String>());
}
