//! What users may see and do on each surface, and what a stolen database tells.

use serde_json::{Value, json};

use crate::testing::{ALPINE, Server};

/// Two repositories of one image and one of another, and a user with these grants logged in.
async fn seen_by(grants: &[&str]) -> (Server, String, String) {
    let server = Server::with(|_| {});
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let boss = server.user("boss", &["admin"]);
    server.log_in(Some((&boss.id, &boss.secret)));
    let shared = server.push("hidden/app", "latest", ALPINE).await;
    server.push("team/app", "latest", ALPINE).await;
    let other = ALPINE.replace("3.19.0", "3.19.1");
    let secret = server.push("hidden/other", "latest", &other).await;
    server.work();
    let bob = server.user("bob", grants);
    server.log_in(Some((&bob.id, &bob.secret)));
    (server, shared.to_string(), secret.to_string())
}

#[tokio::test]
async fn a_puller_sees_the_own_repositories_and_no_trace_of_others() {
    let (server, shared, secret) = seen_by(&["pull:team/*"]).await;
    for (path, status) in [
        ("/v2/team/app/manifests/latest".to_owned(), 200),
        ("/v2/team/app/tags/list".to_owned(), 200),
        (format!("/v2/team/app/referrers/{shared}"), 200),
        ("/v2/team/none/tags/list".to_owned(), 404),
        // The same answer, be it there or not.
        ("/v2/hidden/app/tags/list".to_owned(), 403),
        ("/v2/hidden/none/tags/list".to_owned(), 403),
        ("/v2/hidden/app/manifests/-x".to_owned(), 403),
        (format!("/v2/hidden/other/manifests/{secret}"), 403),
        ("/api/v1/images?repository=team/app".to_owned(), 200),
        ("/api/v1/images?repository=hidden/app".to_owned(), 403),
        ("/api/v1/images?repository=hidden/none".to_owned(), 403),
        (format!("/api/v1/scans/{shared}"), 200),
        (format!("/api/v1/scans/{secret}"), 404),
        (format!("/images/{shared}"), 200),
        (format!("/images/{shared}?repository=team/app"), 200),
        (format!("/images/{secret}"), 404),
        (format!("/images/{secret}?repository=hidden/other"), 404),
        ("/repositories/team/app".to_owned(), 200),
        ("/repositories/hidden/app".to_owned(), 403),
        ("/repositories/hidden/none".to_owned(), 403),
        ("/metrics".to_owned(), 403),
    ] {
        let answered = server.get(&path).await;
        assert_eq!(answered.status, status, "{path}: {}", answered.body);
    }
    for path in [
        "/v2/_catalog",
        "/api/v1/repositories",
        "/",
        "/api/v1/vulnerabilities/CVE-2023-45853",
        "/vulnerabilities/CVE-2023-45853",
    ] {
        let body = server.get(path).await.body;
        assert!(body.contains("team/app"), "{path}: {body}");
        assert!(!body.contains("hidden"), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_denied_push_says_what_is_missing() {
    let (server, ..) = seen_by(&["pull:team/*"]).await;
    for (method, path) in [
        ("POST", "/v2/team/app/blobs/uploads/".to_owned()),
        ("PUT", "/v2/team/app/manifests/latest".to_owned()),
        ("DELETE", "/v2/team/app/manifests/latest".to_owned()),
        ("POST", "/v2/new/blobs/uploads/".to_owned()),
    ] {
        let refused = server.send(method, &path, Value::Null).await;
        assert_eq!(refused.status, 403, "{method} {path}");
        let error = &refused.json()["errors"][0];
        assert_eq!(error["code"], "DENIED");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("the grant push:") && message.contains("lazaret user grant bob"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_scan_reader_reads_scans_and_no_bytes() {
    let (server, shared, _) = seen_by(&["scan-reader:team/*"]).await;
    for (path, status) in [
        ("/v2/team/app/tags/list".to_owned(), 200),
        ("/v2/team/app/manifests/latest".to_owned(), 403),
        (format!("/v2/team/app/blobs/{shared}"), 403),
        (format!("/api/v1/scans/{shared}"), 200),
        (format!("/images/{shared}"), 200),
    ] {
        assert_eq!(server.get(&path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn figures_are_for_those_who_may_see_all() {
    for (grant, status) in [("scan-reader", 200), ("admin:team/*", 403)] {
        let server = Server::with(|_| {});
        let key = server.user("bob", &[grant]);
        server.log_in(Some((&key.id, &key.secret)));
        assert_eq!(server.get("/metrics").await.status, status, "{grant}");
    }
}

#[tokio::test]
async fn a_pusher_makes_repositories_where_the_pattern_fits_and_nowhere_else() {
    let (server, ..) = seen_by(&["push:team/*"]).await;
    server.push("team/new", "latest", ALPINE).await;
    let deleted = server
        .send("DELETE", "/v2/team/new/manifests/latest", Value::Null)
        .await;
    assert_eq!(deleted.status, 202);
    let refused = server
        .send("POST", "/v2/teams/blobs/uploads/", Value::Null)
        .await;
    assert_eq!(refused.status, 403);
    assert!(
        server
            .app
            .store
            .metadata
            .repository(&"teams".parse().unwrap())
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn pages_of_a_filtered_list_are_full_to_the_last() {
    let server = Server::with(|_| {});
    for number in 0..30 {
        let name = if number % 3 == 0 { "mine" } else { "other" };
        server.repository(&format!("a{number:02}/{name}"), None);
    }
    let bob = server.user("bob", &["pull:*/mine"]);
    server.log_in(Some((&bob.id, &bob.secret)));
    let (mut seen, mut path) = (Vec::new(), "/v2/_catalog?n=4".to_owned());
    loop {
        let page = server.get(&path).await;
        let names = page.json()["repositories"].as_array().unwrap().clone();
        seen.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
        let link = page.header("link");
        let Some(next) = link.split(['<', '>']).nth(1) else {
            break;
        };
        assert_eq!(names.len(), 4, "a page that is not the last is full");
        path = next.to_owned();
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.iter().all(|name| name.ends_with("/mine")));
    let api = server
        .get("/api/v1/repositories?limit=3&after=a15/mine")
        .await;
    let names: Vec<Value> = api.json()["repositories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    assert_eq!(json!(names), json!(["a18/mine", "a21/mine", "a24/mine"]));
}

#[tokio::test]
async fn mounts_need_a_pull_on_the_source() {
    let (server, ..) = seen_by(&["push:team/*", "pull:shared/*"]).await;
    let layer = model::Digest::of(b"a layer that is in two places");
    let put = async |name: &str| {
        let path = format!("/v2/{name}/blobs/uploads/?digest={layer}");
        let request = axum::http::Request::post(path).header("host", "localhost:5000");
        let body = axum::body::Body::from("a layer that is in two places");
        assert_eq!(
            server.request(request.body(body).unwrap()).await.status,
            201
        );
    };
    let mount = async |rest: &str| {
        let path = format!("/v2/team/target/blobs/uploads/?mount={layer}{rest}");
        server
            .send("POST", &path, Value::Null)
            .await
            .status
            .as_u16()
    };
    let boss = server.user("second", &["admin"]);
    let bob = server.user("carol", &["push:team/*", "pull:shared/*"]);
    server.log_in(Some((&boss.id, &boss.secret)));
    put("hidden/app").await;
    server.log_in(Some((&bob.id, &bob.secret)));
    assert_eq!(
        mount("&from=hidden/app").await,
        202,
        "it looks as if it were not there"
    );
    assert_eq!(mount("").await, 202, "nor is it found");
    server.log_in(Some((&boss.id, &boss.secret)));
    put("shared/app").await;
    server.log_in(Some((&bob.id, &bob.secret)));
    assert_eq!(mount("").await, 201, "the first that may be pulled from");
    assert_eq!(mount("&from=shared/app").await, 201);
}

#[tokio::test]
async fn who_steals_the_database_can_log_in_nowhere() {
    const PASSWORD: &str = "correct horse battery";
    let server = Server::with(|_| {});
    let key = server.user("bob", &["push"]);
    let hash = super::password::hash(&server.app, PASSWORD).unwrap();
    server
        .app
        .store
        .metadata
        .set_password("bob", Some(&hash))
        .unwrap();
    let mut tokens = Vec::new();
    for pair in [(key.id.as_str(), key.secret.as_str()), ("bob", PASSWORD)] {
        server.log_in(Some(pair));
        server.push("team/app", "latest", ALPINE).await;
        let token = server.get("/v2/token").await.json()["token"].clone();
        tokens.push(token.as_str().unwrap().to_owned());
    }
    let principal = super::key::open(&server.app, &key.id).unwrap().unwrap();
    let life = super::key::TOKEN_LIFE;
    tokens.push(
        super::key::create_token(&server.app, &principal.principal, life)
            .unwrap()
            .0,
    );
    let secrets: Vec<&str> = tokens
        .iter()
        .map(String::as_str)
        .chain([key.secret.as_str(), PASSWORD])
        .collect();
    let files = server.files();
    let searched: Vec<&String> = files
        .keys()
        .filter(|name| name.contains("metadata"))
        .collect();
    assert!(!searched.is_empty(), "{:?}", files.keys());
    for (name, bytes) in &files {
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds a secret in the clear");
        }
    }
    // The search itself finds what is there: the name of the user.
    assert!(
        files
            .values()
            .any(|bytes| bytes.windows(3).any(|window| window == b"bob"))
    );
}
