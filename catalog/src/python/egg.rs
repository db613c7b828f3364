//! Eggs that were not unpacked: zip archives, as `easy_install` left them.

use image::Limits;
use model::Problem;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::zip::{Archive, Inflater, ZipError};

/// The member that says what the egg is.
const MEMBER: &str = "EGG-INFO/PKG-INFO";

/// An egg as one file.
pub const EGG: Cataloger = Cataloger {
    name: "python-egg",
    reads: "installed Python eggs that are zip archives",
    paths: &[Pattern::Ending(".egg")],
    role: Role::Installed,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    // Other programs have files that are called so.
    if !bytes.starts_with(b"PK") {
        return (Found::default(), Vec::new());
    }
    match member(bytes, limits) {
        Ok(text) => {
            let inside = format!("{path}/{MEMBER}");
            let (mut found, problems) = super::parse(&inside, &text, limits);
            for package in &mut found.packages {
                package.within = MEMBER.to_owned();
            }
            (found, problems)
        }
        Err(error) => {
            let detail = format!("is no egg that can be read: {error}");
            let problem = Problem::new(error.kind(), path, detail);
            (Found::default(), vec![problem])
        }
    }
}

/// The member's bytes, bounded; none where it is missing, since the egg's name holds both.
fn member(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, ZipError> {
    let archive = Archive::open(bytes)?;
    for member in archive.members().take(limits.archive_entries) {
        let member = member?;
        if member.name == MEMBER.as_bytes() {
            let mut inflater = Inflater::new();
            let text = inflater.read(&archive, &member, limits.metadata_bytes)?;
            return Ok(text.into_owned());
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn an_egg_without_metadata_has_its_name() {
        // An archive without members: the end of a central directory.
        let mut empty = b"PK\x05\x06".to_vec();
        empty.resize(22, 0);
        let mut shown = String::new();
        for (path, bytes) in [
            ("a/harbour-1.6-py3.10.egg", empty.as_slice()),
            ("a/harbour.egg", &empty),
            ("a/harbour-1.6.egg", b"PK"),
            ("a/model.egg", b"<Comment> { }"),
        ] {
            shown += &show(parse(path, bytes, &Limits::default()));
        }
        expect![[r#"
            pypi harbour 1.6 within "EGG-INFO/PKG-INFO"
            ! a/harbour.egg/EGG-INFO/PKG-INFO:1: has no usable Name or Version, nor has its path (malformed)
            ! a/harbour-1.6.egg: is no egg that can be read: is no zip archive, or its end is missing (malformed)
        "#]].assert_eq(&shown);
    }
}
