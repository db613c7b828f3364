//! Facts for the tests of this crate.

use jiff::Timestamp;
use model::coverage::Completeness;
use model::{
    AdvisoryRef, Coverage, Finding, Installed, Inventory, Ownership, Package, PackageType,
    Severity, Status,
};

use crate::{Facts, Form, Limits, Policy, State, Subject};

pub fn now() -> Timestamp {
    "2026-06-15T00:00:00Z".parse().unwrap()
}

pub fn finding(id: &str, severity: Severity, fixed_in: &[&str]) -> Finding {
    Finding {
        id: id.into(),
        aliases: vec![],
        severity,
        cvss: None,
        published: None,
        status: match fixed_in.is_empty() {
            true => Status::Affected,
            false => Status::Fixed,
        },
        package: package("curl", "1.0"),
        purl: Some("pkg:deb/debian/curl@1.0?distro=debian-12".into()),
        fixed_in: fixed_in.iter().map(ToString::to_string).collect(),
        description: String::new(),
        advisory: AdvisoryRef {
            source: "feed".into(),
            id: id.into(),
            url: None,
        },
        locations: vec![],
    }
}

pub fn package(name: &str, version: &str) -> Package {
    Package::new(PackageType::Deb, name, version)
}

pub fn installed(name: &str, licence: &str) -> Installed {
    Installed {
        package: package(name, "1.0"),
        path: "var/lib/dpkg/status".into(),
        layer: None,
        ownership: Ownership::Own,
        licence: licence.into(),
    }
}

static COMPLETE: Coverage = Coverage {
    verdict: Completeness::Complete,
    gaps: Vec::new(),
};
static EMPTY: Inventory = Inventory {
    repositories: Vec::new(),
    layers: Vec::new(),
    distro: None,
    packages: Vec::new(),
    databases: Vec::new(),
    problems: Vec::new(),
};

/// A scanned image in which nothing was found.
pub fn facts() -> Facts<'static> {
    Facts {
        subject: Subject::default(),
        state: State::Done,
        findings: &[],
        attached: None,
        exploitation: &[],
        coverage: &COMPLETE,
        inventory: &EMPTY,
        database: Some(now()),
        unknown: &[],
        signed: Some(true),
    }
}

/// A policy of rules in TOML.
pub fn policy(rules: &str) -> Policy {
    let text = format!("name = 'p'\n{rules}");
    Policy::read(&text, Form::Toml, &Limits::default()).unwrap()
}
