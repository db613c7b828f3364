//! Whole deliveries, over loopback to a receiver in the test.

mod answers;
mod api;
mod delivery;
mod receiver;
mod shapes;

use model::{Change, Digest, Reason, Severity};
use store::record::{
    ChangedPackage, Happening, ImageAction, ImagePlace, ScanEnded, VulnerabilityChange,
};

pub fn pushed(repository: &str, tag: &str) -> Happening {
    Happening::Pushed(ImageAction {
        repository: repository.parse().unwrap(),
        digest: Digest::of(tag.as_bytes()),
        tag: Some(tag.parse().unwrap()),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        artifact_type: Some("application/vnd.oci.image.config.v1+json".to_owned()),
    })
}

pub fn scanned(repository: &str, counts: [u64; 6]) -> Happening {
    Happening::Scanned(ScanEnded {
        image: Digest::of(b"image"),
        places: vec![place(repository)],
        complete: true,
        failure: None,
        counts,
    })
}

fn place(repository: &str) -> ImagePlace {
    ImagePlace {
        repository: repository.parse().unwrap(),
        digest: Digest::of(b"image"),
        tags: vec!["latest".parse().unwrap()],
    }
}

pub fn vulnerability(
    id: &str,
    severity: Severity,
    repositories: &[&str],
    fixed_in: &[&str],
) -> Happening {
    Happening::Vulnerability(VulnerabilityChange {
        id: id.to_owned(),
        aliases: vec!["GHSA-1".to_owned()],
        change: Change::Found,
        reason: Reason::NewAdvisory,
        severity,
        description: "A buffer is read past its end.".to_owned(),
        packages: vec![ChangedPackage {
            kind: "apk".to_owned(),
            name: "zlib".to_owned(),
            version: "1.3-r0".to_owned(),
            fixed_in: fixed_in.iter().map(|&version| version.to_owned()).collect(),
        }],
        places: repositories.iter().map(|&name| place(name)).collect(),
        complete: true,
        database_revision: "r1".to_owned(),
    })
}
