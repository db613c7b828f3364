use std::io::{Cursor, Read, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::*;

/// An archive of members, made by the crate `zip`; those whose names end in `!` are stored.
pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let (name, method) = match name.strip_suffix('!') {
            Some(name) => (name, CompressionMethod::Stored),
            None => (*name, CompressionMethod::Deflated),
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn shown(bytes: &[u8], limit: u64) -> String {
    let archive = match Archive::open(bytes) {
        Ok(archive) => archive,
        Err(error) => return error.to_string(),
    };
    let mut inflater = Inflater::new();
    let mut out = String::new();
    for member in archive.members() {
        let member = match member {
            Ok(member) => member,
            Err(error) => {
                out += &format!("! {error}\n");
                continue;
            }
        };
        let name = String::from_utf8_lossy(member.name);
        out += &match inflater.read(&archive, &member, limit) {
            Ok(bytes) => format!("{name} {}\n", String::from_utf8_lossy(&bytes)),
            Err(error) => format!("{name} ! {error}\n"),
        };
    }
    out
}

#[test]
fn members_are_read_whatever_stands_before_and_behind() {
    let bytes = zipped(&[("a/one", b"1"), ("two!", b"22"), ("empty", b"")]);
    let expected = "a/one 1\ntwo 22\nempty \n";
    assert_eq!(shown(&bytes, 10), expected);
    let script = [b"#!/bin/sh\nPK\x05\x06\n".as_slice(), &bytes].concat();
    assert_eq!(shown(&script, 10), expected);
    let behind = [bytes.as_slice(), b"\0\0\0\0"].concat();
    assert_eq!(shown(&behind, 10), expected);
    assert_eq!(shown(&bytes, 2), "a/one 1\ntwo 22\nempty \n");
    let larger = "inflates to more than the 1 bytes that are read";
    assert_eq!(
        shown(&bytes, 1),
        format!("a/one 1\ntwo ! {larger}\nempty \n")
    );
}

#[test]
fn what_is_no_archive_says_so() {
    let bytes = zipped(&[("one", b"1")]);
    let none = "is no zip archive, or its end is missing";
    assert_eq!(shown(b"", 10), none);
    assert_eq!(shown(b"PK\x03\x04", 10), none);
    assert_eq!(shown(&bytes[..bytes.len() - 1], 10), none);
    let mut moved = bytes.clone();
    moved[0] = 0;
    let wrong = "is not where the archive's directory says";
    assert_eq!(shown(&moved, 10), format!("one ! {wrong}\n"));
    assert_eq!(
        shown(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 10),
        ""
    );
}

#[test]
fn large_archives_have_larger_numbers() {
    // The crate writes the numbers of 64 bits where it is told that a file may be large.
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().large_file(true);
    writer.start_file("one", options).unwrap();
    writer.write_all(b"1").unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    assert_eq!(shown(&bytes, 10), "one 1\n");
    // And an end of 64 bits, put in by hand: sizes and offsets go into it.
    let end = bytes.len() - END_LENGTH;
    let (size, offset) = (
        u32_at(&bytes, end + 12).unwrap(),
        u32_at(&bytes, end + 16).unwrap(),
    );
    let mut large = END_64.to_vec();
    large.extend(44_u64.to_le_bytes());
    large.extend([0; 28]);
    large.extend(u64::from(size).to_le_bytes());
    large.extend(u64::from(offset).to_le_bytes());
    assert_eq!(large.len(), 56);
    large.extend(LOCATOR_64);
    large.extend([0; 4]);
    large.extend((end as u64).to_le_bytes());
    large.extend([0; 4]);
    bytes[end + 12..end + 20].fill(0xff);
    bytes.splice(end..end, large);
    assert_eq!(shown(&bytes, 10), "one 1\n");
    let script = [b"#!/bin/sh\n".as_slice(), &bytes].concat();
    assert_eq!(shown(&script, 10), "one 1\n");
}

/// The crate `zip` reads the same from what javac's and Maven's archives hold.
#[test]
fn real_archives_are_read_as_others_read_them() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/java/opt/app");
    let mut count = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let Some(bytes) = std::fs::read(&path).ok() else {
            continue;
        };
        let archive = Archive::open(&bytes).unwrap();
        let mut other = ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
        let mut inflater = Inflater::new();
        for (at, member) in archive.members().enumerate() {
            let member = member.unwrap();
            let mut file = other.by_index(at).unwrap();
            let mut expected = Vec::new();
            file.read_to_end(&mut expected).unwrap();
            assert_eq!(file.name().unwrap().as_bytes(), member.name);
            assert_eq!(
                *inflater.read(&archive, &member, 1 << 20).unwrap(),
                expected
            );
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
