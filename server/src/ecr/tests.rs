//! Each operation in-process: what a client sends, and the whole answer.

mod indexes;
mod mutability;
mod scanning;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Answer, Bytes, Context, OPERATIONS, Principal, TARGET_PREFIX};
use crate::auth::Proof;
use crate::testing::{ALPINE, Server};

fn check(answer: &(u16, Value), expected: Expect) {
    let text = serde_json::to_string_pretty(&answer.1).unwrap();
    expected.assert_eq(&format!("{}\n{text}", answer.0));
}

/// The code of an error; the status is 400 for all of the client's.
async fn code(server: &Server, operation: &str, input: Value) -> String {
    let (status, body) = server.ecr(operation, input).await;
    assert_eq!(status, 400, "{body}");
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    body["__type"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_repository_is_made_described_and_deleted() {
    let server = Server::open();
    let made = server
        .ecr("CreateRepository", json!({ "repositoryName": "team/app" }))
        .await;
    check(
        &made,
        expect![[r#"
        200
        {
          "repository": {
            "createdAt": 1795478400,
            "encryptionConfiguration": {
              "encryptionType": "AES256"
            },
            "imageScanningConfiguration": {
              "scanOnPush": false
            },
            "imageTagMutability": "MUTABLE",
            "registryId": "000000000000",
            "repositoryArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/app",
            "repositoryName": "team/app",
            "repositoryUri": "localhost:5000/team/app"
          }
        }"#]],
    );
    let name = json!({ "repositoryName": "team/app" });
    assert_eq!(
        code(&server, "CreateRepository", name.clone()).await,
        "RepositoryAlreadyExistsException"
    );
    let listed = server.ecr("DescribeRepositories", json!({})).await.1;
    assert_eq!(listed["repositories"], json!([made.1["repository"]]));
    let set = json!({
        "repositoryName": "team/app",
        "imageScanningConfiguration": { "scanOnPush": true },
    });
    let answer = server.ecr("PutImageScanningConfiguration", set).await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "imageScanningConfiguration": {
            "scanOnPush": true
          },
          "registryId": "000000000000",
          "repositoryName": "team/app"
        }"#]],
    );
    server.push("team/app", "latest", ALPINE).await;
    assert_eq!(
        code(&server, "DeleteRepository", name.clone()).await,
        "RepositoryNotEmptyException"
    );
    let force = json!({ "repositoryName": "team/app", "force": true });
    assert_eq!(server.ecr("DeleteRepository", force).await.0, 200);
    assert_eq!(
        code(&server, "DeleteRepository", name).await,
        "RepositoryNotFoundException"
    );
}

#[tokio::test]
async fn a_body_without_credentials_is_not_waited_for() {
    let server = Server::with(|_| {});
    let body = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let request = Request::post("/")
        .header("host", "localhost:5000")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("{TARGET_PREFIX}ListImages"));
    let answered = server.request(request.body(body).unwrap()).await;
    assert_eq!(answered.status, 400, "{}", answered.body);
    assert_eq!(
        answered.json()["__type"],
        "MissingAuthenticationTokenException"
    );
}

#[tokio::test]
async fn wrong_parameters_are_told_apart() {
    let server = Server::open();
    server.repository("a1", None);
    let name = |name: &str| json!({ "repositoryName": name });
    let image = json!({ "repositoryName": "a1", "imageId": { "imageTag": "none" } });
    let both = json!({ "repositoryNames": ["a1"], "maxResults": 5 });
    let cases = [
        ("CreateRepository", name("A"), "InvalidParameterException"),
        ("CreateRepository", name("a"), "InvalidParameterException"),
        ("CreateRepository", json!({}), "SerializationException"),
        (
            "CreateRepository",
            json!({ "repositoryName": "b1", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION" }),
            "InvalidParameterException",
        ),
        ("DescribeRepositories", both, "InvalidParameterException"),
        (
            "DescribeRepositories",
            json!({ "maxResults": 0 }),
            "InvalidParameterException",
        ),
        (
            "DescribeRepositories",
            json!({ "nextToken": "!" }),
            "InvalidParameterException",
        ),
        (
            "DescribeRepositories",
            json!({ "repositoryNames": ["nn"] }),
            "RepositoryNotFoundException",
        ),
        (
            "DescribeRepositories",
            json!({ "registryId": "111111111111" }),
            "RepositoryNotFoundException",
        ),
        ("ListImages", name("nn"), "RepositoryNotFoundException"),
        ("StartImageScan", image.clone(), "ImageNotFoundException"),
        ("DescribeImageScanFindings", image, "ImageNotFoundException"),
        (
            "StartImageScan",
            json!({ "repositoryName": "a1", "imageId": {} }),
            "InvalidParameterException",
        ),
        (
            "BatchDeleteImage",
            json!({ "repositoryName": "a1", "imageIds": [] }),
            "InvalidParameterException",
        ),
        (
            "PutLifecyclePolicy",
            name("a1"),
            "UnknownOperationException",
        ),
    ];
    for (operation, input, expected) in cases {
        assert_eq!(
            code(&server, operation, input.clone()).await,
            expected,
            "{operation} {input}"
        );
    }
}

#[tokio::test]
async fn repositories_come_page_by_page() {
    let server = Server::open();
    for name in ["r1", "r2", "r3", "r4", "r5"] {
        server.repository(name, None);
    }
    let (mut names, mut token) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let input = json!({ "maxResults": 2, "nextToken": token });
        let page = server.ecr("DescribeRepositories", input).await.1;
        for row in page["repositories"].as_array().unwrap() {
            names.push(row["repositoryName"].as_str().unwrap().to_owned());
        }
        token = page["nextToken"].clone();
    }
    assert_eq!(
        (names.join(" ").as_str(), token),
        ("r1 r2 r3 r4 r5", Value::Null)
    );
}

#[tokio::test]
async fn images_are_listed_by_digest_and_tag_in_pages_of_any_size() {
    let server = Server::open();
    for tag in ["a", "b", "c"] {
        server.push("app1", tag, ALPINE).await;
    }
    let other = server
        .push("app1", "d", &ALPINE.replace("1.3-r0", "1.4-r0"))
        .await;
    let tag = "d".parse().unwrap();
    server
        .app
        .store
        .metadata
        .delete_tag(&"app1".parse().unwrap(), &tag, server.app.clock.now())
        .unwrap();
    for size in 1..=5 {
        let (mut pairs, mut token) = (Vec::new(), Value::Null);
        loop {
            let input = json!({ "repositoryName": "app1", "maxResults": size, "nextToken": token });
            let page = server.ecr("ListImages", input).await.1;
            let ids = page["imageIds"].as_array().unwrap();
            assert!(ids.len() <= size);
            pairs.extend(
                ids.iter()
                    .map(|id| id["imageTag"].as_str().unwrap_or("-").to_owned()),
            );
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        pairs.sort();
        assert_eq!(pairs.join(" "), "- a b c", "page size {size}");
    }
    let untagged = json!({ "repositoryName": "app1", "filter": { "tagStatus": "UNTAGGED" } });
    let answer = server.ecr("DescribeImages", untagged).await.1;
    assert_eq!(answer["imageDetails"][0]["imageDigest"], other.as_str());
    assert_eq!(answer["imageDetails"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_of_images_begins_where_the_last_one_ended_whatever_was_deleted() {
    let server = Server::open();
    let repository = "app1".parse().unwrap();
    let images = [ALPINE.to_owned(), ALPINE.replace("1.3-r0", "1.4-r0")];
    let mut digests = Vec::new();
    for (image, text) in images.iter().enumerate() {
        for tag in ["a", "b", "c"] {
            digests.push(server.push("app1", &format!("{tag}{image}"), text).await);
        }
    }
    let first = digests.iter().min().unwrap().clone();
    let tags = if first == digests[0] { "0" } else { "1" };
    let list = async |token: Value| {
        let input = json!({ "repositoryName": "app1", "maxResults": 2, "nextToken": token });
        server.ecr("ListImages", input).await.1
    };
    let token = list(Value::Null).await["nextToken"].clone();
    let metadata = &server.app.store.metadata;
    metadata
        .delete_tag(
            &repository,
            &format!("a{tags}").parse().unwrap(),
            server.app.clock.now(),
        )
        .unwrap();
    let page = list(token.clone()).await;
    assert_eq!(page["imageIds"][0]["imageTag"], format!("c{tags}"));
    assert_eq!(page["imageIds"].as_array().unwrap().len(), 2);
    metadata
        .delete_manifest(&repository, &first, server.app.clock.now())
        .unwrap();
    let page = list(token).await;
    let other = if tags == "0" { "1" } else { "0" };
    assert_eq!(page["imageIds"][0]["imageTag"], format!("a{other}"));
    let last = list(page["nextToken"].clone()).await;
    assert_eq!(last["imageIds"][0]["imageTag"], format!("c{other}"));
    assert_eq!(last["nextToken"], Value::Null);
}

#[tokio::test]
async fn images_are_deleted_by_tag_and_by_digest() {
    let server = Server::open();
    let digest = server.push("app1", "a", ALPINE).await;
    server.push("app1", "b", ALPINE).await;
    let delete = async |id: Value| {
        let input = json!({ "repositoryName": "app1", "imageIds": [id] });
        server.ecr("BatchDeleteImage", input).await.1
    };
    let failure = async |id: Value| delete(id).await["failures"][0]["failureCode"].clone();
    assert_eq!(failure(json!({})).await, "MissingDigestAndTag");
    assert_eq!(failure(json!({ "imageTag": "-" })).await, "InvalidImageTag");
    assert_eq!(
        failure(json!({ "imageDigest": "x" })).await,
        "InvalidImageDigest"
    );
    assert_eq!(failure(json!({ "imageTag": "z" })).await, "ImageNotFound");
    let both = json!({ "imageTag": "z", "imageDigest": digest.as_str() });
    assert_eq!(failure(both).await, "ImageTagDoesNotMatchDigest");
    let pair = |tag: &str| json!({ "imageDigest": digest.as_str(), "imageTag": tag });
    assert_eq!(
        delete(json!({ "imageTag": "a" })).await["imageIds"],
        json!([pair("a")])
    );
    let by_digest = delete(json!({ "imageDigest": digest.as_str() })).await;
    assert_eq!(by_digest["imageIds"], json!([pair("b")]));
    let left = server
        .ecr("ListImages", json!({ "repositoryName": "app1" }))
        .await
        .1;
    assert_eq!(left["imageIds"], json!([]));
}

#[tokio::test]
async fn a_scan_that_takes_long_goes_on_to_its_findings() {
    let server = Server::unhurried();
    server.load(&[
        ("openssl", "3.1.4-r0", "CVE-2023-5363"),
        ("openssl", "3.1.0-r4", "CVE-2023-1255"),
    ]);
    let digest = server.push("app1", "latest", ALPINE).await;
    let image = json!({ "repositoryName": "app1", "imageId": { "imageTag": "latest" } });
    let pending = server
        .ecr("DescribeImageScanFindings", image.clone())
        .await
        .1;
    assert_eq!(pending["imageScanStatus"]["status"], "IN_PROGRESS");
    assert_eq!(pending["imageScanFindings"]["findings"], json!([]));
    server.pass(2);
    server.work();
    let answer = server.ecr("DescribeImageScanFindings", image.clone()).await;
    check(
        &answer,
        expect![[r#"
        200
        {
          "imageId": {
            "imageDigest": "sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6",
            "imageTag": "latest"
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
                    "value": "3.1.3-r0"
                  },
                  {
                    "key": "package_name",
                    "value": "libcrypto3"
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
                  }
                ],
                "description": "",
                "name": "CVE-2023-5363",
                "severity": "UNDEFINED",
                "uri": "https://security.alpinelinux.org/vuln/CVE-2023-5363"
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
                  }
                ],
                "description": "",
                "name": "CVE-2023-5363",
                "severity": "UNDEFINED",
                "uri": "https://security.alpinelinux.org/vuln/CVE-2023-5363"
              }
            ],
            "imageScanCompletedAt": 1795478402,
            "vulnerabilitySourceUpdatedAt": 1795392000
          },
          "imageScanStatus": {
            "description": "The scan was completed successfully. INCOMPLETE: end_of_life: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained",
            "status": "COMPLETE"
          },
          "registryId": "000000000000",
          "repositoryName": "app1"
        }"#]],
    );
    let first = json!({
        "repositoryName": "app1", "imageId": { "imageDigest": digest.as_str() }, "maxResults": 1,
    });
    let page = server
        .ecr("DescribeImageScanFindings", first.clone())
        .await
        .1;
    let mut second = first;
    second["nextToken"] = page["nextToken"].clone();
    let last = server.ecr("DescribeImageScanFindings", second).await.1;
    assert_eq!(
        last["imageScanFindings"]["findings"][0],
        answer.1["imageScanFindings"]["findings"][1]
    );
    assert_eq!(last["nextToken"], Value::Null);
    let described = server
        .ecr("DescribeImages", json!({ "repositoryName": "app1" }))
        .await;
    check(
        &described,
        expect![[r#"
        200
        {
          "imageDetails": [
            {
              "artifactMediaType": "application/vnd.oci.image.config.v1+json",
              "imageDigest": "sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6",
              "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
              "imagePushedAt": 1795478400,
              "imageScanFindingsSummary": {
                "findingSeverityCounts": {
                  "UNDEFINED": 2
                },
                "imageScanCompletedAt": 1795478402,
                "vulnerabilitySourceUpdatedAt": 1795392000
              },
              "imageScanStatus": {
                "description": "The scan was completed successfully. INCOMPLETE: end_of_life: alpine:3.19 got its last fixes on 2025-11-01: weaknesses found since are in no advisory; move to a release that is maintained",
                "status": "COMPLETE"
              },
              "imageSizeInBytes": 427,
              "imageStatus": "ACTIVE",
              "imageTags": [
                "latest"
              ],
              "registryId": "000000000000",
              "repositoryName": "app1"
            }
          ]
        }"#]],
    );
    let started = server.ecr("StartImageScan", image).await.1;
    assert_eq!(started["imageScanStatus"]["status"], "IN_PROGRESS");
}

#[tokio::test]
async fn an_image_without_packages_is_failed_in_ecrs_words() {
    let server = Server::open();
    server.load(&[]);
    server
        .push("app1", "latest", "//- layer\n//- /bin/program\nx\n")
        .await;
    server.work();
    let image = json!({ "repositoryName": "app1", "imageId": { "imageTag": "latest" } });
    let answer = server.ecr("DescribeImageScanFindings", image).await.1;
    assert_eq!(answer["imageScanStatus"]["status"], "FAILED");
    let description = answer["imageScanStatus"]["description"].as_str().unwrap();
    let words = "UnsupportedImageError: The operating system and/or package manager are not \
                 supported.";
    assert!(description.starts_with(words), "{description}");
    assert_eq!(answer["imageScanFindings"], Value::Null);
}

#[tokio::test]
async fn a_repository_that_is_not_scanned_has_no_scan() {
    let server = Server::open();
    server.repository("app1", Some(false));
    server.push("app1", "latest", ALPINE).await;
    let image = json!({ "repositoryName": "app1", "imageId": { "imageTag": "latest" } });
    let operation = "DescribeImageScanFindings";
    assert_eq!(
        code(&server, operation, image.clone()).await,
        "ScanNotFoundException"
    );
    server.ecr("StartImageScan", image.clone()).await;
    server.work();
    let answer = server.ecr(operation, image).await.1;
    assert_eq!(answer["imageScanStatus"]["status"], "COMPLETE");
}

#[tokio::test]
async fn a_new_database_changes_findings_without_reading_a_layer() {
    let server = Server::open();
    server.load(&[]);
    let digest = server.push("app1", "latest", ALPINE).await;
    server.work();
    for blob in server.app.store.blobs.list(None, 100).unwrap() {
        server.app.store.blobs.delete(&blob).unwrap();
    }
    let count = || server.app.store.metadata.scan(&digest).unwrap().unwrap();
    let total = || count().counts.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(total(), 0);
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.work();
    assert_eq!(total(), 1);
    server.load(&[]);
    server.work();
    assert_eq!(total(), 0);
}

#[tokio::test]
async fn a_token_logs_in_until_it_has_run_out() {
    let server = Server::with(|_| {});
    let key = crate::auth::key::generate(server.app.random.as_ref(), server.app.clock.now());
    server.admin(&key);
    let holder = crate::auth::key::open(&server.app, &key.id)
        .unwrap()
        .unwrap();
    let (token, _) = crate::auth::key::create_token(
        &server.app,
        &holder.principal,
        crate::auth::key::TOKEN_LIFE,
    )
    .unwrap();
    assert!(!token.contains(':'), "a client splits at the first colon");
    let basic = |user: &str, password: &str| {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    };
    let status = async |credentials: String| {
        let request = Request::get("/v2/")
            .header("host", "localhost:5000")
            .header("authorization", credentials);
        let answered = server.request(request.body(Body::empty()).unwrap()).await;
        (answered.status.as_u16(), answered.body)
    };
    assert_eq!(status(basic("AWS", &token)).await.0, 200);
    assert_eq!(status(basic(&key.id, &key.secret)).await.0, 200);
    assert_eq!(status(basic(&key.id, "wrong")).await.0, 401);
    assert_eq!(status(basic("AWS", "wrong")).await.0, 401);
    server.pass(12 * 3600);
    let (code, body) = status(basic("AWS", &token)).await;
    assert_eq!(code, 401);
    assert!(
        body.contains("Your authorization token has expired"),
        "{body}"
    );
    let nobody = server.get("/v2/").await;
    assert_eq!(nobody.status.as_u16(), 401);
    assert!(
        nobody
            .header("www-authenticate")
            .starts_with("Basic realm=")
    );
    assert_eq!(
        nobody.header("docker-distribution-api-version"),
        "registry/2.0"
    );
    let (status, body) = server.ecr("DescribeRepositories", json!({})).await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("MissingAuthenticationTokenException"))
    );
}

/// Calls an operation as a user with these grants.
fn as_user(server: &Server, grants: &[&str], name: &str, input: Value) -> Answer {
    let operation = OPERATIONS.iter().find(|operation| operation.name == name);
    let operation = operation.unwrap();
    let context = Context {
        app: server.app.clone(),
        principal: Principal {
            name: "bob".to_owned(),
            key_id: None,
            grants: grants.iter().map(|grant| grant.parse().unwrap()).collect(),
            proof: Proof::Key,
        },
        action: operation.action,
        now: server.app.clock.now(),
    };
    (operation.run)(&context, input.to_string().as_bytes())
}

/// Operations on the registry as a whole.
const OF_THE_REGISTRY: &[&str] = &[
    "GetAccountSetting",
    "GetRegistryScanningConfiguration",
    "PutAccountSetting",
    "PutRegistryScanningConfiguration",
];

#[tokio::test]
async fn every_operation_asks_whether_one_may() {
    let server = Server::open();
    server.push("app1", "latest", ALPINE).await;
    // Enough of each input that an operation gets to its work.
    let input = json!({
        "repositoryName": "app1", "repositoryNames": ["app1"],
        "imageIds": [{ "imageTag": "latest" }], "imageId": { "imageTag": "latest" },
        "imageScanningConfiguration": { "scanOnPush": true }, "imageTagMutability": "MUTABLE",
        "name": "BLOB_MOUNTING", "value": "ENABLED",
    });
    for operation in OPERATIONS {
        let answer = as_user(&server, &["admin:other/*"], operation.name, input.clone());
        if operation.name == "GetAuthorizationToken" {
            assert!(answer.is_ok(), "everybody may have a token");
            continue;
        }
        let error = answer.unwrap_err().to_json();
        let resource = match OF_THE_REGISTRY.contains(&operation.name) {
            true => "*",
            false => "arn:aws:ecr:us-east-1:000000000000:repository/app1",
        };
        assert_eq!(
            error,
            json!({ "__type": "AccessDeniedException", "message": format!(
                "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: \
                 ecr:{0} on resource: {resource} because no identity-based policy allows the \
                 ecr:{0} action", operation.name) })
        );
    }
}

#[tokio::test]
async fn who_may_see_some_repositories_lists_those() {
    let server = Server::open();
    for name in ["team/a", "other/b", "team/c", "team/d"] {
        server.repository(name, None);
    }
    let list = |input: Value| {
        as_user(
            &server,
            &["scan-reader:team/*"],
            "DescribeRepositories",
            input,
        )
    };
    let names = |answer: &Value| -> Vec<String> {
        let rows = answer["repositories"].as_array().unwrap().iter();
        rows.map(|row| row["repositoryName"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = list(json!({ "maxResults": 2 })).unwrap();
    assert_eq!(names(&first), ["team/a", "team/c"]);
    let next = json!({ "maxResults": 2, "nextToken": first["nextToken"] });
    let second = list(next).unwrap();
    assert_eq!(names(&second), ["team/d"]);
    assert_eq!(second["nextToken"], Value::Null);
    let (pusher, admin) = (&["push:team/*"], &["admin:team/*"]);
    let new = json!({ "repositoryName": "team/new" });
    assert!(as_user(&server, pusher, "CreateRepository", new.clone()).is_err());
    assert!(as_user(&server, admin, "CreateRepository", new.clone()).is_ok());
    assert!(as_user(&server, pusher, "DeleteRepository", new.clone()).is_err());
    assert!(as_user(&server, admin, "DeleteRepository", new).is_ok());
}
