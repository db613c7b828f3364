//! A component as all forms have it, and the words that Syft and Trivy have for what a form has no
//! field for.

use model::{Package, PackageType, Source};

use crate::cataloger::FoundPackage;
use crate::rpm;
use crate::text::is_unbroken;

/// A component; empty where nothing is said.
#[derive(Default)]
pub struct Component {
    /// What others call it in the same bill.
    pub id: String,
    /// What the form says that it is: `library`, `OPERATING-SYSTEM`.
    pub kind: String,
    pub purl: String,
    pub name: String,
    pub version: String,
    pub cpe: String,
    pub licence: String,
    /// Who supplies it: rpm's vendor.
    pub vendor: String,
    /// Of an operating system.
    pub codename: String,
    pub pretty: String,
    /// The label of a module of rpm.
    pub module: String,
    pub source: SourceWords,
    /// The files that name it.
    pub places: Vec<Place>,
    /// Its way inside an archive, behind the archive's own path.
    pub within: String,
    /// Digests of those of its files that may say something of packages.
    pub claims: Vec<(String, String)>,
    /// Whether it only holds others together.
    pub is_group: bool,
    /// Of the image itself: its layers, lowest first.
    pub layers: Vec<String>,
}

/// The source package, in as many pieces as it is told.
#[derive(Default)]
pub struct SourceWords {
    pub name: String,
    pub version: String,
    pub release: String,
    pub epoch: String,
    /// rpm's: `openssl-3.0.7-6.el9.src.rpm`.
    pub file: String,
}

/// A file and the layer that holds it, as they are written.
#[derive(Clone, Default)]
pub struct Place {
    pub path: String,
    pub layer: String,
    /// Whether the bill says that this file is the one that tells.
    pub is_first: bool,
}

/// What Syft writes in the place of the version of an archive that says none.
const UNKNOWN: &str = "UNKNOWN";

/// Why a component cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// It has neither a package URL nor a CPE.
    Unnamed,
    /// Its package URL is of a type that is not known here.
    Type(String),
    /// No version is told.
    Unversioned,
    /// Its package URL is none.
    Malformed,
}

impl Component {
    /// The kind in one spelling: `operating-system`.
    pub fn plain_kind(&self) -> String {
        let kind = self.kind.to_ascii_lowercase().replace('_', "-");
        match kind.as_str() {
            "operatingsystem" => "operating-system".to_owned(),
            _ => kind,
        }
    }

    pub fn is_system(&self) -> bool {
        self.plain_kind() == "operating-system" || self.id.starts_with("SPDXRef-OperatingSystem")
    }

    /// Whether it is nothing that could be a package: the image itself, a file, a group.
    pub fn is_no_package(&self) -> bool {
        let kinds = [
            "container",
            "file",
            "data",
            "cryptographic-asset",
            "machine-learning-model",
        ];
        let images = ["pkg:oci/", "pkg:docker/"];
        let is_image = images.iter().any(|start| self.purl.starts_with(start));
        let is_unnamed = self.purl.is_empty() && self.cpe.is_empty();
        let is_of_trivy = ["SPDXRef-ContainerImage", "SPDXRef-Application"];
        let is_other = kinds.contains(&self.plain_kind().as_str())
            || self.is_group
            || is_of_trivy.iter().any(|start| self.id.starts_with(start));
        is_image || (is_unnamed && is_other)
    }

    /// The package that it is.
    pub fn package(&self) -> Result<FoundPackage, Unmatched> {
        let mut package = match self.purl.is_empty() {
            false => self.of_purl()?,
            true => self.of_cpe()?,
        };
        if package.version == UNKNOWN {
            return Err(Unmatched::Unversioned);
        }
        if is_of_distribution(package.kind) && package.source.is_none() {
            package.source = self.source.source(&package);
        }
        if package.kind == PackageType::Rpm {
            package.module = package.module.or_else(|| word(&self.module));
            package.vendor = line(&self.vendor);
        }
        if package.kind == PackageType::Generic {
            package.cpe = vendor_and_product(&self.cpe);
        }
        Ok(FoundPackage {
            licence: self.licence.clone(),
            ..FoundPackage::from(package)
        })
    }

    fn of_purl(&self) -> Result<Package, Unmatched> {
        if let Some(package) = Package::from_purl_or(&self.purl, &self.version) {
            return Ok(package);
        }
        let kind = self.purl.trim().strip_prefix("pkg:");
        let kind = kind.map(|rest| rest.trim_start_matches('/'));
        let kind = kind.and_then(|rest| rest.split('/').next());
        let Some(kind) = kind.filter(|kind| is_unbroken(kind)) else {
            return Err(Unmatched::Malformed);
        };
        // With any version it would be one.
        match Package::from_purl_or(&self.purl, "0") {
            Some(_) => Err(Unmatched::Unversioned),
            None if kind.parse::<PackageType>().is_ok() => Err(Unmatched::Malformed),
            None => Err(Unmatched::Type(kind.chars().take(64).collect())),
        }
    }

    /// A program that is known by NVD's name for it alone.
    fn of_cpe(&self) -> Result<Package, Unmatched> {
        let product = vendor_and_product(&self.cpe);
        let name = product.as_deref().and_then(|name| name.split(':').nth(1));
        let name = name.ok_or(Unmatched::Unnamed)?;
        match is_unbroken(&self.version) {
            true => Ok(Package::new(PackageType::Generic, name, &self.version)),
            false => Err(Unmatched::Unversioned),
        }
    }

    /// A property of CycloneDX, whose names have their makers before them.
    pub fn property(&mut self, name: &str, value: &str) {
        if let Some(name) = name.strip_prefix("aquasecurity:trivy:") {
            self.trivy(name, value);
        } else if let Some(name) = name.strip_prefix("syft:distro:") {
            match name {
                "id" => value.clone_into(&mut self.name),
                "versionID" => value.clone_into(&mut self.version),
                "versionCodename" => value.clone_into(&mut self.codename),
                "prettyName" => value.clone_into(&mut self.pretty),
                _ => {}
            }
        } else if let Some(name) = name.strip_prefix("syft:metadata:") {
            self.syft(name, value);
        } else if let Some(name) = name.strip_prefix("syft:location:") {
            self.location(name, value);
        }
    }

    /// What Trivy tells of a package.
    pub fn trivy(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "SrcName" => value.clone_into(&mut self.source.name),
            "SrcVersion" => value.clone_into(&mut self.source.version),
            "SrcRelease" => value.clone_into(&mut self.source.release),
            "SrcEpoch" => value.clone_into(&mut self.source.epoch),
            "Modularitylabel" => value.clone_into(&mut self.module),
            "FilePath" => self.first_place(|place| value.clone_into(&mut place.path)),
            "LayerDiffID" => self.first_place(|place| value.clone_into(&mut place.layer)),
            "DiffID" => self.layers.push(value.to_owned()),
            "Class" => self.is_group = true,
            _ => {}
        }
    }

    /// What Syft tells of a package, by the names of its own JSON.
    pub fn syft(&mut self, name: &str, value: &str) {
        match name {
            "source" | "originPackage" => value.clone_into(&mut self.source.name),
            "sourceVersion" => value.clone_into(&mut self.source.version),
            "sourceRpm" => value.clone_into(&mut self.source.file),
            "modularityLabel" => value.clone_into(&mut self.module),
            "vendor" => value.clone_into(&mut self.vendor),
            "virtualPath" => {
                let inside = value.split_once(':').map(|(_, inside)| inside);
                inside.unwrap_or_default().clone_into(&mut self.within);
            }
            _ => {}
        }
    }

    /// `0:path`, `0:layerID`: they come in the order of their numbers.
    fn location(&mut self, name: &str, value: &str) {
        let Some((number, name)) = name.split_once(':') else {
            return;
        };
        let number: usize = number.parse().unwrap_or(usize::MAX);
        if number > self.places.len() {
            return;
        }
        if number == self.places.len() {
            self.places.push(Place::default());
        }
        let Some(place) = self.places.get_mut(number) else {
            return;
        };
        match name {
            "path" => value.clone_into(&mut place.path),
            "layerID" => value.clone_into(&mut place.layer),
            "annotations:evidence" => place.is_first = value == "primary",
            _ => {}
        }
    }

    fn first_place(&mut self, set: impl FnOnce(&mut Place)) {
        if self.places.is_empty() {
            self.places.push(Place::default());
        }
        if let Some(place) = self.places.first_mut() {
            set(place);
        }
    }

    /// What SPDX says of where a package comes from: Trivy names its source, Syft its files.
    pub fn source_info(&mut self, text: &str) {
        if let Some(source) = text.strip_prefix("built package from: ") {
            let (name, version) = source.split_once(' ').unwrap_or((source, ""));
            name.clone_into(&mut self.source.name);
            version.clone_into(&mut self.source.version);
        } else if text.starts_with("acquired package info from ")
            && let Some((_, paths)) = text.split_once(": ")
        {
            let places = paths.split(", ").map(|path| Place {
                path: path.trim().to_owned(),
                ..Place::default()
            });
            self.places
                .extend(places.filter(|place| !place.path.is_empty()));
        }
    }

    /// A remark in SPDX, where Trivy keeps what CycloneDX has properties for.
    pub fn remark(&mut self, text: &str) {
        if let Some((name, value)) = text.split_once(": ") {
            self.trivy(name.trim(), value);
        }
    }

    /// `Organization: CentOS`.
    pub fn supplier(&mut self, text: &str) {
        let name = text
            .trim()
            .strip_prefix("Organization:")
            .unwrap_or_default();
        name.trim().clone_into(&mut self.vendor);
    }
}

impl SourceWords {
    fn source(&self, package: &Package) -> Option<Source> {
        if package.kind == PackageType::Rpm && !self.file.is_empty() {
            return rpm::source(self.file.as_bytes());
        }
        let mut version = match self.version.as_str() {
            "" => package.version.clone(),
            version => version.to_owned(),
        };
        if !self.release.is_empty() {
            version = format!("{version}-{}", self.release);
        }
        if !matches!(self.epoch.as_str(), "" | "0") {
            version = format!("{}:{version}", self.epoch);
        }
        let name = self.name.clone();
        (is_unbroken(&name) && is_unbroken(&version)).then_some(Source { name, version })
    }
}

/// Whether its packages are made of source packages with names of their own.
pub fn is_of_distribution(kind: PackageType) -> bool {
    use PackageType::{Alpm, Apk, Deb, Ebuild, Opkg, Rpm};
    matches!(kind, Alpm | Apk | Deb | Ebuild | Opkg | Rpm)
}

fn word(text: &str) -> Option<String> {
    is_unbroken(text).then(|| text.to_owned())
}

fn line(text: &str) -> Option<String> {
    let is_one = !text.is_empty() && !text.contains(char::is_control) && text != "NOASSERTION";
    is_one.then(|| text.to_owned())
}

/// What a licence field says, where it says anything.
pub fn licence(text: &str) -> String {
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
