//! The JSON forms, all by one walk: what differs is what lists and fields are called. Packages are
//! gathered as they are met, so that a document that was cut still gives those before the cut.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Package, PackageType, ProblemKind};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bill::Bill;
use super::component::Component;
use crate::text::is_unbroken;

mod fields;
mod spdx3;
mod syft;

/// Documents that may follow each other in one file: attestations come as lines.
const MOST_DOCUMENTS: usize = 100;
/// Attestations, bundles and statements that may lie around a bill.
const DEEPEST: usize = 6;

pub(super) fn parse<'de, R>(mut reader: serde_json::Deserializer<R>, bill: &mut Bill)
where
    R: serde_json::de::Read<'de>,
{
    for _ in 0..MOST_DOCUMENTS {
        if let Err(error) = Document(bill).deserialize(&mut reader) {
            let kind = match error.is_eof() {
                true => ProblemKind::Truncated,
                false => ProblemKind::Malformed,
            };
            return bill.problem(kind, format!("ends as JSON before its end: {error}"));
        }
        if reader.end().is_ok() {
            return;
        }
    }
    let detail = format!("holds more than {MOST_DOCUMENTS} documents: the rest was not read");
    bill.problem(ProblemKind::Limit, detail);
}

/// `{"postgresql": {"arch": "amd64", "version": "11.22.0-4", …}}`.
pub(super) fn parse_bitnami(bytes: &[u8], bill: &mut Bill) {
    let components: BTreeMap<String, Value> = match serde_json::from_slice(bytes) {
        Ok(components) => components,
        Err(error) => return bill.problem(ProblemKind::Malformed, error.to_string()),
    };
    for (name, component) in components {
        let field = |key: &str| component.get(key).and_then(Value::as_str);
        let word = |text: &&str| is_unbroken(text);
        let Some(version) = field("version").filter(word).filter(|_| is_unbroken(&name)) else {
            let detail = format!("'{}' has no usable version", name.escape_debug());
            bill.problem(ProblemKind::Malformed, detail);
            continue;
        };
        let package = Package {
            architecture: field("arch").filter(word).map(str::to_owned),
            ..Package::new(PackageType::Bitnami, name, version)
        };
        bill.found.packages.push(package.into());
    }
}

/// Values of other kinds than the one that is looked for.
macro_rules! pass_over_others {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
    };
}

/// Texts and lists, where a map is looked for.
macro_rules! pass_over_texts {
    () => {
        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
    };
}

macro_rules! pass_over_lists {
    () => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(())
        }
    };
}

macro_rules! pass_over_maps {
    () => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(())
        }
    };
}

macro_rules! seed {
    ($name:ident) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_any(self)
            }
        }
    };
}

use {pass_over_lists, pass_over_maps, pass_over_others, pass_over_texts, seed};

/// A document; others wrap it: GitHub under `sbom`, BuildKit under `SPDX`, in-toto's statements
/// under `predicate`, cosign there under `Data`, and envelopes as `payload` in base64.
struct Document<'a>(&'a mut Bill);

seed!(Document);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_lists!();

    /// A bill of any form, where an attestation holds it as a text.
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.0.depth > 0 {
            super::read_text(text.as_bytes(), self.0);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let bill = self.0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                // CycloneDX, SPDX 2, Syft.
                "components" | "packages" | "artifacts" => {
                    map.next_value_seed(Components(bill))?;
                }
                "@graph" => map.next_value_seed(Each(bill, spdx3::element))?,
                "sbom" | "SPDX" | "predicate" | "Data" | "dsseEnvelope" => match enter(bill) {
                    true => {
                        let read = map.next_value_seed(Document(bill));
                        bill.depth -= 1;
                        read?;
                    }
                    false => drop(map.next_value::<IgnoredAny>()?),
                },
                "payload" => payload(&map.next_value::<Value>()?, bill),
                // What nothing but a bill of SPDX, CycloneDX or Syft has.
                "spdxVersion" | "bomFormat" | "descriptor" => {
                    bill.is_bill = true;
                    map.next_value::<IgnoredAny>()?;
                }
                "@context" => {
                    let context = map.next_value::<Value>()?.to_string();
                    bill.is_bill |= context.contains("spdx");
                }
                // Syft's word on the distribution.
                "distro" => syft::distro(&map.next_value::<Value>()?, bill),
                key if bill.rest.is_some() => match about(key) {
                    Some(take) => map.next_value_seed(Each(bill, take))?,
                    None if key == "metadata" => map.next_value_seed(Metadata(bill))?,
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// What is read of a document beside its components, of a list entry by entry.
fn about(key: &str) -> Option<fn(&mut Bill, Value)> {
    Some(match key {
        "artifactRelationships" => syft::relationship,
        "files" => syft::file,
        "source" => syft::image,
        "relationships" => fields::relationship,
        "documentDescribes" => fields::root,
        "creationInfo" => fields::creation,
        "externalDocumentRefs" => fields::other_document,
        "compositions" => fields::composition,
        _ => return None,
    })
}

/// Goes into what something wraps, unless that is too deep already.
fn enter(bill: &mut Bill) -> bool {
    if bill.depth >= DEEPEST {
        let detail = "lies in too many attestations in each other: what is inside was not read";
        bill.problem(ProblemKind::Limit, detail);
        return false;
    }
    bill.depth += 1;
    true
}

/// What an envelope holds (DSSE), whose signatures are not looked at.
fn payload(value: &Value, bill: &mut Bill) {
    let Some(text) = value.as_str() else {
        return;
    };
    match STANDARD.decode(text.trim()) {
        Ok(bytes) if enter(bill) => {
            super::read_text(&bytes, bill);
            bill.depth -= 1;
        }
        Ok(_) => {}
        Err(error) => {
            let detail = format!("its payload is no base64: {error}");
            bill.problem(ProblemKind::Malformed, detail);
        }
    }
}

/// A list, or a single value in its place.
struct Each<'a>(&'a mut Bill, fn(&mut Bill, Value));

seed!(Each);

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        use serde::Deserialize;
        let map = serde::de::value::MapAccessDeserializer::new(map);
        (self.1)(self.0, Value::deserialize(map)?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            (self.1)(self.0, value);
        }
        Ok(())
    }
}

/// CycloneDX: what made the bill and what it is about.
struct Metadata<'a>(&'a mut Bill);

seed!(Metadata);

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();
    pass_over_lists!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "component" => map.next_value_seed(One(self.0, true))?,
                "tools" => fields::tools(self.0, &map.next_value::<Value>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Components<'a>(&'a mut Bill);

seed!(Components);

impl<'de> Visitor<'de> for Components<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();
    pass_over_maps!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(One(self.0, false))?.is_some() {}
        Ok(())
    }
}

/// One component, and those in it; whether it is what the bill is about.
struct One<'a>(&'a mut Bill, bool);

seed!(One);

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();
    pass_over_lists!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let One(bill, is_root) = self;
        let mut component = Component::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "components" => map.next_value_seed(Components(bill))?,
                "metadata" => {
                    let reads_files = bill.rest.is_some();
                    map.next_value_seed(syft::Metadata(&mut component, reads_files))?;
                }
                key if fields::is_wanted(key) => {
                    fields::set(&mut component, key, map.next_value()?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match is_root {
            true => bill.add_root(component),
            false => bill.add(component),
        }
        Ok(())
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The entries of a list, whatever else the value is.
fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}
