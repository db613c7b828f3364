//! Tags that may not move: set through ECR's API, held against a push.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::testing::{ALPINE, Server};

/// Pushes an empty index under a tag; the status and the first error.
async fn push(server: &Server, tag: &str, annotation: &str) -> (u16, Value) {
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [],
        "annotations": { "n": annotation },
    });
    let request = Request::put(format!("/v2/team/app/manifests/{tag}"))
        .header("host", "localhost:5000")
        .header("content-type", "application/vnd.oci.image.index.v1+json");
    let body = Body::from(index.to_string());
    let answered = server.request(request.body(body).unwrap()).await;
    let body: Value = serde_json::from_str(&answered.body).unwrap_or_default();
    (answered.status.as_u16(), body["errors"][0].clone())
}

#[tokio::test]
async fn an_immutable_tag_refuses_another_image() {
    let server = Server::open();
    let filters = json!([{ "filterType": "WILDCARD", "filter": "dev-*" }]);
    let create = json!({
        "repositoryName": "team/app",
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": filters,
    });
    let (status, made) = server.ecr("CreateRepository", create).await;
    assert_eq!(status, 200);
    let member = "imageTagMutabilityExclusionFilters";
    assert_eq!(made["repository"][member], filters);
    for (tag, text, expected) in [
        ("v1", "one", 201),
        ("v1", "one", 201),
        ("v1", "two", 400),
        ("dev-1", "one", 201),
        ("dev-1", "two", 201),
    ] {
        let (status, error) = push(&server, tag, text).await;
        assert_eq!(status, expected, "{tag} {text}: {error}");
        if status == 400 {
            assert_eq!(error["code"], "TAG_INVALID");
            let message = error["message"].as_str().unwrap();
            assert!(
                message.contains("because the tag is immutable"),
                "{message}"
            );
        }
    }
    let mutable = json!({ "repositoryName": "team/app", "imageTagMutability": "MUTABLE" });
    let (status, answer) = server.ecr("PutImageTagMutability", mutable).await;
    assert_eq!(
        (status, &answer["imageTagMutability"]),
        (200, &json!("MUTABLE"))
    );
    assert_eq!(answer.get(member), None);
    assert_eq!(push(&server, "v1", "two").await.0, 201);
    let images = server.push("team/app", "v1", ALPINE).await;
    assert!(!images.as_str().is_empty());
}

#[tokio::test]
async fn filters_and_mutability_must_fit() {
    let server = Server::open();
    server.repository("a1", None);
    let filter = |text: &str| json!([{ "filterType": "WILDCARD", "filter": text }]);
    let six: Vec<Value> = (0..6).map(|_| filter("x")[0].clone()).collect();
    for (word, filters) in [
        ("mutable", json!(null)),
        ("IMMUTABLE", filter("x")),
        ("MUTABLE_WITH_EXCLUSION", json!(null)),
        ("MUTABLE_WITH_EXCLUSION", json!([])),
        ("MUTABLE_WITH_EXCLUSION", json!(six)),
        ("MUTABLE_WITH_EXCLUSION", filter("a/b")),
        ("MUTABLE_WITH_EXCLUSION", filter("")),
        (
            "MUTABLE_WITH_EXCLUSION",
            json!([{ "filterType": "REGEX", "filter": "x" }]),
        ),
    ] {
        let input = json!({
            "repositoryName": "a1",
            "imageTagMutability": word,
            "imageTagMutabilityExclusionFilters": filters,
        });
        let (status, answer) = server.ecr("PutImageTagMutability", input.clone()).await;
        assert_eq!(status, 400, "{input}");
        assert_eq!(answer["__type"], "InvalidParameterException", "{input}");
    }
}
