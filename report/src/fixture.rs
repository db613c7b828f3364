//! Scans that the tests of this crate write out.
//!
//! Facts after the Alpine security database (3.14) and the Debian security tracker, 2026-11.

use model::coverage::Completeness;
use model::{
    AdvisoryRef, Coverage, Cvss, DatabaseFacts, Digest, Distro, Finding, Gap, GapKind, ImageLayer,
    Installed, Inventory, Location, Ownership, Package, PackageType, Platform, Problem,
    ProblemKind, Scan, Severity, Source, SourceFacts, Stated, Status, SuppressedFinding,
    Suppression, Target, VexStatement, VexStatus,
};

use crate::Options;

pub fn options(width: Option<u16>) -> Options {
    Options {
        now: "2026-11-23T12:00:00Z".parse().unwrap(),
        width,
        color: false,
    }
}

/// What a writer writes, as text.
pub fn written(write: crate::Write, scan: &Scan, options: &Options) -> String {
    let mut bytes = Vec::new();
    write(scan, options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub fn package(name: &str, version: &str) -> Package {
    Package {
        architecture: Some("amd64".into()),
        ..Package::new(PackageType::Deb, name, version)
    }
}

pub fn finding(
    id: &str,
    severity: Severity,
    status: Status,
    of: Package,
    fixed: &[&str],
) -> Finding {
    Finding {
        id: id.into(),
        aliases: vec!["DSA-4963-1".into()],
        severity,
        cvss: None,
        published: None,
        status,
        purl: of.purl(Some(&Distro::new("debian", "10"))),
        package: of,
        fixed_in: fixed.iter().map(ToString::to_string).collect(),
        description: String::new(),
        advisory: AdvisoryRef {
            source: "debian-security-tracker".into(),
            id: id.into(),
            url: Some(format!("https://security-tracker.debian.org/tracker/{id}")),
        },
        locations: vec![Location {
            path: "var/lib/dpkg/status".into(),
            layer: Some(Digest::of(b"layer")),
        }],
    }
}

/// A complete scan that found nothing.
pub fn clean() -> Scan {
    Scan {
        target: Target {
            name: "registry.example/shop:1.0".into(),
            digest: Some(Digest::of(b"manifest")),
            platform: Some(Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: None,
            }),
        },
        database: DatabaseFacts {
            revision: Digest::of(b"database").to_string(),
            built: Some("2026-11-20T08:00:00Z".parse().unwrap()),
            sources: vec![SourceFacts {
                name: "debian-security-tracker".into(),
                advisories: 8940,
                date: Some("2026-11-20T08:00:00Z".parse().unwrap()),
                problems: vec![],
            }],
        },
        coverage: Coverage::from_gaps(vec![], true),
        inventory: Inventory {
            repositories: Vec::new(),
            layers: Vec::new(),
            distro: Some(Distro {
                pretty: "Debian GNU/Linux 12 (bookworm)".into(),
                codename: "bookworm".into(),
                ..Distro::new("debian", "12")
            }),
            packages: vec![Installed {
                package: Package {
                    source: Some(Source {
                        name: "openssl".into(),
                        version: "1.1.1d-0+deb10u3".into(),
                    }),
                    ..package("libssl1.1", "1.1.1d-0+deb10u3")
                },
                path: "var/lib/dpkg/status".into(),
                layer: Some(Digest::of(b"layer")),
                ownership: Ownership::Own,
                licence: String::new(),
            }],
            databases: vec!["var/lib/dpkg/status".into()],
            problems: vec![],
        },
        findings: vec![],
        suppressed: vec![],
        stated: vec![],
    }
}

/// An incomplete scan with findings of most kinds.
pub fn vulnerable() -> Scan {
    let mut scan = clean();
    let openssl = || package("libssl1.1", "1.1.1d-0+deb10u3");
    scan.inventory.distro = Some(Distro {
        pretty: "Debian GNU/Linux 10 (buster)".into(),
        ..Distro::new("debian", "10")
    });
    scan.database.sources[0].problems = vec![Problem::new(
        ProblemKind::Malformed,
        "DSA/list:120",
        "no package name",
    )];
    scan.coverage = Coverage::from_gaps(
        vec![
            Gap::new(
                GapKind::EndOfLife,
                "Debian 10 gets no more fixes since 2024-06-30: what was found later is not known",
            ),
            Gap::new(GapKind::Undecided, "zlib1g: 'x:1' is not ordered by dpkg"),
            Gap::new(GapKind::Undecided, "curl: '1-' is not ordered by dpkg"),
        ],
        true,
    );
    scan.findings = vec![
        finding(
            "CVE-2021-3712",
            Severity::Medium,
            Status::Affected,
            openssl(),
            &[],
        ),
        finding(
            "CVE-2021-3711",
            Severity::Critical,
            Status::Fixed,
            openssl(),
            &["1.1.1d-0+deb10u7"],
        ),
        finding(
            "CVE-2020-0001",
            Severity::Unknown,
            Status::WillNotFix,
            package(
                "golang-github-example-a-very-long-library-name-dev",
                "0.0~git20160722.0.1b6d4b1+dfsg1-1.1+deb10u2",
            ),
            &["0.0~git20200101.0.abcdef0+dfsg1-1", "1:2.0-1"],
        ),
    ];
    scan.findings[1].cvss = Cvss::from_tenths(98);
    scan.findings[1].published = "2021-08-24T15:15:09Z".parse().ok();
    scan
}

/// The build commands of [`layered`]'s layers, as two builders write them.
const COMMANDS: [&str; 3] = [
    "/bin/sh -c #(nop) ADD file:d2abf27fe2e8b0b5f4da68c018560c73e11c53098329246e3e6fe1 in / ",
    "RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
    "COPY . /app # buildkit",
];

/// An image of three layers, with findings in packages of the distribution and of Node.
pub fn layered() -> Scan {
    let mut scan = clean();
    scan.inventory.layers = COMMANDS
        .map(|command| ImageLayer {
            diff_id: Digest::of(command.as_bytes()),
            command: command.into(),
        })
        .into();
    let apt = scan.inventory.packages.first().cloned();
    scan.inventory.packages.extend(apt.map(|row| Installed {
        package: package("apt", "2.6.1"),
        ..row
    }));
    scan.findings = layered_findings();
    scan
}

fn layered_findings() -> Vec<Finding> {
    let npm = |name: &str, version: &str| Package::new(PackageType::Npm, name, version);
    let mut openssl = package("libssl3", "3.0.9-1");
    openssl.source = Some(Source {
        name: "openssl".into(),
        version: "3.0.9-1".into(),
    });
    let curl = package("curl", "7.88.1-10");
    let zlib = package("zlib1g", "1:1.2.13");
    let json5 = "app/node_modules/got/node_modules/json5/package.json";
    let lodash = "app/node_modules/lodash/package.json";
    let deb = "var/lib/dpkg/status";
    let no: &[&str] = &[];
    let rows = [
        (
            0,
            deb,
            "CVE-2023-5363",
            Status::Fixed,
            openssl.clone(),
            &["3.0.11-1~deb12u2"][..],
        ),
        (0, deb, "CVE-2023-5678", Status::Deferred, openssl, no),
        (
            1,
            deb,
            "CVE-2023-38545",
            Status::Fixed,
            curl,
            &["7.88.1-10+deb12u4"],
        ),
        (0, deb, "CVE-2023-45853", Status::WillNotFix, zlib, no),
        (
            2,
            lodash,
            "CVE-2021-23337",
            Status::Fixed,
            npm("lodash", "4.17.20"),
            &["4.17.21"],
        ),
        (
            2,
            json5,
            "CVE-2022-46175",
            Status::Fixed,
            npm("json5", "1.0.1"),
            &["2.2.2"],
        ),
    ];
    let rows = rows
        .into_iter()
        .map(|(layer, path, id, status, of, fixed)| {
            let mut row = finding(id, Severity::High, status, of, fixed);
            row.locations[0].layer = Some(Digest::of(COMMANDS[layer].as_bytes()));
            row.locations[0].path = path.into();
            row
        });
    rows.collect()
}

/// A scan of which all findings but one are suppressed, and that one is spoken of.
pub fn suppressed() -> Scan {
    let mut scan = vulnerable();
    let said = |status, justification: &str| VexStatement {
        document: "https://shop.example/vex/1".into(),
        source: "shop.openvex.json".into(),
        author: "Shop".into(),
        status,
        justification: justification.into(),
        said_at: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    let ignored = Suppression::Ignore {
        rule: "lazaret.toml line 3".into(),
        reason: "the parser is never called".into(),
        expires_at: "2027-01-01T00:00:00Z".parse().ok(),
    };
    let stated = said(VexStatus::NotAffected, "component_not_present");
    let by = [ignored, Suppression::Vex(stated)];
    let taken = scan.findings.split_off(1).into_iter().zip(by);
    scan.suppressed = taken
        .map(|(finding, by)| SuppressedFinding { finding, by })
        .collect();
    scan.stated = vec![Stated {
        id: scan.findings[0].id.clone(),
        package: "libssl1.1".into(),
        version: "1.1.1d-0+deb10u3".into(),
        statement: said(VexStatus::UnderInvestigation, ""),
    }];
    scan
}

/// An image with nothing to look at.
pub fn unsupported() -> Scan {
    let mut scan = clean();
    scan.target.digest = None;
    scan.target.platform = None;
    scan.database.built = None;
    scan.inventory = Inventory::default();
    let gap = Gap::new(GapKind::NoPackageDatabase, "no package database was found");
    scan.coverage = Coverage::from_gaps(vec![gap], false);
    assert_eq!(scan.coverage.verdict, Completeness::Unsupported);
    scan
}
