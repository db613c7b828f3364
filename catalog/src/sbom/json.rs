//! The JSON forms, all by one walk: what differs is what lists and fields are called. Packages are
//! gathered as they are met, so that a document that was cut still gives those before the cut.

use std::collections::BTreeMap;
use std::fmt;

use model::{Package, PackageType, ProblemKind};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Bill, Component, licence};
use crate::text::is_unbroken;

pub(super) fn parse(bytes: &[u8], bill: &mut Bill) {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    if let Err(error) = Document(bill).deserialize(&mut reader) {
        let kind = match error.is_eof() {
            true => ProblemKind::Truncated,
            false => ProblemKind::Malformed,
        };
        bill.problem(kind, format!("ends as JSON before its end: {error}"));
    }
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
        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
        fn visit_unit<E>(self) -> Result<(), E> {
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

/// A document; those that others wrap lie under `sbom` (GitHub) or `predicate` (in-toto).
struct Document<'a>(&'a mut Bill);

seed!(Document);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();
    pass_over_others!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                // CycloneDX, SPDX 2, SPDX 3, Syft.
                "components" | "packages" | "@graph" | "artifacts" => {
                    map.next_value_seed(Components(self.0))?;
                }
                "sbom" | "predicate" => map.next_value_seed(Document(self.0))?,
                // Syft's word on the distribution.
                "distro" => distro(&map.next_value::<Value>()?, self.0),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

fn distro(value: &Value, bill: &mut Bill) {
    let field = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    bill.add(Component {
        name: field("id").to_owned(),
        version: field("versionID").to_owned(),
        is_system: true,
        ..Component::default()
    });
}

struct Components<'a>(&'a mut Bill);

seed!(Components);

impl<'de> Visitor<'de> for Components<'_> {
    type Value = ();
    pass_over_others!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(One(self.0))?.is_some() {}
        Ok(())
    }
}

/// One component, and those in it.
struct One<'a>(&'a mut Bill);

seed!(One);

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();
    pass_over_others!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut component = Component::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "components" => {
                    map.next_value_seed(Components(self.0))?;
                    continue;
                }
                key if is_wanted(key) => field(&mut component, key, map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.0.add(component);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

fn is_wanted(key: &str) -> bool {
    matches!(
        key,
        "purl"
            | "software_packageUrl"
            | "name"
            | "version"
            | "versionInfo"
            | "software_packageVersion"
            | "type"
            | "primaryPackagePurpose"
            | "cpe"
            | "licenses"
            | "licenseDeclared"
            | "properties"
            | "externalRefs"
    )
}

fn field(component: &mut Component, key: &str, value: Value) {
    match (key, value) {
        ("purl" | "software_packageUrl", Value::String(text)) => component.purl = text,
        ("name", Value::String(text)) => component.name = text,
        ("version" | "versionInfo" | "software_packageVersion", Value::String(text)) => {
            component.version = text;
        }
        ("type" | "primaryPackagePurpose", Value::String(text)) => {
            let wanted = ["operating-system", "OPERATING-SYSTEM", "OPERATING_SYSTEM"];
            component.is_system |= wanted.contains(&text.as_str());
        }
        ("cpe", Value::String(text)) => component.cpe = text,
        ("licenseDeclared", Value::String(text)) => component.licence = licence(&text),
        ("licenses", Value::Array(list)) => component.licence = licences(&list),
        ("properties", Value::Array(list)) => component.source = trivy_source(&list),
        ("externalRefs", Value::Array(list)) => references(component, list),
        _ => {}
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// CycloneDX: an expression, or licences by identifier or name; Syft: values.
fn licences(list: &[Value]) -> String {
    let one = |entry: &Value| {
        let inside = entry.get("license").unwrap_or(entry);
        let keys = ["expression", "id", "name", "value"];
        let named = keys.iter().find_map(|key| text(inside, key));
        named.map(licence).filter(|text| !text.is_empty())
    };
    list.iter()
        .filter_map(one)
        .collect::<Vec<_>>()
        .join(" AND ")
}

/// The source package, where Trivy says it: it has no other place in CycloneDX.
fn trivy_source(properties: &[Value]) -> (String, String) {
    let value = |name: &str| {
        let is_it = |one: &&Value| {
            let full = text(one, "name").and_then(|full| full.strip_prefix("aquasecurity:trivy:"));
            full == Some(name)
        };
        let found = properties.iter().find(is_it);
        found.and_then(|one| text(one, "value")).unwrap_or_default()
    };
    let mut version = value("SrcVersion").to_owned();
    if !value("SrcRelease").is_empty() {
        version = format!("{version}-{}", value("SrcRelease"));
    }
    if !matches!(value("SrcEpoch"), "" | "0") {
        version = format!("{}:{version}", value("SrcEpoch"));
    }
    (value("SrcName").to_owned(), version)
}

/// SPDX 2: the package URL and the CPE are references to the outside.
fn references(component: &mut Component, list: Vec<Value>) {
    for reference in list {
        let locator = text(&reference, "referenceLocator").unwrap_or_default();
        match text(&reference, "referenceType") {
            Some("purl") if component.purl.is_empty() => component.purl = locator.to_owned(),
            Some("cpe23Type") if component.cpe.is_empty() => component.cpe = locator.to_owned(),
            _ => {}
        }
    }
}
