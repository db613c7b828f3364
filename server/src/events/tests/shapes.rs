//! What every form writes, as snapshots.

use expect_test::{Expect, expect};
use model::{Digest, Severity};
use store::record::Happening;

use super::{pushed, scanned, vulnerability};
use crate::Settings;
use crate::events::message::{Message, What};
use crate::events::shape;

fn check(shape: &str, what: What, expected: Expect) {
    let message = Message {
        id: "7".to_owned(),
        at: "2026-11-24T10:20:30.123456Z".parse().unwrap(),
        what,
    };
    let settings = Settings::new("registry.example.org");
    let shape = shape::named(shape).unwrap();
    let documents = (shape.write)(&settings, &message);
    let pretty = documents.iter().map(|document| {
        let value: serde_json::Value = serde_json::from_str(&document.body).unwrap();
        let text = serde_json::to_string_pretty(&value).unwrap();
        // The digest of the fixtures stands in each of them.
        let text = text.replace(Digest::of(b"image").as_str(), "DIGEST");
        text.replace(Digest::of(b"t").as_str(), "DIGEST")
    });
    expected.assert_eq(&pretty.collect::<Vec<_>>().join("\n"));
}

fn removed() -> Happening {
    match pushed("team/a", "t") {
        Happening::Pushed(mut action) => {
            action.tag = None;
            action.artifact_type = None;
            Happening::Deleted(action)
        }
        other => other,
    }
}

fn failed() -> Happening {
    match scanned("team/a", [0; 6]) {
        Happening::Scanned(mut scan) => {
            scan.failure = Some("a layer is no archive".to_owned());
            Happening::Scanned(scan)
        }
        other => other,
    }
}

fn found() -> Happening {
    vulnerability("CVE-2026-1", Severity::High, &["a", "team/b"], &["1.3-r1"])
}

#[test]
fn cloud_events() {
    let check = |what, expected| check("cloudevents", What::Event(what), expected);
    check(
        pushed("team/a", "t"),
        expect![[r#"
        {
          "data": {
            "artifact_type": "application/vnd.oci.image.config.v1+json",
            "digest": "DIGEST",
            "media_type": "application/vnd.oci.image.manifest.v1+json",
            "repository": "team/a",
            "tag": "t"
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "subject": "team/a:t@DIGEST",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.pushed.v1"
        }"#]],
    );
    check(
        removed(),
        expect![[r#"
        {
          "data": {
            "artifact_type": null,
            "digest": "DIGEST",
            "media_type": "application/vnd.oci.image.manifest.v1+json",
            "repository": "team/a",
            "tag": null
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "subject": "team/a@DIGEST",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.deleted.v1"
        }"#]],
    );
    check(
        scanned("team/a", [1, 2, 0, 0, 0, 3]),
        expect![[r#"
        {
          "data": {
            "complete": true,
            "counts": {
              "critical": 1,
              "high": 2,
              "low": 0,
              "medium": 0,
              "negligible": 0,
              "unknown": 3
            },
            "failure": null,
            "image": "DIGEST",
            "images": [
              {
                "digest": "DIGEST",
                "repository": "team/a",
                "tags": [
                  "latest"
                ]
              }
            ]
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "subject": "DIGEST",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.scanned.v1"
        }"#]],
    );
    check(
        failed(),
        expect![[r#"
        {
          "data": {
            "complete": true,
            "counts": null,
            "failure": "a layer is no archive",
            "image": "DIGEST",
            "images": [
              {
                "digest": "DIGEST",
                "repository": "team/a",
                "tags": [
                  "latest"
                ]
              }
            ]
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "subject": "DIGEST",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.scanned.v1"
        }"#]],
    );
    check(
        found(),
        expect![[r#"
        {
          "data": {
            "aliases": [
              "GHSA-1"
            ],
            "change": "found",
            "complete": true,
            "database_revision": "r1",
            "description": "A buffer is read past its end.",
            "id": "CVE-2026-1",
            "images": [
              {
                "digest": "DIGEST",
                "repository": "a",
                "tags": [
                  "latest"
                ]
              },
              {
                "digest": "DIGEST",
                "repository": "team/b",
                "tags": [
                  "latest"
                ]
              }
            ],
            "packages": [
              {
                "fixed_in": [
                  "1.3-r1"
                ],
                "name": "zlib",
                "type": "apk",
                "version": "1.3-r0"
              }
            ],
            "reason": "new_advisory",
            "severity": "high"
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "subject": "CVE-2026-1",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.vulnerability.v1"
        }"#]],
    );
}

#[test]
fn eventbridge() {
    let check = |what, expected| check("eventbridge", What::Event(what), expected);
    check(
        pushed("team/a", "t"),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "action-type": "PUSH",
            "artifact-media-type": "application/vnd.oci.image.config.v1+json",
            "image-digest": "DIGEST",
            "image-tag": "t",
            "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
            "repository-name": "team/a",
            "result": "SUCCESS"
          },
          "detail-type": "ECR Image Action",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [],
          "source": "aws.ecr",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
    check(
        removed(),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "action-type": "DELETE",
            "image-digest": "DIGEST",
            "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
            "repository-name": "team/a",
            "result": "SUCCESS"
          },
          "detail-type": "ECR Image Action",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [],
          "source": "aws.ecr",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
    check(
        scanned("team/a", [1, 2, 0, 0, 0, 3]),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "finding-severity-counts": {
              "CRITICAL": 1,
              "HIGH": 2,
              "UNDEFINED": 3
            },
            "image-digest": "DIGEST",
            "image-tags": [
              "latest"
            ],
            "repository-name": "team/a",
            "scan-status": "COMPLETE"
          },
          "detail-type": "ECR Image Scan",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [
            "arn:aws:ecr:us-east-1:000000000000:repository/team/a"
          ],
          "source": "aws.ecr",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
    check(
        failed(),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "image-digest": "DIGEST",
            "image-tags": [
              "latest"
            ],
            "repository-name": "team/a",
            "scan-status": "FAILED"
          },
          "detail-type": "ECR Image Scan",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [
            "arn:aws:ecr:us-east-1:000000000000:repository/team/a"
          ],
          "source": "aws.ecr",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
    check(
        found(),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "aliases": [
              "GHSA-1"
            ],
            "change": "found",
            "complete": true,
            "database_revision": "r1",
            "description": "A buffer is read past its end.",
            "id": "CVE-2026-1",
            "images": [
              {
                "digest": "DIGEST",
                "repository": "a",
                "tags": [
                  "latest"
                ]
              },
              {
                "digest": "DIGEST",
                "repository": "team/b",
                "tags": [
                  "latest"
                ]
              }
            ],
            "packages": [
              {
                "fixed_in": [
                  "1.3-r1"
                ],
                "name": "zlib",
                "type": "apk",
                "version": "1.3-r0"
              }
            ],
            "reason": "new_advisory",
            "severity": "high"
          },
          "detail-type": "Lazaret Vulnerability Change",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [
            "arn:aws:ecr:us-east-1:000000000000:repository/a",
            "arn:aws:ecr:us-east-1:000000000000:repository/team/b"
          ],
          "source": "dev.lazaret",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
}

#[test]
fn what_is_no_event() {
    let test = || What::Test {
        subscription: "tell".to_owned(),
    };
    let gap = || What::Gap {
        after: 3,
        through: 6,
    };
    check(
        "cloudevents",
        gap(),
        expect![[r#"
        {
          "data": {
            "after": 3,
            "through": 6
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.gap.v1"
        }"#]],
    );
    check(
        "cloudevents",
        test(),
        expect![[r#"
        {
          "data": {
            "subscription": "tell"
          },
          "datacontenttype": "application/json",
          "id": "7",
          "source": "http://registry.example.org",
          "specversion": "1.0",
          "time": "2026-11-24T10:20:30.123456Z",
          "type": "dev.lazaret.test.v1"
        }"#]],
    );
    check(
        "eventbridge",
        gap(),
        expect![[r#"
        {
          "account": "000000000000",
          "detail": {
            "after": 3,
            "through": 6
          },
          "detail-type": "Lazaret Event Gap",
          "id": "9ddab032-1d9a-83e6-9f35-b628a431369d",
          "region": "us-east-1",
          "resources": [],
          "source": "dev.lazaret",
          "time": "2026-11-24T10:20:30Z",
          "version": "0"
        }"#]],
    );
}
