//! What is gathered from one bill while it is read.

use std::collections::{BTreeMap, HashSet};

use image::Limits;
use image::problems::Problems;
use model::{Problem, ProblemKind};

use super::component::{Component, Place, Unmatched};
use crate::cataloger::{DistroFact, Found};

/// A bill.
pub struct Bill {
    pub path: String,
    pub found: Found,
    pub problems: Problems,
    pub limits: Limits,
    /// Whether it was of a form that is known.
    pub is_bill: bool,
    /// What only a bill that is looked at itself has use for; `None` of one in an image.
    pub rest: Option<Box<Rest>>,
    /// How many attestations lie around what is read.
    pub depth: usize,
    count: usize,
}

/// What a bill says beside names and versions.
#[derive(Default)]
pub struct Rest {
    /// Of each package of `found`, in the same order.
    pub facts: Vec<Facts>,
    pub systems: Vec<DistroFact>,
    /// How many packages name a distribution in their package URLs, by its label.
    pub labels: BTreeMap<String, usize>,
    /// Components without a package URL: identifiers and names.
    pub unnamed: Vec<(String, String)>,
    /// Others that cannot be matched, by the reason.
    pub unmatched: BTreeMap<String, Tally>,
    /// What SPDX says that the document is about.
    pub roots: HashSet<String>,
    /// Whether whoever wrote it names source packages wherever they are called otherwise.
    pub names_sources: bool,
    /// Packages and those whose files they own, by identifiers.
    pub overlaps: Vec<(String, String)>,
    /// Digests of files that packages claim, as they lie in the image: `sha1:`, `sha256:`.
    pub digests: BTreeMap<String, Vec<String>>,
    /// Files that packages claim, by package and path, with the digest that they should have.
    pub claims: BTreeMap<(String, String), String>,
    /// Licences of SPDX 3: texts by identifiers, and which package has which.
    pub licences: BTreeMap<String, String>,
    pub licensed: Vec<(String, String)>,
    /// Layers, lowest first, and the image's configuration.
    pub layers: Vec<String>,
    pub config: Vec<u8>,
    /// Other documents that hold the rest.
    pub others: usize,
    /// What it says of its own completeness.
    pub incomplete: BTreeMap<String, usize>,
}

/// What is known of a package beside what it is.
pub struct Facts {
    pub id: String,
    pub places: Vec<Place>,
}

/// How many, and the first few by name.
#[derive(Default)]
pub struct Tally {
    pub count: usize,
    pub first: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < 3 {
            self.first.push(name.chars().take(100).collect());
        }
    }
}

impl Bill {
    /// One that lies in an image.
    pub fn new(path: &str, limits: &Limits) -> Bill {
        Bill {
            path: path.to_owned(),
            found: Found::default(),
            problems: Problems::new(limits.problems),
            limits: limits.clone(),
            is_bill: false,
            rest: None,
            depth: 0,
            count: 0,
        }
    }

    /// One that is looked at itself.
    pub fn whole(path: &str, limits: &Limits) -> Bill {
        Bill {
            rest: Some(Box::default()),
            ..Bill::new(path, limits)
        }
    }

    pub fn problem(&mut self, kind: ProblemKind, detail: impl Into<String>) {
        self.problems.add(kind, self.path.as_str(), detail);
    }

    pub fn add(&mut self, component: Component) {
        self.take(component, false);
    }

    /// Adds what the bill is about: it may be a package, and need not.
    pub fn add_root(&mut self, component: Component) {
        self.take(component, true);
    }

    fn take(&mut self, mut component: Component, is_root: bool) {
        self.count += 1;
        let most = self.limits.bill_components;
        if self.count > most {
            if self.count == most + 1 {
                let detail = format!("has more than {most} components: the rest was not read");
                self.problem(ProblemKind::Limit, detail);
            }
            return;
        }
        if let Some(rest) = &mut self.rest {
            rest.layers.append(&mut component.layers);
        }
        if component.is_system() && component.purl.is_empty() {
            return self.add_system(component);
        }
        match (component.package(), &mut self.rest) {
            (Ok(found), rest) => {
                if let Some(rest) = rest {
                    rest.add(component);
                }
                self.found.packages.push(found);
            }
            (Err(_), None) => {}
            (Err(_), Some(_)) if is_root || component.is_no_package() => {}
            (Err(reason), Some(rest)) => rest.leave_out(component, reason),
        }
    }

    fn add_system(&mut self, component: Component) {
        if component.name.is_empty() {
            return;
        }
        let system = DistroFact::OsRelease {
            id: component.name.to_lowercase(),
            version: component.version,
            codename: component.codename,
            pretty: component.pretty,
        };
        if let Some(rest) = &mut self.rest {
            rest.systems.push(system.clone());
        }
        self.found.distro.get_or_insert(system);
    }

    /// Takes who made it: Syft and Trivy name a source package wherever it has another name.
    pub fn creator(&mut self, name: &str) {
        let name = name.trim().to_lowercase();
        let name = name.strip_prefix("tool:").unwrap_or(&name).trim_start();
        if let Some(rest) = &mut self.rest {
            let known = ["syft", "trivy"];
            rest.names_sources |= known.iter().any(|tool| name.starts_with(tool));
        }
    }

    /// Takes what it says of its own completeness, in CycloneDX's words.
    pub fn completeness(&mut self, word: &str) {
        if let (Some(rest), true) = (&mut self.rest, word.starts_with("incomplete")) {
            let word = word.chars().take(64).collect();
            *rest.incomplete.entry(word).or_default() += 1;
        }
    }

    /// What one in an image says.
    pub fn finish(self) -> (Found, Vec<Problem>) {
        (self.found, self.problems.finish(&self.path))
    }
}

impl Rest {
    fn add(&mut self, mut component: Component) {
        if let Some(label) = super::distribution::label(&component.purl) {
            *self.labels.entry(label).or_default() += 1;
        }
        for (path, digest) in component.claims.drain(..) {
            self.digests.entry(path.clone()).or_default();
            self.claims.insert((component.id.clone(), path), digest);
        }
        if let (false, [place]) = (component.within.is_empty(), component.places.as_mut_slice()) {
            place.path = format!("{}:{}", place.path, component.within);
        }
        self.facts.push(Facts {
            id: component.id,
            places: component.places,
        });
    }

    fn leave_out(&mut self, component: Component, reason: Unmatched) {
        let name = match component.name.is_empty() {
            true => &component.purl,
            false => &component.name,
        };
        let reason = match reason {
            Unmatched::Unnamed => {
                self.unnamed.push((component.id.clone(), name.clone()));
                return;
            }
            Unmatched::Type(kind) => {
                format!("have package URLs of type '{kind}', which is not known here")
            }
            Unmatched::Unversioned => "have no version".to_owned(),
            Unmatched::Malformed => "have package URLs that cannot be read".to_owned(),
        };
        self.unmatched.entry(reason).or_default().add(name);
    }
}
