//! What is scanned in the whole registry, and the account's settings.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check, code};
use crate::testing::{ALPINE, Server};

#[tokio::test]
async fn before_anybody_sets_rules_everything_is_scanned_on_push() {
    let server = Server::open();
    let answer = server
        .ecr("GetRegistryScanningConfiguration", json!({}))
        .await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "registryId": "000000000000",
          "scanningConfiguration": {
            "rules": [
              {
                "repositoryFilters": [
                  {
                    "filter": "*",
                    "filterType": "WILDCARD"
                  }
                ],
                "scanFrequency": "SCAN_ON_PUSH"
              }
            ],
            "scanType": "BASIC"
          }
        }"#]],
    );
    server.repository("team/app", None);
    server.repository("team/quiet", Some(false));
    let names = json!({ "repositoryNames": ["team/app", "team/quiet", "nn"] });
    let answer = server
        .ecr("BatchGetRepositoryScanningConfiguration", names)
        .await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "failures": [
            {
              "failureCode": "REPOSITORY_NOT_FOUND",
              "failureReason": "The repository does not exist in the registry.",
              "repositoryName": "nn"
            }
          ],
          "scanningConfigurations": [
            {
              "appliedScanFilters": [
                {
                  "filter": "*",
                  "filterType": "WILDCARD"
                }
              ],
              "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/app",
              "repositoryName": "team/app",
              "scanFrequency": "SCAN_ON_PUSH",
              "scanOnPush": true
            },
            {
              "appliedScanFilters": [],
              "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/quiet",
              "repositoryName": "team/quiet",
              "scanFrequency": "MANUAL",
              "scanOnPush": false
            }
          ]
        }"#]],
    );
}

fn rule(frequency: &str, filters: &[&str]) -> Value {
    let filter = |text: &&str| json!({ "filter": text, "filterType": "WILDCARD" });
    json!({
        "scanFrequency": frequency,
        "repositoryFilters": filters.iter().map(filter).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn rules_say_what_is_scanned() {
    let server = Server::open();
    let rules = json!({
        "scanType": "ENHANCED",
        "rules": [rule("SCAN_ON_PUSH", &["*"]), rule("CONTINUOUS_SCAN", &["prod", "team/*"])],
    });
    let answer = server.ecr("PutRegistryScanningConfiguration", rules).await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "registryScanningConfiguration": {
            "rules": [
              {
                "repositoryFilters": [
                  {
                    "filter": "*",
                    "filterType": "WILDCARD"
                  }
                ],
                "scanFrequency": "SCAN_ON_PUSH"
              },
              {
                "repositoryFilters": [
                  {
                    "filter": "prod",
                    "filterType": "WILDCARD"
                  },
                  {
                    "filter": "team/*",
                    "filterType": "WILDCARD"
                  }
                ],
                "scanFrequency": "CONTINUOUS_SCAN"
              }
            ],
            "scanType": "ENHANCED"
          }
        }"#]],
    );
    let read = server
        .ecr("GetRegistryScanningConfiguration", json!({}))
        .await;
    let put = &answer.1["registryScanningConfiguration"];
    assert_eq!(&read.1["scanningConfiguration"], put);
    server.repository("team/prod", None);
    let names = json!({ "repositoryNames": ["team/prod"] });
    let effect = server
        .ecr("BatchGetRepositoryScanningConfiguration", names)
        .await;
    check(
        &effect,
        expect![[r#"
        200
        {
          "failures": [],
          "scanningConfigurations": [
            {
              "appliedScanFilters": [
                {
                  "filter": "prod",
                  "filterType": "WILDCARD"
                },
                {
                  "filter": "team/*",
                  "filterType": "WILDCARD"
                }
              ],
              "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/prod",
              "repositoryName": "team/prod",
              "scanFrequency": "CONTINUOUS_SCAN",
              "scanOnPush": true
            }
          ]
        }"#]],
    );
}

#[tokio::test]
async fn what_no_rule_fits_is_scanned_when_somebody_asks() {
    let server = Server::open();
    let basic = json!({ "scanType": "BASIC", "rules": [] });
    server.ecr("PutRegistryScanningConfiguration", basic).await;
    server.push("team/app", "latest", ALPINE).await;
    let image = json!({ "repositoryName": "team/app", "imageId": { "imageTag": "latest" } });
    let found = code(&server, "DescribeImageScanFindings", image.clone()).await;
    assert_eq!(found, "ScanNotFoundException");
    assert_eq!(server.ecr("StartImageScan", image.clone()).await.0, 200);
    server.work();
    let found = server.ecr("DescribeImageScanFindings", image).await;
    assert_eq!(found.1["imageScanStatus"]["status"], "COMPLETE");
}

#[tokio::test]
async fn a_repository_that_is_scanned_from_now_on_is_scanned_as_it_is() {
    let server = Server::open();
    server.repository("team/app", Some(false));
    let image = server.push("team/app", "latest", ALPINE).await;
    let scanned = || {
        server.work();
        server.app.store.metadata.scan(&image).unwrap().is_some()
    };
    let set = |scan: bool| {
        json!({
            "repositoryName": "team/app",
            "imageScanningConfiguration": { "scanOnPush": scan },
        })
    };
    let operation = "PutImageScanningConfiguration";
    server.ecr(operation, set(false)).await;
    assert!(!scanned());
    server.ecr(operation, set(true)).await;
    assert!(scanned());
}

#[tokio::test]
async fn rules_that_cannot_be_are_refused() {
    let server = Server::open();
    let put = |kind: &str, rules: Vec<Value>| json!({ "scanType": kind, "rules": rules });
    let many = vec!["a"; 101];
    let mut typed = rule("SCAN_ON_PUSH", &["a"]);
    typed["repositoryFilters"][0]["filterType"] = json!("PREFIX");
    let twice = vec![rule("SCAN_ON_PUSH", &["a"]), rule("SCAN_ON_PUSH", &["b"])];
    let cases = [
        put("NONE", vec![]),
        put("BASIC", vec![rule("CONTINUOUS_SCAN", &["*"])]),
        put("ENHANCED", vec![rule("MANUAL", &["*"])]),
        put("BASIC", vec![rule("SOMETIMES", &["*"])]),
        put("BASIC", vec![rule("SCAN_ON_PUSH", &["-a"])]),
        put("BASIC", vec![rule("SCAN_ON_PUSH", &many)]),
        put("BASIC", vec![typed]),
        put("BASIC", twice),
        put("BASIC", vec![rule("SCAN_ON_PUSH", &["a"]); 101]),
    ];
    for input in cases {
        assert_eq!(
            code(&server, "PutRegistryScanningConfiguration", input.clone()).await,
            "InvalidParameterException",
            "{input}"
        );
    }
    for names in [json!([]), json!(vec!["a1"; 26]), json!(["A"])] {
        let input = json!({ "repositoryNames": names });
        assert_eq!(
            code(&server, "BatchGetRepositoryScanningConfiguration", input).await,
            "InvalidParameterException"
        );
    }
}

#[tokio::test]
async fn settings_of_the_account_are_kept() {
    let server = Server::open();
    let cases = [
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE", "AWS_NATIVE"),
        ("BLOB_MOUNTING", "ENABLED", "DISABLED"),
        ("REGISTRY_POLICY_SCOPE", "V2", "V1"),
    ];
    for (name, unset, value) in cases {
        let get = json!({ "name": name });
        let before = server.ecr("GetAccountSetting", get.clone()).await;
        assert_eq!(before, (200, json!({ "name": name, "value": unset })));
        let put = json!({ "name": name, "value": value });
        let answer = server.ecr("PutAccountSetting", put.clone()).await;
        assert_eq!(answer, (200, put.clone()));
        assert_eq!(server.ecr("GetAccountSetting", get).await, (200, put));
    }
    let clair = json!({ "name": "BASIC_SCAN_TYPE_VERSION", "value": "CLAIR" });
    for (operation, input) in [
        ("PutAccountSetting", clair),
        ("PutAccountSetting", json!({ "name": "X", "value": "V1" })),
        ("GetAccountSetting", json!({ "name": "X" })),
    ] {
        assert_eq!(
            code(&server, operation, input).await,
            "InvalidParameterException"
        );
    }
}
