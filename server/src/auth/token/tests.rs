//! Tokens as docker, containerd and oras ask for them.

use axum::http::Request;
use serde_json::Value;

use super::*;
use crate::auth::key;
use crate::testing::{ALPINE, Answered, Server};

const PASSWORD: &str = "correct horse battery";

async fn by_form(server: &Server, form: &str) -> Answered {
    let request = Request::post(PATH)
        .header("host", "localhost:5000")
        .header("content-type", "application/x-www-form-urlencoded");
    let body = Body::from(form.to_owned());
    server.request(request.body(body).unwrap()).await
}

fn token_of(answered: &Answered) -> String {
    assert_eq!(answered.status, 200, "{}", answered.body);
    assert_eq!(answered.header("cache-control"), "no-store");
    let body = answered.json();
    assert_eq!(body["token"], body["access_token"]);
    body["token"].as_str().unwrap().to_owned()
}

async fn status_with(server: &Server, header: &str, path: &str) -> u16 {
    server.authorize(Some(header));
    server.get(path).await.status.as_u16()
}

fn with_password(server: &Server, name: &str, grants: &[&str]) {
    server.user(name, grants);
    let hash = crate::auth::password::hash(&server.app, PASSWORD).unwrap();
    let metadata = &server.app.store.metadata;
    assert!(metadata.set_password(name, Some(&hash)).unwrap());
}

#[tokio::test]
async fn a_token_is_asked_for_with_basic_or_a_form_and_acts_for_its_user() {
    let server = Server::with(|_| {});
    with_password(&server, "bob", &["pull:team/*"]);
    server.log_in(Some(("bob", PASSWORD)));
    let scope = "service=ecr.amazonaws.com&scope=repository%3Aother%3Apull";
    let answered = server.get(&format!("{PATH}?{scope}")).await;
    assert_eq!(answered.json()["expires_in"], 900);
    assert_eq!(answered.json()["issued_at"], "2026-11-24T00:00:00Z");
    let basic = token_of(&answered);
    server.log_in(None);
    let form = "grant_type=password&username=bob&password=correct+horse+battery&client_id=x";
    let form = token_of(&by_form(&server, form).await);
    for token in [basic, form] {
        let bearer = format!("Bearer {token}");
        assert_eq!(status_with(&server, &bearer, "/v2/").await, 200);
        assert_eq!(
            status_with(&server, &bearer, "/v2/team/a/tags/list").await,
            404
        );
        assert_eq!(
            status_with(&server, &bearer, "/v2/other/tags/list").await,
            403
        );
        assert_eq!(
            status_with(&server, &bearer, "/api/v1/repositories").await,
            200
        );
        assert_eq!(status_with(&server, &bearer, "/").await, 200);
        // What is taken from the user is taken from the token.
        let metadata = &server.app.store.metadata;
        metadata.set_grants("bob", &[]).unwrap();
        assert_eq!(
            status_with(&server, &bearer, "/v2/team/a/tags/list").await,
            403
        );
        let grants = ["pull:team/*".parse().unwrap()];
        metadata.set_grants("bob", &grants).unwrap();
    }
}

#[tokio::test]
async fn a_token_ends_in_time_and_cannot_be_drawn_out() {
    let server = Server::with(|_| {});
    with_password(&server, "bob", &["pull"]);
    server.log_in(Some(("bob", PASSWORD)));
    let first = token_of(&server.get(PATH).await);
    server.log_in(None);
    server.pass(600);
    let form = format!("grant_type=refresh_token&refresh_token={first}");
    let again = by_form(&server, &form).await;
    assert_eq!(again.json()["expires_in"], 300);
    let second = token_of(&again);
    let bearer = format!("Bearer {second}");
    assert_eq!(status_with(&server, &bearer, "/v2/").await, 200);
    server.pass(300);
    assert_eq!(status_with(&server, &bearer, "/v2/").await, 401);
    let refused = server.get("/v2/a1/tags/list").await;
    let challenges: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(
        challenges,
        [
            "Basic realm=\"http://localhost:5000/\",service=\"ecr.amazonaws.com\"",
            "Bearer realm=\"http://localhost:5000/v2/token\",service=\"ecr.amazonaws.com\",\
             scope=\"repository:a1:pull\",error=\"invalid_token\"",
        ]
    );
}

#[tokio::test]
async fn a_token_that_ran_out_is_no_wrong_credential_also_after_another_was_made() {
    let server = Server::with(|_| {});
    with_password(&server, "bob", &["pull"]);
    let ask = async || {
        server.log_in(Some(("bob", PASSWORD)));
        token_of(&server.get(PATH).await)
    };
    let first = ask().await;
    server.pass(LIFE.as_secs() + 1);
    ask().await;
    let state = |token| key::check_token(&server.app, token).unwrap();
    assert_eq!(state(&first), key::Token::Expired);
    let bearer = format!("Bearer {first}");
    for _ in 0..=server.app.settings.limits.failed_logins {
        assert_eq!(status_with(&server, &bearer, "/v2/").await, 401);
    }
    // The address is not locked out.
    ask().await;
    server.pass(24 * 60 * 60);
    ask().await;
    assert_eq!(
        state(&first),
        key::Token::Unknown,
        "it is not kept for ever"
    );
}

#[tokio::test]
async fn tokens_end_with_the_password_and_with_the_user() {
    let server = Server::with(|_| {});
    with_password(&server, "bob", &["pull"]);
    for end in ["password", "user"] {
        server.log_in(Some(("bob", PASSWORD)));
        let bearer = format!("Bearer {}", token_of(&server.get(PATH).await));
        assert_eq!(status_with(&server, &bearer, "/v2/").await, 200);
        let metadata = &server.app.store.metadata;
        match end {
            "password" => {
                let hash = metadata.user("bob").unwrap().unwrap().password.unwrap();
                metadata.set_password("bob", Some(&hash)).unwrap();
            }
            _ => assert!(metadata.delete_user("bob").unwrap()),
        }
        assert_eq!(status_with(&server, &bearer, "/v2/").await, 401, "{end}");
    }
}

#[tokio::test]
async fn wrong_questions_are_told() {
    let server = Server::with(|_| {});
    with_password(&server, "bob", &["pull"]);
    assert_eq!(server.get(PATH).await.status, 401);
    for (form, status) in [
        ("", 400),
        ("grant_type=client_credentials", 400),
        (
            "grant_type=password&username=bob&password=another+horse+battery",
            401,
        ),
        ("grant_type=password", 401),
        ("grant_type=refresh_token&refresh_token=x", 401),
    ] {
        let refused = by_form(&server, form).await;
        assert_eq!(refused.status, status, "{form}");
        assert!(
            refused.json()["errors"][0]["message"].is_string(),
            "{}",
            refused.body
        );
    }
}

#[tokio::test]
async fn anonymous_may_what_it_was_granted_and_nothing_else() {
    let server = Server::with(|_| {});
    let boss = server.user("boss", &["admin"]);
    server.log_in(Some((&boss.id, &boss.secret)));
    server.push("public/app", "latest", ALPINE).await;
    server.push("secret/app", "latest", ALPINE).await;
    server.log_in(None);
    let path = "/v2/public/app/manifests/latest";
    assert_eq!(server.get(path).await.status, 401, "no grants by default");
    let user = store::record::User {
        name: "anonymous".to_owned(),
        password: None,
        grants: vec!["pull:public/*".parse().unwrap()],
        created_at: server.app.clock.now(),
    };
    assert!(server.app.store.metadata.create_user(&user).unwrap());
    assert_eq!(
        server.get(path).await.status,
        200,
        "without a token as well"
    );
    let base = server.get("/v2/").await;
    assert_eq!(base.status, 401, "or docker would never log in");
    let challenges: Vec<_> = base.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(
        challenges,
        ["Bearer realm=\"http://localhost:5000/v2/token\",service=\"ecr.amazonaws.com\""]
    );
    assert_eq!(
        status_with(&server, "Basic Og==", path).await,
        200,
        "none, said so"
    );
    server.authorize(None);
    let token = token_of(&server.get(PATH).await);
    let bearer = format!("Bearer {token}");
    for (path, status) in [
        ("/v2/", 200),
        (path, 200),
        ("/v2/public/app/tags/list", 200),
        ("/v2/secret/app/tags/list", 401),
        ("/v2/absent/app/tags/list", 401),
        ("/api/v1/images?repository=public/app", 200),
        ("/api/v1/images?repository=secret/app", 401),
        ("/api/v1/users", 401),
        ("/api/v1/keys", 401),
        ("/repositories/public/app", 200),
        ("/repositories/secret/app", 401),
    ] {
        assert_eq!(status_with(&server, &bearer, path).await, status, "{path}");
    }
    server.authorize(None);
    let pushed = server
        .send("POST", "/v2/public/app/blobs/uploads/", Value::Null)
        .await;
    assert_eq!(pushed.status, 401);
    assert!(
        pushed
            .header("www-authenticate")
            .ends_with("scope=\"repository:public/app:pull,push\""),
        "{}",
        pushed.header("www-authenticate")
    );
    assert_eq!(
        server.get("/v2/_catalog").await.json(),
        json!({ "repositories": ["public/app"] })
    );
    let login = server.get("/login").await;
    assert_eq!(login.status, 401);
    assert!(login.header("www-authenticate").starts_with("Basic "));
    assert!(server.get("/").await.body.contains("href=\"/login\""));
    server.log_in(Some((&boss.id, &boss.secret)));
    assert_eq!(server.get("/login").await.status, 303);
    server
        .app
        .store
        .metadata
        .set_grants("anonymous", &[])
        .unwrap();
    assert_eq!(status_with(&server, &bearer, path).await, 401);
}
