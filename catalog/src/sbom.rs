//! Bills of materials: CycloneDX 1.2 to 1.6 (JSON and XML), SPDX 2.x (JSON and tag-value) and 3.0
//! (JSON), and Syft's own JSON, also inside attestations. Packages are taken by their package URLs;
//! of a component with neither that nor a CPE nothing is known that could be matched.
//!
//! A bill that lies in an image adds to what was found there; one that is looked at itself is all
//! that there is ([`inventory`]), so that what it does not tell becomes a problem.

use std::io::{self, BufRead};

use image::Limits;
use model::{PackageType, Problem};

use crate::cataloger::{Cataloger, Found, FoundPackage, PLAIN, Pattern, Role};

mod bill;
mod component;
mod distribution;
mod inventory;
mod json;
mod ownership;
mod tag_value;
mod xml;

use bill::Bill;
pub use inventory::{BillError, inventory};

/// Bills that lie in an image.
pub const SBOM: Cataloger = Cataloger {
    name: "sbom",
    reads: "bills of materials: CycloneDX, SPDX and Syft's, by their package URLs",
    paths: &[
        Pattern::Ending(".cdx.json"),
        Pattern::Ending(".cyclonedx.json"),
        Pattern::Ending(".bom.json"),
        Pattern::Ending(".sbom.json"),
        Pattern::Ending(".spdx.json"),
        Pattern::Ending(".syft.json"),
        Pattern::Name("bom.json"),
        Pattern::Name("sbom.json"),
        Pattern::Ending(".spdx"),
        Pattern::Ending(".cdx.xml"),
        Pattern::Ending(".bom.xml"),
        Pattern::Name("bom.xml"),
        Pattern::Name("sbom.xml"),
        Pattern::In {
            directory: "usr/local/share/sbom",
            suffix: "",
        },
    ],
    role: Role::Bill,
    parse: parse_in_image,
    ..PLAIN
};

/// What Bitnami says of its own builds.
pub const BITNAMI: Cataloger = Cataloger {
    name: "bitnami",
    reads: "Bitnami's own builds and what is in them",
    paths: &[
        Pattern::Under {
            directory: "opt/bitnami",
            ending: ".spdx",
        },
        Pattern::Exact("opt/bitnami/.bitnami_components.json"),
    ],
    role: Role::Installed,
    parse: parse_bitnami,
    ..PLAIN
};

/// Where apk's packages of Wolfi and Chainguard say what they were built from.
const OF_APK: &str = "var/lib/db/sbom/";

fn parse_in_image(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let (mut found, problems) = parse(path, bytes, limits);
    if path.starts_with(OF_APK) {
        // The rest is the sources, whose versions say nothing of what the distribution mended.
        let is_apk = |one: &FoundPackage| one.package.kind == PackageType::Apk;
        found.packages.retain(is_apk);
    }
    (found, problems)
}

fn parse_bitnami(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    if !path.ends_with(".json") {
        return parse(path, bytes, limits);
    }
    let mut bill = Bill::new(path, limits);
    json::parse_bitnami(bytes, &mut bill);
    bill.finish()
}

/// Reads a bill of any of these forms; which one its content says.
pub fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut bill = Bill::new(path, limits);
    read_text(bytes, &mut bill);
    bill.finish()
}

/// A text of any of these forms, held in memory.
fn read_text(bytes: &[u8], bill: &mut Bill) {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        Some(b'{') => json::parse(serde_json::Deserializer::from_slice(bytes), bill),
        Some(b'<') => xml::parse(bytes, bill),
        _ => tag_value::parse(bytes, bill),
    }
}

/// The same, as it comes: what is held at one time is one field of one component.
fn read_stream(mut reader: impl BufRead, bill: &mut Bill) -> io::Result<()> {
    let mut first = None;
    // Up to the first byte that says something; the byte order mark is none.
    while first.is_none() {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || BYTE_ORDER_MARK.contains(byte);
        let blanks = buffer.iter().take_while(|byte| is_blank(byte)).count();
        first = buffer.get(blanks).copied();
        reader.consume(blanks);
    }
    match first {
        Some(b'{') => json::parse(serde_json::Deserializer::from_reader(reader), bill),
        Some(b'<') => xml::parse(reader, bill),
        _ => tag_value::parse(reader, bill),
    }
    Ok(())
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests;
