//! PHP's older packages: what `pear` and `pecl` installed, a file each in `.registry` (PEAR's
//! `Registry.php`), which holds the package's description as PHP's `serialize` writes it.
//!
//! The package URL specification has no type for them: they are generic. The channel, which is the
//! publisher, stands as their vendor.

use image::Limits;
use model::{Package, PackageType, Problem};

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::{unreadable, word};

/// The registry of PEAR and PECL.
pub const PEAR: Cataloger = Cataloger {
    name: "pear",
    reads: "PHP packages and extensions that pear and pecl installed",
    paths: &[Pattern::Under {
        directory: ".registry",
        ending: ".reg",
    }],
    magic: b"a:",
    role: Role::Installed,
    parse,
    ..PLAIN
};

/// The names that NVD has for some of them, `vendor:product`.
const PLATFORMS: &[(&str, &str)] = &[("Archive_Tar", "php:archive_tar"), ("PEAR", "php:pear")];

fn parse(path: &str, bytes: &[u8], _: &Limits) -> (Found, Vec<Problem>) {
    let mut found = Found::default();
    let (mut name, mut version, mut channel, mut licence) = (None, None, None, None);
    let read = walk(bytes, |keys, value| {
        // Before package.xml 2.0 the version was a text, and the name stood under `package`.
        let slot = match keys {
            [b"name" | b"package"] => &mut name,
            [b"version"] | [b"version", b"release"] => &mut version,
            [b"channel"] => &mut channel,
            [b"license"] | [b"license", b"_content"] | [b"release_license"] => &mut licence,
            _ => return,
        };
        if slot.is_none() {
            *slot = Some(value);
        }
    });
    if let (Some(name), Some(version)) = (name.and_then(word), version.and_then(word)) {
        let platform = PLATFORMS.iter().find(|(package, _)| *package == name);
        let package = Package {
            vendor: channel.and_then(word),
            cpe: platform.map(|(_, platform)| (*platform).to_owned()),
            ..Package::new(PackageType::Generic, name, version)
        };
        let licence = licence.and_then(|text| std::str::from_utf8(text).ok());
        let licence = licence.filter(|text| !text.contains(char::is_control));
        found.packages.push(FoundPackage {
            licence: licence.unwrap_or_default().to_owned(),
            ..package.into()
        });
    }
    match read {
        Some(()) => (found, Vec::new()),
        None => {
            let problems = unreadable(path, "is not as PHP writes it").1;
            (found, problems)
        }
    }
}

/// How deep what is asked for lies; below, nothing is looked at.
const SHOWN: usize = 2;

/// Hands on each text with the keys that lead to it; `None` where the bytes are no arrays of texts,
/// numbers and nothing.
fn walk<'a>(bytes: &'a [u8], mut take: impl FnMut(&[&'a [u8]], &'a [u8])) -> Option<()> {
    let mut depth = 0_usize;
    // Of the outer arrays: the last key, and whether its value is next.
    let mut keys: [&[u8]; SHOWN] = [b""; SHOWN];
    let mut has_key = [false; SHOWN];
    let mut left = bytes;
    loop {
        let is_text = left.first() == Some(&b's');
        let (value, rest) = match left {
            [b'}', rest @ ..] => {
                depth = depth.checked_sub(1)?;
                left = rest;
                match depth {
                    0 => return Some(()),
                    _ => continue,
                }
            }
            [b'a', b':', rest @ ..] => {
                // It is the value of the key before it.
                if let Some(has_key) = depth.checked_sub(1).and_then(|at| has_key.get_mut(at)) {
                    *has_key = false;
                }
                if let Some(has_key) = has_key.get_mut(depth) {
                    *has_key = false;
                }
                depth += 1;
                let open = rest.iter().position(|byte| *byte == b'{')?;
                left = rest.get(open + 1..)?;
                continue;
            }
            [b's', b':', rest @ ..] => text(rest)?,
            [b'i' | b'b' | b'd', b':', rest @ ..] => {
                let end = rest.iter().position(|byte| *byte == b';')?;
                (rest.get(..end)?, rest.get(end + 1..)?)
            }
            [b'N', b';', rest @ ..] => (&b""[..], rest),
            _ => return None,
        };
        left = rest;
        let at = depth.checked_sub(1)?;
        let (Some(key), Some(has_key)) = (keys.get_mut(at), has_key.get_mut(at)) else {
            continue;
        };
        if !*has_key {
            *key = value;
        } else if is_text {
            take(keys.get(..depth)?, value);
        }
        *has_key = !*has_key;
    }
}

/// `5:"text";` and what follows it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = bytes.iter().take(12).position(|byte| *byte == b':')?;
    let (length, rest) = bytes.split_at_checked(colon)?;
    let length: usize = std::str::from_utf8(length).ok()?.parse().ok()?;
    let (text, rest) = rest.strip_prefix(b":\"")?.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\";")?))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tests::show;

    #[test]
    fn a_registered_package_has_name_and_version() {
        // After the registry files of PEAR 1.10 and, for the old form, of PEAR 1.3.
        let new = r#"a:4:{s:4:"name";s:9:"memcached";s:7:"channel";s:12:"pecl.php.net";s:4:"lead";a:1:{i:0;a:1:{
            s:4:"name";s:1:"x";}}s:7:"version";a:2:{s:7:"release";s:5:"3.2.0";s:3:"api";s:5:"3.0.0";}
            s:7:"license";a:2:{s:7:"attribs";a:1:{s:3:"uri";N;}s:8:"_content";s:3:"PHP";}}"#;
        let old =
            r#"a:3:{s:7:"package";s:3:"Log";s:7:"version";s:5:"1.8.4";s:5:"notes";s:3:"a"b";}"#;
        let cut = r#"a:3:{s:4:"name";s:4:"PEAR";s:7:"version";s:5:"1.8.4";s:5:"no"#;
        let told = [new, old, cut].map(|text| {
            let text: String = text.split("\n            ").collect();
            show(parse("r", text.as_bytes(), &Limits::default()))
        });
        expect![[r#"
            generic memcached 3.2.0 vendor "pecl.php.net" licence "PHP"
            generic Log 1.8.4
            generic PEAR 1.8.4 cpe "php:pear"
            ! r: is not as PHP writes it (malformed)
        "#]]
        .assert_eq(&told.concat());
    }
}
