//! CycloneDX as XML. What lies under `metadata` is the image itself or what made the bill.

use model::ProblemKind;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Bill, Component, licence};

pub(super) fn parse(bytes: &[u8], bill: &mut Bill) {
    let mut reader = Reader::from_reader(bytes);
    let mut walk = Walk::default();
    loop {
        let place = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let is_system = start.attributes().flatten().any(|attribute| {
                    attribute.key.local_name().as_ref() == b"type"
                        && attribute.value.as_ref() == b"operating-system"
                });
                walk.start(start.local_name().as_ref(), is_system);
            }
            Ok(Event::End(end)) => walk.end(end.local_name().as_ref(), bill),
            Ok(Event::Text(text)) => walk.add(text.decode().ok().as_deref()),
            Ok(Event::CData(text)) => walk.add(text.decode().ok().as_deref()),
            Ok(Event::GeneralRef(reference)) => {
                let number = reference.resolve_char_ref().ok().flatten();
                let named = reference.decode().ok();
                let known = quick_xml::escape::resolve_predefined_entity;
                let named = named.as_deref().and_then(known);
                walk.add(number.map(String::from).as_deref().or(named));
            }
            Ok(Event::Eof) if walk.depth > 0 => {
                bill.problem(ProblemKind::Truncated, "ends inside an element");
                break;
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                bill.problem(ProblemKind::Malformed, format!("byte {place}: {error}"));
                break;
            }
        }
    }
    if !walk.is_bill {
        bill.problem(
            ProblemKind::Malformed,
            "is no bill of materials of CycloneDX",
        );
    }
    walk.open.into_iter().for_each(|(_, one)| bill.add(one));
}

#[derive(Default)]
struct Walk {
    is_bill: bool,
    depth: usize,
    /// The depth of what is passed over.
    passed_over: Option<usize>,
    /// Components that are not ended, with their depths.
    open: Vec<(usize, Component)>,
    text: String,
    is_licence: bool,
}

impl Walk {
    fn start(&mut self, name: &[u8], is_system: bool) {
        self.depth += 1;
        self.text.clear();
        match name {
            b"bom" if self.depth == 1 => self.is_bill = true,
            // A pedigree tells of other components.
            b"metadata" | b"pedigree" if self.passed_over.is_none() => {
                self.passed_over = Some(self.depth);
            }
            b"licenses" => self.is_licence = true,
            b"component" if self.passed_over.is_none() => {
                let component = Component {
                    is_system,
                    ..Component::default()
                };
                self.open.push((self.depth, component));
            }
            _ => {}
        }
    }

    fn add(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
    }

    fn end(&mut self, name: &[u8], bill: &mut Bill) {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(passed_over) = self.passed_over {
            if depth == passed_over {
                self.passed_over = None;
            }
            return;
        }
        if let Some((_, component)) = self.open.pop_if(|(at, _)| *at == depth) {
            return bill.add(component);
        }
        let Some((at, component)) = self.open.last_mut() else {
            return;
        };
        let (text, is_own) = (self.text.trim(), depth == *at + 1);
        match name {
            b"purl" if is_own => component.purl = text.to_owned(),
            b"name" if is_own => component.name = text.to_owned(),
            b"version" if is_own => component.version = text.to_owned(),
            b"cpe" if is_own => component.cpe = text.to_owned(),
            b"licenses" => self.is_licence = false,
            b"id" | b"name" if self.is_licence && depth == *at + 3 => {
                add_licence(component, text);
            }
            b"expression" if self.is_licence && depth == *at + 2 => add_licence(component, text),
            _ => {}
        }
        self.text.clear();
    }
}

fn add_licence(component: &mut Component, text: &str) {
    let text = licence(text);
    if !component.licence.is_empty() && !text.is_empty() {
        component.licence.push_str(" AND ");
    }
    component.licence.push_str(&text);
}
