//! The API of subscriptions and events.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, Response};
use expect_test::expect;
use http_body_util::BodyExt;
use model::Severity;
use serde_json::json;
use store::record::{AuditFilter, Audited};
use tower::ServiceExt;

use super::receiver::{Receiver, open, server};
use super::{pushed, vulnerability};
use crate::auth::{Principal, Proof};
use crate::events::subscriptions::{self, SubscriptionError, Wanted};
use crate::testing::Server;

#[tokio::test]
async fn a_subscription_is_made_shown_and_removed() {
    let server = server();
    let wanted = json!({
        "name": "tell", "url": "https://hooks.example.org/a", "digest_at": "07:30",
        "filter": { "kinds": ["vulnerability"], "repositories": ["team/*"] },
    });
    let made = server
        .send("POST", "/api/v1/subscriptions", wanted.clone())
        .await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let files = server.files();
    let kept = files.values().any(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(secret.trim_start_matches("whsec_"))
    });
    assert!(!kept, "the secret lies nowhere in the clear");
    let again = server.send("POST", "/api/v1/subscriptions", wanted).await;
    assert_eq!(again.status.as_u16(), 409);
    let shown = server.get("/api/v1/subscriptions/tell").await;
    expect![[r#"
        {
          "attempts": 0,
          "behind": 0,
          "created_at": "2026-11-24T00:00:00Z",
          "delivered": 0,
          "delivered_at": null,
          "digest_at": "07:30",
          "error": null,
          "filter": {
            "changes": [],
            "fixable": false,
            "kinds": [
              "vulnerability"
            ],
            "least_severity": null,
            "repositories": [
              "team/*"
            ]
          },
          "name": "tell",
          "next_attempt": null,
          "next_digest": "2026-11-24T07:30:00Z",
          "paused": false,
          "shape": "cloudevents",
          "url": "https://hooks.example.org/a"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&shown.json()).unwrap());
    let list = server.get("/api/v1/subscriptions").await;
    assert_eq!(list.json()["subscriptions"][0], shown.json());
    let removed = server
        .send("DELETE", "/api/v1/subscriptions/tell", json!(null))
        .await;
    assert_eq!(removed.status.as_u16(), 204);
    assert_eq!(
        server
            .get("/api/v1/subscriptions/tell")
            .await
            .status
            .as_u16(),
        404
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_reason() {
    let server = server();
    let cases = [
        (
            json!({ "name": "Tell", "url": "http://a/" }),
            "name: expected",
        ),
        (
            json!({ "name": "file", "url": "http://a/" }),
            "name: expected",
        ),
        (
            json!({ "name": "a", "url": "file:///etc/passwd" }),
            "url: expected",
        ),
        (
            json!({ "name": "a", "url": "http://169.254.169.254/" }),
            "url: 169.254.169.254",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "shape": "x" }),
            "shape: expected",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "digest_at": "7" }),
            "digest_at",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "digest_at": "24:00" }),
            "digest_at",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "other": 1 }),
            "unknown field",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "filter": { "kinds": ["x"] } }),
            "kinds",
        ),
        (
            json!({ "name": "a", "url": "http://a/", "filter": { "x": 1 } }),
            "unknown field",
        ),
        (json!({ "name": "a" }), "missing field"),
    ];
    for (wanted, reason) in cases {
        let answered = server.send("POST", "/api/v1/subscriptions", wanted).await;
        assert_eq!(answered.status.as_u16(), 400, "{reason}");
        assert!(answered.body.contains(reason), "{}", answered.body);
    }
}

#[tokio::test]
async fn only_administrators_manage_subscriptions() {
    let server = Server::with(|_| {});
    open(&server);
    let key = server.user("reader", &["push"]);
    server.log_in(Some((&key.id, &key.secret)));
    let requests = [
        ("GET", "/api/v1/subscriptions"),
        ("POST", "/api/v1/subscriptions"),
        ("GET", "/api/v1/subscriptions/a"),
        ("DELETE", "/api/v1/subscriptions/a"),
        ("POST", "/api/v1/subscriptions/a/pause"),
        ("POST", "/api/v1/subscriptions/a/resume"),
        ("POST", "/api/v1/subscriptions/a/test"),
    ];
    for (method, path) in requests {
        let body = json!({ "name": "a", "url": "http://a/" });
        let answered = server.send(method, path, body).await;
        assert_eq!(answered.status.as_u16(), 403, "{method} {path}");
    }
}

#[tokio::test]
async fn who_made_a_subscription_stands_in_the_audit_log_without_secrets() {
    let server = server();
    let url = "https://hooks.example.org/as-good-as-a-password";
    let secret = server.subscribe("tell", url, json!({})).await;
    server
        .send("POST", "/api/v1/subscriptions/tell/pause", json!(null))
        .await;
    crate::audit::flush(&server.app).unwrap();
    let metadata = &server.app.store.metadata;
    let rows = metadata.audit(&AuditFilter::default(), None, 10).unwrap();
    let line = |row: &Audited| {
        let entry = &row.entry;
        format!("{} {}\n{}", entry.action, entry.object, entry.details)
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.sort();
    expect![[r#"
        lazaret:ManageSettings tell
        {"host":"hooks.example.org","request":"POST /subscriptions","shape":"cloudevents"}
        lazaret:ManageSettings tell/pause
        {"request":"POST /subscriptions/tell/pause"}"#]]
    .assert_eq(&lines.join("\n"));
    assert!(!lines.concat().contains(&secret));
}

#[test]
fn a_token_makes_no_subscription() {
    let server = server();
    let mut asker = Principal::anonymous();
    asker.proof = Proof::Token(server.app.clock.now());
    let wanted = Wanted {
        name: "tell".to_owned(),
        url: "http://a/".to_owned(),
        ..Wanted::default()
    };
    let refused = subscriptions::create(&server.app, &asker, wanted);
    assert!(matches!(refused, Err(SubscriptionError::Conflict(_))));
}

#[tokio::test]
async fn a_test_is_sent_at_once() {
    let (server, receiver) = (server(), Receiver::start(&[204, 418]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    let test = || server.send("POST", "/api/v1/subscriptions/tell/test", json!(null));
    assert_eq!(
        test().await.json(),
        json!({ "delivered": true, "error": null })
    );
    let refused = test().await.json();
    assert_eq!(
        refused["error"],
        "the receiver answered 418 I'm a teapot: as told"
    );
    let got = receiver.take();
    assert_eq!(got[0].json()["type"], "dev.lazaret.test.v1");
    assert_eq!(got[0].json()["data"], json!({ "subscription": "tell" }));
}

#[tokio::test]
async fn events_are_listed_as_far_as_one_may_see_them() {
    let server = Server::with(|_| {});
    open(&server);
    let key = server.user("reader", &["scan-reader:team/*"]);
    server.log_in(Some((&key.id, &key.secret)));
    server.happens(&[
        pushed("team/a", "t1"),
        pushed("other", "t2"),
        vulnerability("CVE-1", Severity::High, &["other", "team/a"], &[]),
    ]);
    let list = |path: &'static str| server.get(path);
    let all = list("/api/v1/events").await.json();
    let ids = |page: &serde_json::Value| {
        let events = page["events"].as_array().unwrap();
        let ids = events
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(",")
    };
    assert_eq!((ids(&all).as_str(), &all["next"]), ("1,3", &json!(3)));
    let images = all["events"][1]["data"]["images"].as_array().unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(
        ids(&list("/api/v1/events?after=1&limit=1").await.json()),
        ""
    );
    assert_eq!(ids(&list("/api/v1/events?after=2").await.json()), "3");
    assert_eq!(
        ids(&list("/api/v1/events?kinds=pushed,deleted").await.json()),
        "1"
    );
    assert_eq!(
        ids(
            &list("/api/v1/events?least_severity=critical&kinds=vulnerability")
                .await
                .json()
        ),
        ""
    );
    for wrong in [
        "kinds=x",
        "least_severity=x",
        "changes=x",
        "repository=a%20b",
    ] {
        let path = format!("/api/v1/events?{wrong}");
        assert_eq!(server.get(&path).await.status.as_u16(), 400, "{wrong}");
    }
}

async fn stream(server: &Server, path: &str, last: Option<&str>) -> Response<Body> {
    let mut request = Request::get(path).header("host", "localhost:5000");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).unwrap();
    let router = crate::router::router(server.app.clone());
    router.oneshot(request).await.unwrap()
}

/// The next piece of a stream: its lines, but for the data.
async fn piece(body: &mut Body) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("data:") && !line.is_empty());
    Some(lines.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_left() {
    let server = server();
    server.happens(&[pushed("a", "t1"), pushed("b", "t2"), pushed("a", "t3")]);
    let answered = stream(&server, "/api/v1/events/stream", Some("1")).await;
    assert_eq!(answered.headers()["content-type"], "text/event-stream");
    let mut body = answered.into_body();
    assert_eq!(piece(&mut body).await.unwrap(), "event: pushed id: 2");
    assert_eq!(piece(&mut body).await.unwrap(), "event: pushed id: 3");
    server.happens(&[pushed("a", "t4")]);
    assert_eq!(piece(&mut body).await.unwrap(), "event: pushed id: 4");
    let mut filtered = stream(&server, "/api/v1/events/stream?repository=b", Some("0"))
        .await
        .into_body();
    assert_eq!(piece(&mut filtered).await.unwrap(), "event: pushed id: 2");
    server.app.stopping.store(true, Ordering::Relaxed);
    assert_eq!(piece(&mut body).await, None, "it ends with the server");
    assert_eq!(piece(&mut filtered).await, None);
}

#[tokio::test]
async fn a_stream_begins_now_and_tells_what_is_missing() {
    let server = server();
    server.happens(&[pushed("a", "t1")]);
    server.pass(60);
    server.happens(&[pushed("a", "t2")]);
    let before = server.app.clock.now();
    server.app.store.metadata.forget_events(before, 10).unwrap();
    let mut late = stream(&server, "/api/v1/events/stream", Some("0"))
        .await
        .into_body();
    assert_eq!(piece(&mut late).await.unwrap(), "event: gap id: 1");
    assert_eq!(piece(&mut late).await.unwrap(), "event: pushed id: 2");
    let refused = stream(&server, "/api/v1/events/stream", Some("x")).await;
    assert_eq!(refused.status().as_u16(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_that_it_lives() {
    let server = server();
    server.happens(&[pushed("a", "t1")]);
    let mut body = stream(&server, "/api/v1/events/stream", None)
        .await
        .into_body();
    assert_eq!(piece(&mut body).await.unwrap(), ": still here id: 1");
    server.happens(&[pushed("a", "t2")]);
    assert_eq!(piece(&mut body).await.unwrap(), "event: pushed id: 2");
}

#[tokio::test]
async fn not_everybody_can_listen_at_once() {
    let server = Server::with(|settings| {
        settings.dev = true;
        settings.events.streams = 1;
    });
    let first = stream(&server, "/api/v1/events/stream", None).await;
    let second = stream(&server, "/api/v1/events/stream", None).await;
    assert_eq!(second.status().as_u16(), 503);
    drop(first);
    let third = stream(&server, "/api/v1/events/stream", None).await;
    assert_eq!(third.status().as_u16(), 200);
}
