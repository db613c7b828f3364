//! Findings for the tests of this crate.

use model::{AdvisoryRef, Finding, Package, PackageType, Severity, Status};

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
        package: Package {
            kind: PackageType::Deb,
            name: "curl".into(),
            version: "1.0".into(),
            source: None,
            architecture: None,
        },
        purl: None,
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
