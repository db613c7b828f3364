//! What only Syft's own JSON has: the image, the metadata of package managers, digests of files,
//! and whose files are whose.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::super::bill::Bill;
use super::super::component::Component;
use super::{list, pass_over_lists, pass_over_maps, pass_over_others, pass_over_texts, seed, text};
use crate::ownership::may_hold_a_package;

pub fn distro(value: &Value, bill: &mut Bill) {
    let field = |key: &str| text(value, key).unwrap_or_default().to_owned();
    bill.add(Component {
        kind: "operating-system".to_owned(),
        name: field("id"),
        version: field("versionID"),
        codename: field("versionCodename"),
        pretty: field("prettyName"),
        ..Component::default()
    });
}

/// `source`: of an image its layers by their diff ids, and its configuration.
pub fn image(bill: &mut Bill, value: Value) {
    let (Some(rest), Some(image)) = (&mut bill.rest, value.get("metadata")) else {
        return;
    };
    let layers = list(image, "layers").filter_map(|layer| text(layer, "digest"));
    rest.layers = layers.map(str::to_owned).collect();
    let config = text(image, "config").and_then(|text| STANDARD.decode(text).ok());
    rest.config = config.unwrap_or_default();
}

pub fn relationship(bill: &mut Bill, value: Value) {
    let field = |key: &str| text(&value, key).unwrap_or_default();
    if let (Some(rest), "ownership-by-file-overlap") = (&mut bill.rest, field("type")) {
        let pair = (field("parent").to_owned(), field("child").to_owned());
        rest.overlaps.push(pair);
    }
}

/// A file and its digests. Those that no package claims are of no use.
pub fn file(bill: &mut Bill, value: Value) {
    let path = value.get("location").and_then(|one| text(one, "path"));
    let (Some(rest), Some(path)) = (&mut bill.rest, path) else {
        return;
    };
    if let Some(digests) = rest.digests.get_mut(path.trim_start_matches('/')) {
        digests.extend(list(&value, "digests").filter_map(digest));
    }
}

/// `sha256:…`, or what apk writes.
fn digest(value: &Value) -> Option<String> {
    let (algorithm, value) = (text(value, "algorithm")?, text(value, "value")?);
    Some(match algorithm {
        "'Q1'+base64(sha1)" => value.to_owned(),
        algorithm => format!("{algorithm}:{value}"),
    })
}

/// What a package manager says of a package; whether its files are wanted.
pub struct Metadata<'a>(pub &'a mut Component, pub bool);

seed!(Metadata);

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();
    pass_over_lists!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "files" if self.1 => map.next_value_seed(Files(self.0))?,
                "source" | "originPackage" | "sourceVersion" | "sourceRpm" | "modularityLabel"
                | "vendor" | "virtualPath" => {
                    if let Value::String(text) = map.next_value::<Value>()? {
                        self.0.syft(&key, &text);
                    }
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The files of a package: those are kept that may say something of packages themselves.
struct Files<'a>(&'a mut Component);

seed!(Files);

impl<'de> Visitor<'de> for Files<'_> {
    type Value = ();
    pass_over_others!();
    pass_over_texts!();
    pass_over_maps!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<Value>()? {
            let path = text(&value, "path").unwrap_or_default();
            let path = path.trim_start_matches('/');
            if may_hold_a_package(path) {
                let digest = value.get("digest").and_then(digest);
                let claim = (path.to_owned(), digest.unwrap_or_default());
                self.0.claims.push(claim);
            }
        }
        Ok(())
    }
}
