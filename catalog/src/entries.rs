//! Documents of JSON and YAML that list packages, read entry by entry: what stands before a broken
//! place counts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

/// The place of a document that is a list itself.
pub const TOP: &str = "[]";

/// Hands on each entry of the lists and maps that stand at the wanted places, as they come: the
/// place, the entry's name where it is in a map, and the entry. A place is keys with dots between
/// them; maps on the way to one are no entries.
///
/// # Errors
///
/// Where the document ends being JSON, or an entry is none.
pub fn of_json<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    places: &'static [&'static str],
    mut take: impl FnMut(&'static str, &str, T),
) -> Result<(), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let place = Place::new(places, &mut take);
    let read = place.deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| error.to_string())
}

/// Nesting of a YAML document; honest ones have a handful.
const DEPTH: usize = 64;

/// What a YAML document of a size may make of the reader. The reader's own budget is meant for
/// small settings files; here it is the file's size, already bounded, that says how many nodes
/// there can be.
pub fn yaml_bounds(size: usize) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: size.saturating_add(64),
            max_nodes: size.saturating_add(64),
            max_total_scalar_bytes: size.saturating_mul(2).saturating_add(64),
            max_depth: DEPTH,
            max_aliases: 64,
            max_anchors: 64,
        },
    }
}

/// Hands on the entries of a YAML document in the same way.
///
/// # Errors
///
/// Where the document ends being YAML, or an entry is none.
pub fn of_yaml<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    places: &'static [&'static str],
    mut take: impl FnMut(&'static str, &str, T),
) -> Result<(), String> {
    let options = yaml_bounds(bytes.len());
    let place = Place::new(places, &mut take);
    let read = serde_saphyr::with_deserializer_from_slice_with_options(bytes, options, |reader| {
        place.deserialize(reader)
    });
    read.map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        line.chars().take(300).collect()
    })
}

struct Place<'t, T, F> {
    places: &'static [&'static str],
    /// Where it is; empty for the document.
    at: &'static str,
    take: &'t mut F,
    kind: PhantomData<T>,
}

impl<'t, T, F> Place<'t, T, F> {
    fn new(places: &'static [&'static str], take: &'t mut F) -> Self {
        Place {
            places,
            at: "",
            take,
            kind: PhantomData,
        }
    }

    /// The place of a key here, where it is wanted or on the way to one that is.
    fn below(&self, key: &str) -> Option<&'static str> {
        self.places.iter().find_map(|place| {
            let rest = match self.at {
                "" => place,
                at => place.strip_prefix(at)?.strip_prefix('.')?,
            };
            let after = rest.strip_prefix(key)?;
            let is_key = after.is_empty() || after.starts_with('.');
            let end = place.len().checked_sub(after.len())?;
            place.get(..end).filter(|_| is_key)
        })
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(&'static str, &str, T)> DeserializeSeed<'de>
    for Place<'_, T, F>
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(&'static str, &str, T)> Visitor<'de> for Place<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let is_wanted = self.places.contains(&self.at);
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let key = key.as_str().unwrap_or_default();
            match self.below(key) {
                Some(at) => map.next_value_seed(Place {
                    places: self.places,
                    at,
                    take: &mut *self.take,
                    kind: PhantomData,
                })?,
                None if is_wanted => (self.take)(self.at, key, map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let at = if self.at.is_empty() { TOP } else { self.at };
        if !self.places.contains(&at) {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while let Some(entry) = list.next_element()? {
            (self.take)(at, "", entry);
        }
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// A text, or nothing where something else stands: one odd field is not to cost a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Text<'a>, D::Error> {
        reader.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }
}

/// A licence as manifests write it: a name or an expression; an object, in old ones of npm's; or a
/// list of either. Of several values the first that says something.
pub fn licence(values: &[&Value]) -> String {
    let one = |value: &Value| {
        let of_object = value.get("type").or_else(|| value.get("name"));
        let text = value.as_str().or_else(|| of_object?.as_str());
        text.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let several = |value: &Value| {
        let names: Vec<String> = value.as_array()?.iter().filter_map(one).collect();
        (!names.is_empty()).then(|| names.join(" OR "))
    };
    let found = values
        .iter()
        .find_map(|value| one(value).or_else(|| several(value)));
    found
        .filter(|text| !text.contains(char::is_control))
        .unwrap_or_default()
}

/// A document in which comments and commas before closing brackets stand, as JSON of the same
/// places.
pub fn strict(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut comma: Option<usize> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => after_string(bytes, at),
            (b'/', Some(b'/')) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|byte| *byte == b'\n');
                at + length.unwrap_or(rest.len())
            }
            (b'/', Some(b'*')) => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                let length = rest.windows(2).position(|pair| pair == b"*/");
                length.map_or(bytes.len(), |length| at + length + 4)
            }
            _ => at + 1,
        };
        match byte {
            b'/' if end > at + 1 => blank(&mut out, at, end),
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    blank(&mut out, comma, comma + 1);
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at = end;
    }
    out
}

fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return bytes.len(),
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn blank(bytes: &mut [u8], start: usize, end: usize) {
    for byte in bytes.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, places: &'static [&'static str]) -> String {
        let mut told = String::new();
        let read = of_json(text.as_bytes(), places, |place, name, entry: Text<'_>| {
            told += &format!("{place}/{name}={} ", entry.as_str().unwrap_or("?"));
        });
        told + if read.is_ok() { "." } else { "!" }
    }

    #[test]
    fn entries_are_taken_where_they_are_wanted() {
        let places: &[&str] = &["[]", "a", "b.c", "d", "d.e"];
        for (text, expected) in [
            (r#"["x", 1]"#, "[]/=x []/=? ."),
            (
                r#"{"a": {"k": "v", "n": null}, "z": {"k": "v"}}"#,
                "a/k=v a/n=? .",
            ),
            (
                r#"{"a": ["v"], "ab": ["w"], "b": {"c": ["x"], "a": ["y"]}}"#,
                "a/=v b.c/=x .",
            ),
            (r#"{"d": {"e": ["1"], "f": "2"}, "b": 7}"#, "d.e/=1 d/f=2 ."),
            (r#"{"a": ["v", "#, "a/=v !"),
            (r#"{"a": ["v\u0041"]} x"#, "a/=vA !"),
            ("7", "."),
            ("", "!"),
        ] {
            assert_eq!(show(text, places), expected, "{text}");
        }
    }

    #[test]
    fn comments_and_last_commas_are_blanks() {
        for (text, expected) in [
            ("[1, 2,]", "[1, 2 ]"),
            ("{\"a,]\": [1,\n],\n}", "{\"a,]\": [1 \n] \n}"),
            ("[1, // x, ]\n 2] // y", "[1,        \n 2]     "),
            ("[1, /* , \n */ ]", "[1       \n    ]"),
            ("[\"\\\",]\"]", "[\"\\\",]\"]"),
            ("[1 / 2]", "[1 / 2]"),
            ("\"", "\""),
            ("/*", "  "),
        ] {
            assert_eq!(
                String::from_utf8(strict(text.as_bytes())).unwrap(),
                expected,
                "{text}"
            );
        }
    }
}
