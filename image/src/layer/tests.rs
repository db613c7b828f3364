use super::*;
use crate::tar::tests::{raw, records};
use expect_test::expect;

fn tar(parts: Vec<crate::tar::tests::Raw>) -> Vec<u8> {
    let mut bytes: Vec<u8> = parts
        .into_iter()
        .flat_map(|part| part.bytes(false))
        .collect();
    bytes.extend([0; 1024]);
    bytes
}

fn walk(bytes: &[u8], limits: &Limits) -> String {
    let mut text = String::new();
    let summary = entries(bytes, limits, &mut |entry| {
        let mut body = String::new();
        let _ = entry.body.read_to_string(&mut body);
        text += &format!("{} {:?} {body}\n", entry.path, entry.kind);
    });
    let summary = summary.unwrap();
    for problem in summary.problems {
        text += &format!("! {problem}\n");
    }
    text + &format!("whole: {}", summary.diff_id == Digest::of(bytes))
}

#[test]
fn names_say_what_is_removed() {
    let layer = tar(vec![
        raw(b'5', "./", b""),
        raw(b'5', "./etc/", b""),
        raw(b'0', "/etc/../etc//passwd", b"root"),
        raw(b'2', "link", b"").set(157, b"../../etc/passwd"),
        raw(b'1', "hard", b"").set(157, b"./etc/passwd"),
        raw(b'3', "null", b""),
        raw(b'0', "etc/.wh.shadow", b""),
        raw(b'0', ".wh.gone", b""),
        raw(b'0', "var/.wh..wh..opq", b""),
        raw(b'0', ".wh..wh..opq", b""),
        raw(b'5', ".wh..wh.plnk", b""),
        raw(b'0', "etc/.wh.", b""),
        raw(b'0', "etc/.wh...", b""),
        raw(b'0', ".wh.dir/file", b"x"),
        raw(b'0', "..", b"root"),
        raw(b'V', "volume", b""),
        raw(b'g', "global", &records(&[("path", "etc/passwd")])),
    ]);
    expect![[r#"
        etc Directory 
        etc/passwd File { size: 4 } root
        link Symlink { target: "../../etc/passwd" } 
        hard Hardlink { target: "etc/passwd" } 
        null Other 
        etc/shadow Whiteout 
        gone Whiteout 
        var OpaqueDirectory 
         OpaqueDirectory 
        .wh.dir/file File { size: 1 } x
        ! etc/.wh.: a whiteout removes nothing that has a name (malformed)
        ! etc/.wh...: a whiteout removes nothing that has a name (malformed)
        ! ..: an entry that is no directory has the root's path (malformed)
        ! volume: an entry of an unknown type is passed over (malformed)
        whole: true"#]]
    .assert_eq(&walk(&layer, &Limits::default()));
}

#[test]
fn a_malformed_archive_is_hashed_to_its_end() {
    let mut layer = tar(vec![raw(b'0', "a", b"x"), raw(b'0', "b", b"x")]);
    layer[1024] ^= 1;
    let digest = Digest::of(&layer);
    let packed = zstd::encode_all(layer.as_slice(), 3).unwrap();
    let summary = entries(packed.as_slice(), &Limits::default(), &mut |_| {}).unwrap();
    assert_eq!(summary.diff_id, digest);
    assert_eq!(summary.uncompressed_size, layer.len() as u64);
    assert_eq!(summary.compressed_size, packed.len() as u64);
    assert_eq!(summary.problems.len(), 1);
    let half = packed.get(..packed.len() / 2).unwrap();
    let summary = entries(half, &Limits::default(), &mut |_| {}).unwrap();
    assert_eq!(summary.problems[0].kind, ProblemKind::Truncated);
}

#[test]
fn limits_are_problems() {
    let layer = tar(vec![raw(b'0', &"n".repeat(20), b"x"), raw(b'0', "b", b"x")]);
    let limits = Limits {
        path_bytes: 10,
        ..Limits::default()
    };
    expect![[r#"
        b File { size: 1 } x
        ! nnnnnnnnnnnnnnnnnnnn: the path or link has 20 bytes, more than 10: passed over (limit)
        whole: true"#]]
    .assert_eq(&walk(&layer, &limits));
    let limits = Limits {
        entries: 1,
        ..Limits::default()
    };
    expect![[r#"
        nnnnnnnnnnnnnnnnnnnn File { size: 1 } x
        ! layer: has more than 1 entries: the rest was not looked at (limit)
        whole: true"#]]
    .assert_eq(&walk(&layer, &limits));
    let limits = Limits {
        names_bytes: 20,
        ..Limits::default()
    };
    expect![[r#"
        nnnnnnnnnnnnnnnnnnnn File { size: 1 } x
        ! layer: its paths have more than 20 bytes: the rest was not looked at (limit)
        whole: true"#]]
    .assert_eq(&walk(&layer, &limits));
    expect!["whole: true"].assert_eq(&walk(b"", &Limits::default()));
    expect![[r#"
        ! layer: the tar archive ends early, 7 bytes in (truncated)
        whole: true"#]]
    .assert_eq(&walk(b"garbage", &Limits::default()));
    let many = (0..300).map(|_| raw(b'V', "volume", b"")).collect();
    let text = walk(&tar(many), &Limits::default());
    assert_eq!(text.lines().count(), 102);
    assert!(text.contains("200 more problems"), "{text}");
}
