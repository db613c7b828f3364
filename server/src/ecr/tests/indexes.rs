//! What ECR's operations answer for an index.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check, code};
use crate::index::tests::{entry, on_alpine, push_index, two_platforms};
use crate::testing::{ALPINE, Server};

fn image(tag: &str) -> Value {
    json!({ "repositoryName": "app1", "imageId": { "imageTag": tag } })
}

#[tokio::test]
async fn an_index_answers_with_the_findings_of_its_images() {
    let (server, index) = two_platforms().await;
    let answer = server.ecr("DescribeImageScanFindings", image("all")).await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "imageId": {
            "imageDigest": "sha256:fa7d5bff3efb4435cc8088aea963aff2256568aa039848d3a882eb4175bbe6d9",
            "imageTag": "all"
          },
          "imageScanFindings": {
            "findingSeverityCounts": {
              "UNDEFINED": 2
            },
            "findings": [
              {
                "attributes": [
                  {
                    "key": "package_version",
                    "value": "1.36.1-r15"
                  },
                  {
                    "key": "package_name",
                    "value": "busybox"
                  },
                  {
                    "key": "fixed_in_versions",
                    "value": "1.36.1-r16"
                  },
                  {
                    "key": "status",
                    "value": "fixed"
                  },
                  {
                    "key": "advisory",
                    "value": "CVE-2023-42366"
                  },
                  {
                    "key": "platforms",
                    "value": "linux/amd64"
                  }
                ],
                "description": "",
                "name": "CVE-2023-42366",
                "severity": "UNDEFINED",
                "uri": "https://security.alpinelinux.org/vuln/CVE-2023-42366"
              },
              {
                "attributes": [
                  {
                    "key": "package_version",
                    "value": "3.1.3-r0"
                  },
                  {
                    "key": "package_name",
                    "value": "libssl3"
                  },
                  {
                    "key": "fixed_in_versions",
                    "value": "3.1.4-r0"
                  },
                  {
                    "key": "status",
                    "value": "fixed"
                  },
                  {
                    "key": "advisory",
                    "value": "CVE-2023-5363"
                  },
                  {
                    "key": "platforms",
                    "value": "linux/amd64, linux/arm64/v8"
                  }
                ],
                "description": "",
                "name": "CVE-2023-5363",
                "severity": "UNDEFINED",
                "uri": "https://security.alpinelinux.org/vuln/CVE-2023-5363"
              }
            ],
            "imageScanCompletedAt": 1795478400,
            "vulnerabilitySourceUpdatedAt": 1795392000
          },
          "imageScanStatus": {
            "description": "The scan was completed successfully. INCOMPLETE: end_of_life: linux/amd64: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained; end_of_life: linux/arm64/v8: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained",
            "status": "COMPLETE"
          },
          "registryId": "000000000000",
          "repositoryName": "app1"
        }"#]],
    );
    let mut first = image("all");
    first["maxResults"] = json!(1);
    let page = server.ecr("DescribeImageScanFindings", first.clone()).await;
    first["nextToken"] = page.1["nextToken"].clone();
    let last = server.ecr("DescribeImageScanFindings", first).await.1;
    let all = &answer.1["imageScanFindings"]["findings"];
    assert_eq!(page.1["imageScanFindings"]["findings"], json!([all[0]]));
    assert_eq!(last["imageScanFindings"]["findings"], json!([all[1]]));
    assert_eq!(last["nextToken"], Value::Null);
    let ids = json!({ "repositoryName": "app1", "imageIds": [{ "imageDigest": index }] });
    check(
        &server.ecr("DescribeImages", ids).await,
        expect![[r#"
        200
        {
          "imageDetails": [
            {
              "imageDigest": "sha256:fa7d5bff3efb4435cc8088aea963aff2256568aa039848d3a882eb4175bbe6d9",
              "imageManifestMediaType": "application/vnd.oci.image.index.v1+json",
              "imagePushedAt": 1795478400,
              "imageScanFindingsSummary": {
                "findingSeverityCounts": {
                  "UNDEFINED": 2
                },
                "imageScanCompletedAt": 1795478400,
                "vulnerabilitySourceUpdatedAt": 1795392000
              },
              "imageScanStatus": {
                "description": "The scan was completed successfully. INCOMPLETE: end_of_life: linux/amd64: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained; end_of_life: linux/arm64/v8: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained",
                "status": "COMPLETE"
              },
              "imageSizeInBytes": 0,
              "imageStatus": "ACTIVE",
              "imageTags": [
                "all"
              ],
              "registryId": "000000000000",
              "repositoryName": "app1"
            }
          ]
        }"#]],
    );
}

#[tokio::test]
async fn the_images_of_an_index_are_scanned_on_demand() {
    let server = Server::open();
    server.repository("app1", Some(false));
    server.load(&[("openssl", "3.1.4-r0", "CVE-2023-5363")]);
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let fixture = on_alpine(architecture, architecture);
        let digest = server.push_fixture("app1", architecture, &fixture).await;
        entries.push(entry(&digest, &format!("linux/{architecture}")));
    }
    let (_, answered) = push_index(&server, "all", json!(entries)).await;
    assert_eq!(answered.header("lazaret-scan-status"), "");
    let status = async || {
        let answer = server.ecr("DescribeImageScanFindings", image("all")).await;
        answer.1["imageScanStatus"].clone()
    };
    let none = code(&server, "DescribeImageScanFindings", image("all")).await;
    assert_eq!(none, "ScanNotFoundException");
    // One alone is not the whole.
    server.ecr("StartImageScan", image("amd64")).await;
    assert_eq!(status().await["status"], "PENDING");
    server.work();
    let incomplete = status().await;
    assert_eq!(incomplete["status"], "COMPLETE");
    let words = incomplete["description"].as_str().unwrap();
    assert!(words.contains("INCOMPLETE: "), "{words}");
    assert!(
        words.contains("linux/arm64: it was never scanned"),
        "{words}"
    );
    let started = server.ecr("StartImageScan", image("all")).await;
    assert_eq!(started.0, 200, "{}", started.1);
    assert_eq!(started.1["imageScanStatus"]["status"], "IN_PROGRESS");
    assert_eq!(status().await["status"], "PENDING");
    server.work();
    let whole = status().await;
    assert_eq!(whole["status"], "COMPLETE");
    assert!(!whole["description"].as_str().unwrap().contains("never"));
}

#[tokio::test]
async fn what_names_no_image_cannot_be_scanned() {
    let server = Server::open();
    push_index(&server, "empty", json!([])).await;
    for operation in ["StartImageScan", "DescribeImageScanFindings"] {
        let expected = match operation {
            "StartImageScan" => "UnsupportedImageTypeException",
            _ => "ScanNotFoundException",
        };
        assert_eq!(code(&server, operation, image("empty")).await, expected);
    }
    let answer = server
        .ecr("DescribeImages", json!({ "repositoryName": "app1" }))
        .await;
    assert_eq!(answer.1["imageDetails"][0]["imageScanStatus"], Value::Null);
}

#[tokio::test]
async fn a_platform_that_could_not_be_scanned_is_named() {
    let server = Server::open();
    server.load(&[]);
    let good = server.push("app1", "good", ALPINE).await;
    let bad = server.push("app1", "bad", "//- layer\n//- /x\nx\n").await;
    let entries = json!([entry(&good, "linux/amd64"), entry(&bad, "linux/arm/v7")]);
    push_index(&server, "some", entries).await;
    push_index(&server, "none", json!([entry(&bad, "linux/arm/v7")])).await;
    for (tag, status, begin) in [
        (
            "some",
            "COMPLETE",
            "The scan was completed successfully. INCOMPLETE: ",
        ),
        ("none", "FAILED", "linux/arm/v7: "),
    ] {
        let answer = server.ecr("DescribeImageScanFindings", image(tag)).await.1;
        assert_eq!(answer["imageScanStatus"]["status"], status);
        let words = answer["imageScanStatus"]["description"].as_str().unwrap();
        assert!(words.starts_with(begin), "{words}");
        let why = "linux/arm/v7: it could not be scanned: UnsupportedImageError";
        assert!(words.contains(why), "{words}");
    }
}
