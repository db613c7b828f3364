//! Bills of materials: CycloneDX 1.2 to 1.6 (JSON and XML), SPDX 2.x (JSON and tag-value) and 3.0
//! (JSON), and Syft's own JSON. Packages are taken by their package URLs; of a component without
//! one nothing is known that could be matched.

use image::Limits;
use image::problems::Problems;
use model::{Package, PackageType, Problem, ProblemKind};

use crate::cataloger::{Cataloger, DistroFact, Found, FoundPackage, PLAIN, Pattern, Role};
use crate::text::is_unbroken;

mod json;
mod tag_value;
mod xml;

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
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut bill = Bill::new(path, limits);
    match bytes.trim_ascii_start().first() {
        Some(b'{') => json::parse(bytes, &mut bill),
        Some(b'<') => xml::parse(bytes, &mut bill),
        _ => tag_value::parse(bytes, &mut bill),
    }
    bill.finish()
}

/// What is gathered from one bill.
struct Bill {
    path: String,
    found: Found,
    problems: Problems,
}

/// A component as all forms have it; empty where nothing is said.
#[derive(Default)]
struct Component {
    purl: String,
    name: String,
    version: String,
    cpe: String,
    licence: String,
    is_system: bool,
    source: (String, String),
}

impl Bill {
    fn new(path: &str, limits: &Limits) -> Bill {
        Bill {
            path: path.to_owned(),
            found: Found::default(),
            problems: Problems::new(limits.problems),
        }
    }

    fn problem(&mut self, kind: ProblemKind, detail: impl Into<String>) {
        self.problems.add(kind, self.path.as_str(), detail);
    }

    fn add(&mut self, component: Component) {
        if component.is_system && self.found.distro.is_none() && !component.name.is_empty() {
            self.found.distro = Some(DistroFact::OsRelease {
                id: component.name.to_lowercase(),
                version: component.version,
                codename: String::new(),
                pretty: String::new(),
            });
            return;
        }
        let Some(mut package) = Package::from_purl_or(&component.purl, &component.version) else {
            return;
        };
        let (name, version) = component.source;
        if package.source.is_none() && !name.is_empty() && is_unbroken(&version) {
            package.source = Some(model::Source { name, version });
        }
        if package.kind == PackageType::Generic {
            package.cpe = vendor_and_product(&component.cpe);
        }
        self.found.packages.push(FoundPackage {
            licence: component.licence,
            ..FoundPackage::from(package)
        });
    }

    fn finish(self) -> (Found, Vec<Problem>) {
        (self.found, self.problems.finish(&self.path))
    }
}

/// What a licence field says, where it says anything.
fn licence(text: &str) -> String {
    match text.trim() {
        "NOASSERTION" | "NONE" => String::new(),
        text => text.to_owned(),
    }
}

/// `vendor:product` of `cpe:2.3:a:vendor:product:…`.
fn vendor_and_product(cpe: &str) -> Option<String> {
    let mut parts = cpe.strip_prefix("cpe:2.3:")?.split(':').skip(1);
    let (vendor, product) = (parts.next()?, parts.next()?);
    let is_any = |part: &str| part.is_empty() || part == "*" || part == "-";
    (!is_any(vendor) && !is_any(product)).then(|| format!("{vendor}:{product}"))
}

#[cfg(test)]
mod tests;
