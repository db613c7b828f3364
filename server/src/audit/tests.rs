//! What is in the log after requests of each surface.

use axum::body::Body;
use axum::http::Request;
use expect_test::{Expect, expect};
use serde_json::json;
use store::record::AuditFilter;

use super::*;
use crate::testing::{ALPINE, Server};

/// The log as lines: actor, action, place, outcome, details, reason.
fn lines(server: &Server) -> String {
    flush(&server.app).unwrap();
    let metadata = &server.app.store.metadata;
    let rows = metadata.audit(&AuditFilter::default(), None, 1000).unwrap();
    let line = |row: &store::record::Audited| {
        let entry = &row.entry;
        assert_eq!(entry.client, "0.0.0.0");
        assert!(!entry.request_id.is_empty());
        let place = entry.repository.as_deref().unwrap_or("-");
        let words = [
            &entry.actor,
            &entry.action,
            place,
            &entry.object,
            entry.outcome.as_str(),
            &entry.details,
            &entry.reason,
        ];
        words.join(" ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn check(server: &Server, expected: Expect) {
    expected.assert_eq(&lines(server));
}

fn log_in(server: &Server, name: &str, grants: &[&str]) {
    let key = server.user(name, grants);
    server.log_in(Some((&key.id, &key.secret)));
}

#[tokio::test]
async fn a_push_a_pull_and_a_removal_are_in_the_log() {
    let server = Server::with(|_| {});
    log_in(&server, "ci", &["push:team/*"]);
    let digest = server.push("team/app", "v1", ALPINE).await;
    for path in ["/v2/team/app/manifests/v1", "/v2/team/app/tags/list"] {
        assert_eq!(server.get(path).await.status, 200);
    }
    let missed = server.get("/v2/team/app/manifests/none").await;
    assert_eq!(missed.status, 404);
    let head = server.send("HEAD", "/v2/team/app/manifests/v1", json!(null));
    assert_eq!(head.await.status, 200);
    let path = format!("/v2/team/app/manifests/{digest}");
    for status in [202, 404] {
        let removed = server.send("DELETE", &path, json!(null)).await;
        assert_eq!(removed.status, status);
    }
    check(
        &server,
        expect![[r#"
            ci ecr:PutImage team/app v1 allowed {"digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6"}
            ci ecr:BatchDeleteImage team/app sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6 allowed {}
            ci ecr:BatchDeleteImage team/app sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6 failed {} this repository holds no manifest 'sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6': push it, or check the name
            ci ecr:CompleteLayerUpload team/app sha256:163bf281aa43630d91de882b79a3aef314db3039a766e72d2e704cd1f3f23bbe allowed {}
            ci ecr:CompleteLayerUpload team/app sha256:29d7ee136c19ff84ccce9923ba464ce2bfc593848242c5436838c2b6ff5218b3 allowed {}
            ci ecr:BatchGetImage team/app v1 allowed {"digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6"}
        "#]],
    );
}

#[tokio::test]
async fn denials_are_in_the_log_with_their_reason() {
    let server = Server::with(|_| {});
    log_in(&server, "bob", &["pull:team/*"]);
    assert_eq!(server.get("/v2/other/manifests/v1").await.status, 403);
    assert_eq!(server.get("/api/v1/users").await.status, 403);
    let images = server.get("/api/v1/images?repository=other").await;
    assert_eq!(images.status, 403);
    assert_eq!(server.get("/repositories/other").await.status, 403);
    assert_eq!(server.get("/metrics").await.status, 403);
    server.log_in(None);
    assert_eq!(server.get("/v2/other/manifests/v1").await.status, 401);
    check(
        &server,
        expect![[r#"
        bob ecr:BatchGetImage other v1 denied {} user 'bob' may not pull from 'other': the grant pull:other is missing, which an administrator gives with: lazaret user grant bob 'pull:other'
        bob lazaret:ManageUsers -  denied {"request":"GET /users"} user 'bob' may not manage users and keys of the registry: the grant admin:* is missing, which an administrator gives with: lazaret user grant bob 'admin:*'
        bob ecr:DescribeImages other  denied {"request":"GET /images"} user 'bob' may not see images of 'other': the grant scan-reader:other is missing, which an administrator gives with: lazaret user grant bob 'scan-reader:other'
        bob ecr:DescribeImages other  denied {} user 'bob' may not see images of 'other': the grant scan-reader:other is missing, which an administrator gives with: lazaret user grant bob 'scan-reader:other'
        bob lazaret:ReadMetrics -  denied {} user 'bob' may not read the figures of the registry: the grant scan-reader:* is missing, which an administrator gives with: lazaret user grant bob 'scan-reader:*'
    "#]],
    );
}

#[tokio::test]
async fn users_and_keys_are_in_the_log_without_secrets() {
    let server = Server::with(|_| {});
    log_in(&server, "root", &["admin"]);
    let secret = "correct horse battery";
    let user = json!({ "grants": ["push:team/*"], "password": secret });
    assert_eq!(
        server.send("PUT", "/api/v1/users/anna", user).await.status,
        201
    );
    let whose = json!({ "user": "anna" });
    let key = server.send("POST", "/api/v1/keys", whose).await;
    assert_eq!(key.status, 201);
    let id = key.json()["access_key_id"].as_str().unwrap().to_owned();
    for path in [format!("/api/v1/keys/{id}"), "/api/v1/users/none".into()] {
        server.send("DELETE", &path, json!(null)).await;
    }
    assert_eq!(server.get("/api/v1/users").await.status, 200);
    let log = lines(&server).replace(&id, "KEY");
    assert!(
        !log.contains(secret) && !log.contains(key.json()["secret_access_key"].as_str().unwrap())
    );
    expect![[r#"
        root lazaret:ManageUsers - anna allowed {"grants":["push:team/*"],"password":"set","request":"PUT /users/anna"}
        root lazaret:ManageUsers - KEY allowed {"request":"POST /keys","user":"anna"}
        root lazaret:ManageUsers - KEY allowed {"request":"DELETE /keys/KEY"}
        root lazaret:ManageUsers - none failed {"request":"DELETE /users/none"} there is no user 'none'
    "#]].assert_eq(&log);
}

#[tokio::test]
async fn what_ecrs_operations_change_is_in_the_log() {
    let server = Server::open();
    let repository = json!({ "repositoryName": "team/app" });
    server.ecr("CreateRepository", repository.clone()).await;
    server.ecr("CreateRepository", repository.clone()).await;
    server.ecr("DescribeRepositories", json!({})).await;
    server.ecr("GetAuthorizationToken", json!({})).await;
    let setting = json!({ "name": "BLOB_MOUNTING", "value": "DISABLED" });
    server.ecr("PutAccountSetting", setting).await;
    let images = json!({
        "repositoryName": "team/app",
        "imageIds": [{ "imageTag": "none" }],
    });
    server.ecr("BatchDeleteImage", images).await;
    server.ecr("Nothing", json!({})).await;
    check(
        &server,
        expect![[r#"
        anonymous ecr:CreateRepository team/app  allowed {"input":{"repositoryName":"team/app"}}
        anonymous ecr:CreateRepository team/app  failed {"input":{"repositoryName":"team/app"}} RepositoryAlreadyExistsException: The repository with name 'team/app' already exists in the registry with id '000000000000'
        anonymous ecr:PutAccountSetting - BLOB_MOUNTING allowed {"input":{"name":"BLOB_MOUNTING","value":"DISABLED"}}
        anonymous ecr:BatchDeleteImage team/app  allowed {"failures":[{"failureCode":"ImageNotFound","failureReason":"Requested image not found","imageId":{"imageTag":"none"}}],"input":{"imageIds":[{"imageTag":"none"}],"repositoryName":"team/app"}}
        anonymous ecr:GetAuthorizationToken -  allowed {}
    "#]],
    );
}

#[tokio::test]
async fn what_policies_make_of_a_pull_is_in_the_log() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.push("app", "v1", ALPINE).await;
    server.work();
    flush(&server.app).unwrap();
    let before = written(&server.app);
    let put = async |effect: &str| {
        let text = format!("name = 'p'\n[[rules]]\nseverity = 'any'\neffect = '{effect}'\n");
        let request = Request::put("/api/v1/policies/p")
            .header("host", "localhost:5000")
            .header("content-type", "application/toml");
        let answered = server.request(request.body(Body::from(text)).unwrap());
        assert!(answered.await.status.is_success());
    };
    let manifest = "/v2/app/manifests/v1";
    put("audit").await;
    assert_eq!(server.get(manifest).await.status, 200);
    flush(&server.app).unwrap();
    put("deny").await;
    assert_eq!(server.get(manifest).await.status, 403);
    let pass = json!({
        "repository": "app", "tag": "v1", "reason": "an incident", "minutes": 60,
    });
    let given = server.send("POST", "/api/v1/break-glass", pass).await;
    assert_eq!(given.status, 201);
    let known = written(&server.app);
    assert_eq!(server.get(manifest).await.status, 200);
    assert_eq!(written(&server.app), known + 1, "it is no plain pull");
    let id = given.json()["id"].as_str().unwrap().to_owned();
    let log = lines(&server).replace(&id, "PASS");
    let log: Vec<&str> = log.lines().skip(before).collect();
    expect![[r#"
        anonymous lazaret:ManagePolicies - p allowed {"request":"PUT /policies/p","version":1}
        anonymous ecr:BatchGetImage app v1 allowed {"digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6","rules":["p/rule 1"],"verdict":"audit"}
        anonymous lazaret:ManagePolicies - p allowed {"request":"PUT /policies/p","version":2}
        anonymous ecr:BatchGetImage app v1 denied {"digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6","rules":["p/rule 1"],"verdict":"deny"} this image may not be pulled: policy 'p' (rule 1): CVE-2023-45853 (unknown) in zlib 1.3-r0: update zlib to 1.3.1-r0. More: http://localhost:5000/images/sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6?repository=app
        anonymous lazaret:BreakGlass app sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6 allowed {"pass":{"begins_at":"2026-11-24T00:00:00Z","digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6","ends_at":"2026-11-24T01:00:00Z","id":"PASS","reason":"an incident","repository":"app","who":"anonymous"},"request":"POST /break-glass"}
        anonymous ecr:BatchGetImage app v1 allowed {"digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6","pass":{"begins_at":"2026-11-24T00:00:00Z","digest":"sha256:ba400de58353da9f74e227da927d52e214fae44dde3fec3b5505f5b5aa0ac3c6","ends_at":"2026-11-24T01:00:00Z","id":"PASS","reason":"an incident","repository":"app","who":"anonymous"},"rules":["p/rule 1"],"verdict":"break-glass"}"#]].assert_eq(&log.join("\n"));
}

#[tokio::test]
async fn wrong_credentials_are_in_the_log_up_to_a_bound() {
    let server = Server::with(|settings| settings.limits.failed_logins = 10_000);
    server.log_in(Some(("anna", "wrong password")));
    assert_eq!(server.get("/v2/").await.status, 401);
    check(
        &server,
        expect![[r#"
        anna lazaret:Login -  denied {} these credentials are not valid here
    "#]],
    );
    let second = Duration::from_secs(1);
    let log = Log::default();
    for _ in 0..600 {
        assert_eq!(log.admit_wrong(second), Some(0));
    }
    assert_eq!(log.admit_wrong(second), None);
    assert_eq!(log.admit_wrong(second), None);
    assert_eq!(log.admit_wrong(2 * second), Some(2), "one more each second");
    assert_eq!(log.admit_wrong(2 * second), None);
}

fn entry(number: usize) -> Entry {
    Entry {
        at: jiff::Timestamp::UNIX_EPOCH,
        actor: "anna".to_owned(),
        key_id: None,
        client: String::new(),
        request_id: number.to_string(),
        action: "ecr:BatchGetImage".to_owned(),
        repository: None,
        object: String::new(),
        outcome: Outcome::Allowed,
        reason: String::new(),
        details: "{}".to_owned(),
    }
}

fn written(app: &App) -> usize {
    let all = AuditFilter::default();
    app.store.metadata.audit(&all, None, 100_000).unwrap().len()
}

#[tokio::test]
async fn what_waits_is_bounded_and_nothing_is_left_out() {
    let server = Server::open();
    for number in 0..MOST {
        note(&server.app, entry(number)).await.unwrap();
    }
    assert_eq!(written(&server.app), 0, "a pull does not wait for the disk");
    note(&server.app, entry(MOST)).await.unwrap();
    assert_eq!(written(&server.app), 1, "one too many is written at once");
    flush(&server.app).unwrap();
    assert_eq!(written(&server.app), MOST + 1);
    flush(&server.app).unwrap();
    assert_eq!(written(&server.app), MOST + 1);
}

#[test]
fn a_writer_that_is_stopped_has_written_all() {
    let server = Server::open();
    let writer = writer::Writer::start(&server.app);
    for number in 0..3 {
        assert!(server.app.audit.add(entry(number)).is_none());
    }
    writer.stop();
    assert_eq!(written(&server.app), 3);
}

#[test]
fn entries_are_forgotten_only_where_that_is_wanted() {
    let server = Server::open();
    let two = [entry(0), entry(1)];
    server.app.store.metadata.record_audit(&two).unwrap();
    assert_eq!(forget(&server.app).unwrap(), 0);
    let server = Server::with(|settings| {
        settings.audit_for = Some(jiff::SignedDuration::from_hours(24));
    });
    let young = Entry {
        at: server.app.clock.now(),
        ..entry(1)
    };
    let both = [entry(0), young];
    server.app.store.metadata.record_audit(&both).unwrap();
    assert_eq!(forget(&server.app).unwrap(), 1);
    assert_eq!(written(&server.app), 1);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_take_the_entry_with_it() {
    let server = Server::open();
    let input = json!({ "repositoryName": "team/app" }).to_string();
    let request = Request::post("/")
        .header("host", "localhost:5000")
        .header(
            "x-amz-target",
            "AmazonEC2ContainerRegistry_V20150921.CreateRepository",
        )
        .body(Body::from(input))
        .unwrap();
    let router = crate::router::router(server.app.clone());
    let mut answer = Box::pin(tower::ServiceExt::oneshot(router, request));
    // Asked once, so that it has begun, and then left.
    assert!(futures_util::poll!(answer.as_mut()).is_pending());
    drop(answer);
    let mut seen = 0;
    while seen == 0 {
        tokio::task::yield_now().await;
        seen = written(&server.app);
    }
    assert_eq!(seen, 1);
}
