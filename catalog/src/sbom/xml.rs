//! CycloneDX as XML. What lies under `metadata` is the image itself or what made the bill.

use std::io::BufRead;

use model::ProblemKind;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::bill::Bill;
use super::component::{Component, licence};
use crate::xml::attribute;

pub(super) fn parse(source: impl BufRead, bill: &mut Bill) {
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut walk = Walk {
        is_whole: bill.rest.is_some(),
        ..Walk::default()
    };
    loop {
        let place = reader.buffer_position();
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                let name = start.local_name();
                let of = |key: &str| attribute(&start, key).unwrap_or_default();
                walk.start(name.as_ref(), of);
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
    bill.is_bill |= walk.is_bill;
    if !walk.is_bill {
        bill.problem(
            ProblemKind::Malformed,
            "is no bill of materials of CycloneDX",
        );
    }
    let open = walk.open.into_iter();
    open.filter(|(_, is_root, _)| !is_root)
        .for_each(|(_, _, one)| bill.add(one));
}

#[derive(Default)]
struct Walk {
    is_bill: bool,
    /// Whether the bill is looked at itself, and what lies under `metadata` counts.
    is_whole: bool,
    depth: usize,
    /// The depth of what is passed over.
    passed_over: Option<usize>,
    /// The depth of `metadata`, and of the tools in it.
    metadata: Option<usize>,
    tools: Option<usize>,
    /// Components that are not ended, with their depths and whether the bill is about them.
    open: Vec<(usize, bool, Component)>,
    text: String,
    property: String,
    is_licence: bool,
}

impl Walk {
    fn start(&mut self, name: &[u8], attribute: impl Fn(&str) -> String) {
        self.depth += 1;
        self.text.clear();
        if self.passed_over.is_some() {
            return;
        }
        match name {
            b"bom" if self.depth == 1 => self.is_bill = true,
            b"metadata" if self.is_whole && self.depth == 2 => self.metadata = Some(self.depth),
            b"tools" if self.metadata.is_some() => self.tools = Some(self.depth),
            // A pedigree tells of other components.
            b"metadata" | b"pedigree" => self.passed_over = Some(self.depth),
            b"licenses" => self.is_licence = true,
            b"property" => self.property = attribute("name"),
            b"component" if self.tools.is_none() => {
                let component = Component {
                    id: attribute("bom-ref"),
                    kind: attribute("type"),
                    ..Component::default()
                };
                let is_root = self.metadata.is_some() && self.open.is_empty();
                self.open.push((self.depth, is_root, component));
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
        for open in [&mut self.metadata, &mut self.tools] {
            if *open == Some(depth) {
                *open = None;
            }
        }
        if let Some((_, is_root, component)) = self.open.pop_if(|(at, _, _)| *at == depth) {
            return match is_root {
                true => bill.add_root(component),
                false => bill.add(component),
            };
        }
        let text = self.text.trim();
        match (name, self.open.last_mut()) {
            (b"name", None) if self.tools.is_some() => bill.creator(text),
            (b"aggregate", None) => bill.completeness(text),
            (name, Some((at, _, component))) => {
                let depth = depth.saturating_sub(*at);
                match name {
                    b"licenses" => self.is_licence = false,
                    b"property" => component.property(&self.property, text),
                    name => field(component, (name, depth), self.is_licence, text),
                }
            }
            _ => {}
        }
        self.text.clear();
    }
}

/// What an element says that lies so deep in its component.
fn field(component: &mut Component, element: (&[u8], usize), is_licence: bool, text: &str) {
    let field = match element {
        (b"purl", 1) => &mut component.purl,
        (b"name", 1) => &mut component.name,
        (b"version", 1) => &mut component.version,
        (b"cpe", 1) => &mut component.cpe,
        (b"publisher", 1) => &mut component.vendor,
        (b"id" | b"name", 3) | (b"expression", 2) if is_licence => {
            return add_licence(component, text);
        }
        _ => return,
    };
    text.clone_into(field);
}

fn add_licence(component: &mut Component, text: &str) {
    let text = licence(text);
    if !component.licence.is_empty() && !text.is_empty() {
        component.licence.push_str(" AND ");
    }
    component.licence.push_str(&text);
}
