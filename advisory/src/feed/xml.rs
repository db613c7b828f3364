//! Large XML documents, element by element: each that is asked for becomes a small tree, so that a
//! feed of a gigabyte costs no more memory than its largest record.
//!
//! Entities of the document's own are not resolved: a text with one is kept without it.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::Limits;

/// An element with all that is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name without a prefix.
    pub name: String,
    /// Its attributes, by their names without prefixes.
    pub attributes: BTreeMap<String, String>,
    /// The text directly in it, without blanks around it.
    pub text: String,
    /// The elements directly in it.
    pub children: Vec<Element>,
}

impl Element {
    /// An attribute; empty where it is not there.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// The first element of that name directly in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every element of that name directly in it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element of that name directly in it; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// Every element in it, however deep, itself first.
    pub fn walk(&self) -> impl Iterator<Item = &Element> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let next = waiting.pop()?;
            waiting.extend(next.children.iter().rev());
            Some(next)
        })
    }
}

/// Hands every outermost element of one of these names to `take`, in order, with the byte at which
/// it begins.
///
/// # Errors
///
/// What is wrong with the document, and at which byte; what came before has been handed over.
pub fn read(
    bytes: &[u8],
    names: &[&str],
    limits: &Limits,
    mut take: impl FnMut(Element, u64),
) -> Result<(), String> {
    let mut reader = Reader::from_reader(bytes);
    let mut open: Vec<Element> = Vec::new();
    let mut begin = 0;
    let mut depth = 0_usize;
    loop {
        let place = reader.buffer_position();
        let wrong = |what: &str| Err(format!("byte {place}: {what}"));
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return wrong(&error.to_string()),
        };
        match event {
            Event::Start(start) => {
                depth += 1;
                if depth > limits.depth {
                    return wrong(&format!(
                        "more than {} elements in each other",
                        limits.depth
                    ));
                }
                let name = local(start.local_name().as_ref());
                if !open.is_empty() || names.contains(&name.as_str()) {
                    begin = if open.is_empty() { place } else { begin };
                    open.push(element(&start, name));
                }
            }
            Event::Empty(start) => {
                let name = local(start.local_name().as_ref());
                let empty = element(&start, name);
                match open.last_mut() {
                    Some(parent) => parent.children.push(empty),
                    None if names.contains(&empty.name.as_str()) => take(empty, place),
                    None => {}
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                let Some(mut closed) = open.pop() else {
                    continue;
                };
                closed.text = closed.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => take(closed, begin),
                }
            }
            Event::Text(text) => add(&mut open, text.decode().ok().as_deref()),
            Event::CData(text) => add(&mut open, text.decode().ok().as_deref()),
            Event::GeneralRef(reference) => {
                let number = reference.resolve_char_ref().ok().flatten();
                let named = reference.decode().ok();
                let named = named.as_deref().and_then(known_entity);
                add(&mut open, number.map(String::from).as_deref().or(named));
            }
            Event::Eof if depth > 0 => return wrong("the document is cut off"),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn add(open: &mut [Element], text: Option<&str>) {
    if let (Some(element), Some(text)) = (open.last_mut(), text) {
        element.text.push_str(text);
    }
}

/// The five entities that every document has.
fn known_entity(name: &str) -> Option<&'static str> {
    quick_xml::escape::resolve_predefined_entity(name)
}

fn local(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn element(start: &BytesStart<'_>, name: String) -> Element {
    let attributes = start.attributes().flatten();
    let attributes = attributes.map(|attribute| {
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.unwrap_or_default().into_owned();
        (local(attribute.key.local_name().as_ref()), value)
    });
    Element {
        name,
        attributes: attributes.collect(),
        ..Element::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, names: &[&str]) -> String {
        let mut out = String::new();
        let limits = Limits {
            depth: 5,
            ..Limits::default()
        };
        let read = read(text.as_bytes(), names, &limits, |element, begin| {
            for one in element.walk() {
                out.push_str(&format!("{}{:?}={} ", one.name, one.attributes, one.text));
            }
            out.push_str(&format!("@{begin}\n"));
        });
        if let Err(error) = read {
            out.push_str(&error);
        }
        out
    }

    #[test]
    fn elements_are_handed_over_whole_and_the_rest_is_passed_over() {
        let text = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x 'y'>]><r><other><u/></other>\
                    <p:u a='1 &lt; 2'>A &amp; &#66;&x;<![CDATA[<c>]]><!-- no --><b> text </b></p:u>\
                    <u/></r>";
        assert_eq!(
            told(text, &["u"]),
            "u{}= @61\nu{\"a\": \"1 < 2\"}=A & B<c> b{}=text @73\nu{}= @152\n"
        );
    }

    #[test]
    fn what_is_broken_is_told_with_its_place_and_what_came_before_counts() {
        for (text, expected) in [
            (
                "<r><u>1</u><u>2",
                "u{}=1 @3\nbyte 15: the document is cut off",
            ),
            ("<r><u>1</u></x>", "u{}=1 @3\nbyte 11: "),
            (
                "<a><a><a><a><a><a>",
                "byte 15: more than 5 elements in each other",
            ),
            ("", ""),
            ("no xml", ""),
        ] {
            let told = told(text, &["u"]);
            assert!(told.starts_with(expected), "{text}: {told}");
        }
    }
}
