//! The document `lazaret.scan/1`, as `docs/scan.schema.json` and `docs/scan.md` describe it.

use std::io;

use model::{Coverage, DatabaseFacts, Finding, Inventory, Location, Scan, Target};
use serde::Serialize;

use crate::Options;

mod advice;
mod view;

/// The document's name and version, its `schema` field.
pub const SCHEMA: &str = "lazaret.scan/1";

/// Writes the document: two spaces per level, every field in every object, lists sorted, a newline
/// at the end. The same scan gives the same bytes; nothing in `options` changes them.
///
/// # Errors
///
/// What the output answers.
pub fn write(scan: &Scan, _options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &view::Document::of(scan))?;
    out.write_all(b"\n")
}

/// What is in an image, for [`crate::packages`].
pub(crate) fn packages<'a>(
    target: &'a Target,
    inventory: &'a Inventory,
) -> impl Serialize + use<'a> {
    view::Contents::of(target, inventory)
}

/// A finding as it stands in the document, with places of the caller's choice: for documents that
/// speak of several images.
pub fn finding<'a>(finding: &'a Finding, locations: &[&'a Location]) -> impl Serialize + use<'a> {
    view::FindingRow::at(finding, locations)
}

/// How much could be answered, as it stands in the document.
pub fn coverage(coverage: &Coverage) -> impl Serialize + use<'_> {
    view::CoverageView::of(coverage)
}

/// The advisory database, as it stands in the document.
pub fn database(database: &DatabaseFacts) -> impl Serialize + use<'_> {
    view::Database::of(database)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{options, unsupported, vulnerable, written};

    fn check(scan: &Scan, expected: Expect) {
        expected.assert_eq(&written(write, scan, &options(None)));
    }

    #[test]
    fn a_document_with_findings() {
        let mut scan = vulnerable();
        scan.findings.truncate(2);
        scan.inventory.packages[0].licence = "OpenSSL".into();
        check(
            &scan,
            expect![[r#"
                {
                  "schema": "lazaret.scan/1",
                  "target": {
                    "name": "registry.example/shop:1.0",
                    "digest": "sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f",
                    "platform": "linux/amd64"
                  },
                  "distro": {
                    "id": "debian",
                    "version": "10",
                    "codename": "",
                    "name": "Debian GNU/Linux 10 (buster)",
                    "stream": "debian:10",
                    "end_of_life": "2024-06-30"
                  },
                  "database": {
                    "revision": "sha256:3549b0028b75d981cdda2e573e9cb49dedc200185876df299f912b79f69dabd8",
                    "built": "2026-11-20T08:00:00Z",
                    "sources": [
                      {
                        "name": "debian-security-tracker",
                        "advisories": 8940,
                        "date": "2026-11-20T08:00:00Z",
                        "problems": [
                          {
                            "kind": "malformed",
                            "place": "DSA/list:120",
                            "detail": "no package name"
                          }
                        ]
                      }
                    ]
                  },
                  "coverage": {
                    "verdict": "incomplete",
                    "gaps": [
                      {
                        "kind": "end_of_life",
                        "detail": "Debian 10 gets no more fixes since 2024-06-30: what was found later is not known"
                      },
                      {
                        "kind": "undecided",
                        "detail": "curl: '1-' is not ordered by dpkg"
                      },
                      {
                        "kind": "undecided",
                        "detail": "zlib1g: 'x:1' is not ordered by dpkg"
                      }
                    ]
                  },
                  "summary": {
                    "packages": 1,
                    "findings": 2,
                    "fixable": 1,
                    "suppressed": 0,
                    "severities": {
                      "critical": 1,
                      "high": 0,
                      "medium": 1,
                      "low": 0,
                      "negligible": 0,
                      "unknown": 0
                    }
                  },
                  "layers": [],
                  "repositories": [],
                  "packages": [
                    {
                      "name": "libssl1.1",
                      "version": "1.1.1d-0+deb10u3",
                      "type": "deb",
                      "purl": "pkg:deb/debian/libssl1.1@1.1.1d-0%2Bdeb10u3?arch=amd64&distro=debian-10",
                      "source": {
                        "name": "openssl",
                        "version": "1.1.1d-0+deb10u3"
                      },
                      "arch": "amd64",
                      "module": null,
                      "vendor": null,
                      "licence": "OpenSSL",
                      "ownership": "own",
                      "path": "var/lib/dpkg/status",
                      "layer": "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
                    }
                  ],
                  "findings": [
                    {
                      "id": "CVE-2021-3711",
                      "aliases": [
                        "DSA-4963-1"
                      ],
                      "severity": "critical",
                      "cvss": 9.8,
                      "published": "2021-08-24T15:15:09Z",
                      "status": "fixed",
                      "package": {
                        "name": "libssl1.1",
                        "version": "1.1.1d-0+deb10u3",
                        "type": "deb",
                        "purl": "pkg:deb/debian/libssl1.1@1.1.1d-0%2Bdeb10u3?arch=amd64&distro=debian-10"
                      },
                      "fixed_in": [
                        "1.1.1d-0+deb10u7"
                      ],
                      "description": null,
                      "advisory": {
                        "source": "debian-security-tracker",
                        "id": "CVE-2021-3711",
                        "url": "https://security-tracker.debian.org/tracker/CVE-2021-3711"
                      },
                      "locations": [
                        {
                          "path": "var/lib/dpkg/status",
                          "layer": "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
                        }
                      ]
                    },
                    {
                      "id": "CVE-2021-3712",
                      "aliases": [
                        "DSA-4963-1"
                      ],
                      "severity": "medium",
                      "cvss": null,
                      "published": null,
                      "status": "affected",
                      "package": {
                        "name": "libssl1.1",
                        "version": "1.1.1d-0+deb10u3",
                        "type": "deb",
                        "purl": "pkg:deb/debian/libssl1.1@1.1.1d-0%2Bdeb10u3?arch=amd64&distro=debian-10"
                      },
                      "fixed_in": [],
                      "description": null,
                      "advisory": {
                        "source": "debian-security-tracker",
                        "id": "CVE-2021-3712",
                        "url": "https://security-tracker.debian.org/tracker/CVE-2021-3712"
                      },
                      "locations": [
                        {
                          "path": "var/lib/dpkg/status",
                          "layer": "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
                        }
                      ]
                    }
                  ],
                  "suppressed": [],
                  "stated": [],
                  "advice": {
                    "clears": 1,
                    "stays": 1,
                    "packages": [
                      {
                        "name": "libssl1.1",
                        "version": "1.1.1d-0+deb10u3",
                        "type": "deb",
                        "installed": [
                          "libssl1.1"
                        ],
                        "target": "1.1.1d-0+deb10u7",
                        "same_major": null,
                        "clears": [
                          "CVE-2021-3711"
                        ],
                        "stays": [
                          {
                            "id": "CVE-2021-3712",
                            "why": "affected"
                          }
                        ],
                        "locations": [
                          {
                            "path": "var/lib/dpkg/status",
                            "layer": "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
                          }
                        ]
                      }
                    ],
                    "steps": [
                      {
                        "layers": [
                          "sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85"
                        ],
                        "actions": [
                          {
                            "place": "hand",
                            "text": "No package manager for deb is in the image: build it upon a newer base image, or put the newer packages in from another stage."
                          }
                        ],
                        "packages": [
                          {
                            "name": "libssl1.1",
                            "version": "1.1.1d-0+deb10u3",
                            "type": "deb"
                          }
                        ]
                      }
                    ]
                  }
                }
            "#]],
        );
    }

    #[test]
    fn what_is_unknown_is_null() {
        check(
            &unsupported(),
            expect![[r#"
                {
                  "schema": "lazaret.scan/1",
                  "target": {
                    "name": "registry.example/shop:1.0",
                    "digest": null,
                    "platform": null
                  },
                  "distro": null,
                  "database": {
                    "revision": "sha256:3549b0028b75d981cdda2e573e9cb49dedc200185876df299f912b79f69dabd8",
                    "built": null,
                    "sources": [
                      {
                        "name": "debian-security-tracker",
                        "advisories": 8940,
                        "date": "2026-11-20T08:00:00Z",
                        "problems": []
                      }
                    ]
                  },
                  "coverage": {
                    "verdict": "unsupported",
                    "gaps": [
                      {
                        "kind": "no_package_database",
                        "detail": "no package database was found"
                      }
                    ]
                  },
                  "summary": {
                    "packages": 0,
                    "findings": 0,
                    "fixable": 0,
                    "suppressed": 0,
                    "severities": {
                      "critical": 0,
                      "high": 0,
                      "medium": 0,
                      "low": 0,
                      "negligible": 0,
                      "unknown": 0
                    }
                  },
                  "layers": [],
                  "repositories": [],
                  "packages": [],
                  "findings": [],
                  "suppressed": [],
                  "stated": [],
                  "advice": {
                    "clears": 0,
                    "stays": 0,
                    "packages": [],
                    "steps": []
                  }
                }
            "#]],
        );
    }

    #[test]
    fn neither_the_options_nor_the_order_change_it() {
        let mut turned = vulnerable();
        turned.findings.reverse();
        turned.coverage.gaps.reverse();
        let mut other = options(Some(60));
        other.color = true;
        other.now = "2030-01-01T00:00:00Z".parse().unwrap();
        let expected = written(write, &vulnerable(), &options(None));
        assert_eq!(written(write, &turned, &other), expected);
        assert!(expected.ends_with("}\n"));
    }
}
