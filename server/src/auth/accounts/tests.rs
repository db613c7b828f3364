//! Users and keys by the API: who may, and the last way in.

use serde_json::{Value, json};

use super::*;
use crate::testing::{Answered, Server};

const PASSWORD: &str = "correct horse battery";

#[track_caller]
fn error(answered: &Answered, status: u16) -> String {
    assert_eq!(answered.status, status, "{}", answered.body);
    answered.json()["error"].as_str().unwrap().to_owned()
}

fn by_admin() -> Server {
    let server = Server::with(|_| {});
    let key = server.user("admin", &["admin"]);
    server.log_in(Some((&key.id, &key.secret)));
    server
}

#[tokio::test]
async fn a_user_is_made_changed_and_removed() {
    let server = by_admin();
    let path = "/api/v1/users/bob";
    let wanted = json!({ "grants": ["push:team/*"], "password": PASSWORD });
    let made = server.send("PUT", path, wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let view = json!({ "name": "bob", "grants": ["push:team/*"], "password": true,
        "created_at": "2026-11-24T00:00:00Z" });
    assert_eq!(made.json(), view);
    let changed = server
        .send("PUT", path, json!({ "grants": ["pull", "scan-reader:x"] }))
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["grants"], json!(["pull:*", "scan-reader:x"]));
    assert_eq!(changed.json()["password"], true, "it was not named");
    let changed = server.send("PUT", path, json!({ "password": null })).await;
    assert_eq!(changed.json()["password"], false);
    let all = server.get("/api/v1/users").await.json();
    assert_eq!(all["users"].as_array().unwrap().len(), 2);
    assert_eq!(server.send("DELETE", path, Value::Null).await.status, 204);
    assert_eq!(
        error(&server.get(path).await, 404),
        "there is no user 'bob'"
    );
    let again = server.send("DELETE", path, Value::Null).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_words() {
    let server = by_admin();
    for (name, body, words) in [
        ("AWS", json!({}), "cannot be a user's name"),
        ("akiaX", json!({}), "cannot be a user's name"),
        ("-x", json!({}), "cannot be a user's name"),
        ("a%20b", json!({}), "cannot be a user's name"),
        ("bob", json!({ "grants": ["root"] }), "'root' is no grant"),
        ("bob", json!({ "password": "short" }), "at least 15"),
        ("bob", json!({ "role": "admin" }), "unknown field"),
        ("bob", json!([1]), "invalid"),
        ("anonymous", json!({ "grants": ["push"] }), "read at most"),
        (
            "anonymous",
            json!({ "password": PASSWORD }),
            "neither keys nor a password",
        ),
    ] {
        let refused = server
            .send("PUT", &format!("/api/v1/users/{name}"), body)
            .await;
        let said = error(&refused, 400);
        assert!(said.contains(words), "{name}: {said}");
    }
    let made = server
        .send(
            "PUT",
            "/api/v1/users/anonymous",
            json!({ "grants": ["pull:a/*"] }),
        )
        .await;
    assert_eq!(made.status, 201);
    let key = server
        .send("POST", "/api/v1/keys", json!({ "user": "anonymous" }))
        .await;
    assert!(error(&key, 400).contains("neither keys nor a password"));
}

#[tokio::test]
async fn keys_are_rotated_by_their_owner() {
    let server = by_admin();
    let old = server.user("bob", &["pull:team/*"]);
    let other = server.user("eve", &["pull"]);
    server.log_in(Some((&old.id, &old.secret)));
    let made = server.send("POST", "/api/v1/keys", Value::Null).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let new = made.json();
    assert_eq!(new["user"], "bob");
    let (id, secret) = (
        new["access_key_id"].as_str().unwrap(),
        new["secret_access_key"].as_str().unwrap(),
    );
    let third = server.send("POST", "/api/v1/keys", json!({})).await;
    assert!(error(&third, 409).contains("has 2 keys"));
    server.log_in(Some((id, secret)));
    let path = format!("/api/v1/keys/{}", old.id);
    assert_eq!(server.send("DELETE", &path, Value::Null).await.status, 204);
    let listed = server.get("/api/v1/keys").await;
    assert_eq!(listed.json()["keys"].as_array().unwrap().len(), 1);
    assert!(!listed.body.contains("secret"), "{}", listed.body);
    // Others' keys are nobody's business.
    let path = format!("/api/v1/keys/{}", other.id);
    let refused = server.send("DELETE", &path, Value::Null).await;
    assert!(error(&refused, 404).starts_with("there is no access key"));
    for refused in [
        server.get("/api/v1/users").await,
        server.get("/api/v1/keys?user=eve").await,
        server
            .send("POST", "/api/v1/keys", json!({ "user": "eve" }))
            .await,
        server
            .send("PUT", "/api/v1/users/bob", json!({ "grants": ["admin"] }))
            .await,
        server.send("PUT", "/api/v1/users/new", json!({})).await,
        server
            .send("DELETE", "/api/v1/users/eve", Value::Null)
            .await,
        server.get("/api/v1/admin/usage").await,
        server
            .send("POST", "/api/v1/admin/collect", Value::Null)
            .await,
    ] {
        assert!(error(&refused, 403).contains("the grant admin:* is missing"));
    }
    let own = server
        .send("PUT", "/api/v1/users/bob", json!({ "password": PASSWORD }))
        .await;
    assert_eq!(own.status, 200, "the own password is one's own");
    server.log_in(Some((&old.id, &old.secret)));
    assert_eq!(server.get("/v2/").await.status, 401);
    server.log_in(Some(("bob", PASSWORD)));
    assert_eq!(server.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn an_administrator_of_some_repositories_manages_nobody() {
    let server = by_admin();
    let key = server.user("lead", &["admin:team/*"]);
    server.log_in(Some((&key.id, &key.secret)));
    assert_eq!(server.get("/api/v1/users").await.status, 403);
    let raised = server
        .send("PUT", "/api/v1/users/lead", json!({ "grants": ["admin"] }))
        .await;
    assert_eq!(raised.status, 403);
}

#[tokio::test]
async fn a_token_makes_no_keys() {
    let server = by_admin();
    let token = server.get("/v2/token").await.json();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    server.authorize(Some(&bearer));
    assert_eq!(server.get("/api/v1/users").await.status, 200);
    for refused in [
        server.send("POST", "/api/v1/keys", Value::Null).await,
        server
            .send("PUT", "/api/v1/users/x", json!({ "grants": ["admin"] }))
            .await,
        server.send("DELETE", "/api/v1/users/x", Value::Null).await,
        server.send("DELETE", "/api/v1/keys/x", Value::Null).await,
    ] {
        assert!(error(&refused, 409).contains("not with a token"));
    }
}

#[tokio::test]
async fn the_last_way_in_cannot_be_taken() {
    let server = by_admin();
    let keys = server.get("/api/v1/keys").await.json();
    let path = format!(
        "/api/v1/keys/{}",
        keys["keys"][0]["access_key_id"].as_str().unwrap()
    );
    let attempts = async || {
        [
            server.send("DELETE", &path, Value::Null).await,
            server
                .send("DELETE", "/api/v1/users/admin", Value::Null)
                .await,
            server
                .send(
                    "PUT",
                    "/api/v1/users/admin",
                    json!({ "grants": ["admin:a*", "push"] }),
                )
                .await,
        ]
    };
    // Another administrator who cannot log in is no way in.
    let second = "/api/v1/users/second";
    let made = server
        .send("PUT", second, json!({ "grants": ["admin"] }))
        .await;
    assert_eq!(made.status, 201);
    for refused in attempts().await {
        assert!(error(&refused, 409).contains("the last way in"));
    }
    let with = server
        .send("PUT", second, json!({ "password": PASSWORD }))
        .await;
    assert_eq!(with.status, 200);
    assert_eq!(server.send("DELETE", &path, Value::Null).await.status, 204);
    server.log_in(Some(("second", PASSWORD)));
    let without = server
        .send("PUT", second, json!({ "password": null }))
        .await;
    assert!(error(&without, 409).contains("the last way in"));
}

#[test]
fn only_who_may_rule_and_can_log_in_is_a_way_in() {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let user = |grants: &str, password: Option<&str>| User {
        name: "a".to_owned(),
        password: password.map(str::to_owned),
        grants: vec![grants.parse().unwrap()],
        created_at: now,
    };
    let key = |user: &str| AccessKey {
        id: "AKIA".to_owned(),
        user: user.to_owned(),
        sealed: Vec::new(),
        created_at: now,
    };
    assert!(has_way_in(&[user("admin", Some("hash"))], &[]));
    assert!(has_way_in(&[user("admin", None)], &[key("a")]));
    assert!(!has_way_in(&[user("admin", None)], &[key("b")]));
    assert!(!has_way_in(&[user("admin:a/*", Some("hash"))], &[key("a")]));
    assert!(!has_way_in(&[user("push", Some("hash"))], &[key("a")]));
}
