//! Small XML documents, walked element by element with the way to each.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What is met on the way through a document.
pub enum Node<'a> {
    /// An element begins; it may have attributes.
    Start(&'a BytesStart<'a>),
    /// It ends; this is the text directly in it since its last child, without blanks around it.
    End(&'a str),
}

/// More elements in each other than documents of packages have; what is deeper has no way.
const DEEPEST: usize = 32;

/// Walks a document. `take` is given the way to each element, local names with slashes between
/// them (`project/parent/version`), when it begins and when it ends.
///
/// # Errors
///
/// What is wrong with the document, and at which byte; what came before has been handed over.
pub fn walk(bytes: &[u8], mut take: impl FnMut(&str, Node<'_>)) -> Result<(), String> {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    let (mut way, mut text) = (String::new(), String::new());
    // The length of the way at each open element.
    let mut open: Vec<usize> = Vec::new();
    let mut deeper = 0_usize;
    loop {
        let place = reader.buffer_position();
        let event = reader.read_event();
        match event.map_err(|error| format!("byte {place}: {error}"))? {
            Event::Start(_) if open.len() >= DEEPEST => deeper += 1,
            Event::End(_) if deeper > 0 => deeper -= 1,
            _ if deeper > 0 => {}
            Event::Start(start) => {
                open.push(way.len());
                if !way.is_empty() {
                    way.push('/');
                }
                way.push_str(&String::from_utf8_lossy(start.local_name().as_ref()));
                text.clear();
                take(&way, Node::Start(&start));
            }
            Event::End(_) => {
                take(&way, Node::End(text.trim()));
                way.truncate(open.pop().unwrap_or(0));
                text.clear();
            }
            Event::Text(part) => text.push_str(&String::from_utf8_lossy(&part)),
            Event::CData(part) => text.push_str(&String::from_utf8_lossy(&part)),
            Event::GeneralRef(part) => {
                let number = part.resolve_char_ref().ok().flatten();
                let name = part.decode().unwrap_or_default();
                let named = quick_xml::escape::resolve_predefined_entity(&name);
                let value = number.map(String::from);
                text.push_str(value.as_deref().or(named).unwrap_or_default());
            }
            Event::Eof if !open.is_empty() => return Err(format!("byte {place}: is cut off")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The text of an attribute, whatever its name's prefix and its letters' case.
pub fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let is_it = |key: &[u8]| key.eq_ignore_ascii_case(name.as_bytes());
    let mut attributes = start.attributes().flatten();
    let found = attributes.find(|attribute| is_it(attribute.key.local_name().as_ref()))?;
    let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
    Some(value.ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = String::new();
        let walked = walk(text.as_bytes(), |way, node| match node {
            Node::Start(start) => {
                let id = attribute(start, "id").unwrap_or_default();
                out += &format!("{way} {id}\n");
            }
            Node::End(text) => out += &format!("{way} = {text:?}\n"),
        });
        out + &walked.err().unwrap_or_default()
    }

    #[test]
    fn elements_come_with_the_way_to_them() {
        let text = "<?xml version='1.0'?><!-- x --><a xmlns='u'><n:b n:ID='1&amp;2'/> \
                    <c> one &lt;<![CDATA[ & ]]>&#65;&own;two </c></a>";
        expect_test::expect![[r#"
            a 
            a/b 1&2
            a/b = ""
            a/c 
            a/c = "one < & Atwo"
            a = ""
        "#]]
        .assert_eq(&shown(text));
        let deep = "<x>".repeat(40) + "1" + &"</x>".repeat(40) + "<y></z>";
        assert!(
            shown(&deep)
                .ends_with("byte 284: ill-formed document: expected `</y>`, but `</z>` was found"),
            "{}",
            shown(&deep)
        );
        assert_eq!(
            shown("<a><b>1</b>"),
            "a \na/b \na/b = \"1\"\nbyte 11: is cut off"
        );
        assert_eq!(shown(""), "");
    }
}
