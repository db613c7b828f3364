//! The pages as a browser gets them: headers, escaping, and words that never promise too much.

use std::sync::Arc;

use advisory::{Builder, Database, FeedFile};
use model::Digest;
use serde_json::json;

use crate::index::tests::{entry, push_index, two_platforms};
use crate::testing::{ALPINE, Answered, Server};

/// After records of osv.dev for Alpine, 2026-11; the description is hostile.
const HOSTILE: &str = r#"{"id": "CVE-2026-1", "modified": "2026-11-23T00:00:00Z",
    "summary": "<script>alert('summary')</script>",
    "details": "<script>alert('details')</script>",
    "references": [{"type": "ADVISORY", "url": "javascript:alert(1)"}],
    "affected": [{"package": {"ecosystem": "Alpine:v3.19", "name": "zlib"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]}]}"#;

fn osv(text: &str) -> Arc<Database> {
    let mut builder = Builder::new(advisory::Limits::default());
    let file = FeedFile {
        source: "osv-alpine",
        archive: Some("Alpine/all.zip"),
        path: "CVE-2026-1.json",
        modified: Some("2026-11-23T00:00:00Z".parse().unwrap()),
        bytes: text.as_bytes(),
    };
    builder.add_file(&file).unwrap();
    Arc::new(Database::open(builder.finish()).unwrap())
}

#[track_caller]
fn check_headers(answered: &Answered) {
    assert_eq!(answered.header("content-type"), "text/html; charset=utf-8");
    let policy = answered.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answered.header("x-content-type-options"), "nosniff");
    assert_eq!(answered.header("referrer-policy"), "no-referrer");
    assert_eq!(answered.header("cache-control"), "no-store");
}

async fn image_page(server: &Server, digest: &Digest) -> String {
    let answered = server
        .get(&format!("/images/{digest}?repository=app1"))
        .await;
    assert_eq!(answered.status, 200, "{}", answered.body);
    check_headers(&answered);
    answered.body
}

#[tokio::test]
async fn every_page_is_there_and_may_load_nothing_foreign() {
    let server = Server::open();
    let empty = server.get("/").await;
    assert!(
        empty.body.contains("No advisory database is loaded"),
        "{}",
        empty.body
    );
    assert!(
        empty.body.contains("docker push localhost:5000/name:tag"),
        "{}",
        empty.body
    );
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let digest = server.push("app1", "latest", ALPINE).await;
    server.work();
    let image = format!("/images/{digest}?repository=app1");
    for (path, words) in [
        ("/", "/repositories/app1"),
        ("/repositories/app1", digest.hex().get(..12).unwrap()),
        (image.as_str(), "CVE-2023-45853"),
        ("/vulnerabilities/CVE-2023-45853", "/repositories/app1"),
        (
            "/vulnerabilities?id=%20CVE-2023-45853%20",
            "/repositories/app1",
        ),
        (
            "/vulnerabilities/CVE-1999-1",
            "No scanned image has a finding of that name",
        ),
    ] {
        let answered = server.get(path).await;
        assert_eq!(answered.status, 200, "{path}");
        check_headers(&answered);
        assert!(answered.body.contains(words), "{path}: {}", answered.body);
    }
    let style = server.get("/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(style.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_too() {
    let server = Server::open();
    let unknown = Digest::of(b"unknown");
    for path in [
        format!("/images/{unknown}"),
        "/images/%3Cscript%3E".to_owned(),
        "/repositories/none".to_owned(),
        "/repositories/%3Cscript%3E".to_owned(),
        "/vulnerabilities".to_owned(),
    ] {
        let answered = server.get(&path).await;
        assert_eq!(answered.status, 404, "{path}");
        check_headers(&answered);
        assert!(
            answered.body.contains("<h1>Not found</h1>"),
            "{path}: {}",
            answered.body
        );
        assert!(
            !answered.body.contains("<script>"),
            "{path}: {}",
            answered.body
        );
    }
    let answered = server.get("/nothing/here").await;
    assert_eq!(answered.status, 404);
    assert_eq!(answered.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn hostile_words_are_only_text() {
    let server = Server::open();
    server.app.database.replace(osv(HOSTILE));
    let text = ALPINE.replace("P:zlib", "P:<script>alert(1)</script>");
    let digest = server.push("app1", "latest", &text).await;
    server.work();
    let body = image_page(&server, &digest).await;
    assert!(body.contains("CVE-2026-1"), "{body}");
    let shown = "&#60;script&#62;alert(1)&#60;/script&#62;";
    assert!(body.contains(shown), "{body}");
    for page in [body, server.get("/vulnerabilities/CVE-2026-1").await.body] {
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("href=\"javascript"), "{page}");
    }
    let asked = server
        .get(&format!("/images/{digest}?repository=%22%3E%3Cscript%3E"))
        .await;
    assert!(!asked.body.contains("<script"), "{}", asked.body);
}

#[tokio::test]
async fn a_page_says_clean_only_of_what_was_wholly_compared() {
    const CLEAN: &str = "None: every package was compared";
    const NOT_CLEAN: &str = "That is not the same as clean.";
    let server = Server::unhurried();
    server.load(&[]);
    let digest = server.push("app1", "latest", ALPINE).await;
    let scanning = image_page(&server, &digest).await;
    assert!(scanning.contains("This image is scanning.") && scanning.contains(NOT_CLEAN));
    server.work();
    let body = image_page(&server, &digest).await;
    assert_eq!(
        body.contains(CLEAN),
        !body.contains("Not everything could be answered")
    );
    let other = server
        .push("app1", "old", &ALPINE.replace("3.19.0", "3.18.0"))
        .await;
    let bare = server
        .push("app1", "bare", "//- layer\n//- /bin/program\nx\n")
        .await;
    server.work();
    let incomplete = image_page(&server, &other).await;
    assert!(!incomplete.contains(CLEAN), "{incomplete}");
    assert!(
        incomplete.contains("None were found, but the coverage"),
        "{incomplete}"
    );
    let failed = image_page(&server, &bare).await;
    assert!(
        failed.contains("could not be scanned") && failed.contains(NOT_CLEAN),
        "{failed}"
    );
    let list = server.get("/repositories/app1").await.body;
    assert!(list.contains("could not be scanned"), "{list}");
    server.repository("quiet", Some(false));
    let unscanned = server
        .push("quiet", "a", &ALPINE.replace("1.3-r0", "1.2-r0"))
        .await;
    assert!(
        image_page(&server, &unscanned)
            .await
            .contains("This image is not scanned.")
    );
}

#[tokio::test]
async fn without_a_database_nothing_is_clean() {
    let server = Server::open();
    let digest = server.push("app1", "latest", ALPINE).await;
    server.work();
    let body = image_page(&server, &digest).await;
    assert!(!body.contains("None: every package was compared"), "{body}");
    assert!(body.contains("no advisory database is loaded"), "{body}");
}

#[tokio::test]
async fn an_image_shows_its_verdict_and_policies_what_they_do_today() {
    let server = Server::open();
    let none = server.get("/policies").await;
    check_headers(&none);
    assert!(
        none.body.contains("There is no policy: everything"),
        "{}",
        none.body
    );
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    let digest = server.push("app1", "latest", ALPINE).await;
    server.work();
    assert!(!image_page(&server, &digest).await.contains("be pulled"));
    let policy = serde_json::json!({ "name": "p", "description": "<script>",
        "rules": [{ "severity": "any", "name": "<script>" }] });
    let request = axum::http::Request::put("/api/v1/policies/p")
        .header("host", "localhost:5000")
        .header("content-type", "application/json");
    let put = server
        .request(request.body(policy.to_string().into()).unwrap())
        .await;
    assert_eq!(put.status, 201, "{}", put.body);
    let denied = image_page(&server, &digest).await;
    for words in [
        "It may not be pulled",
        "update zlib to 1.3.1-r0",
        "<small>&#60;script&#62;",
    ] {
        assert!(denied.contains(words), "{words}: {denied}");
    }
    let policies = server.get("/policies").await;
    check_headers(&policies);
    let today = "Of 1 images with a tag it denies 1 and warns of 0.";
    for words in [
        today,
        "app1:latest",
        "CVE-2023-45853 (unknown) in zlib 1.3-r0",
    ] {
        assert!(policies.body.contains(words), "{words}: {}", policies.body);
    }
    let wanted = serde_json::json!({ "vulnerability": "CVE-2023-45853",
        "expires_at": "2026-12-01T00:00:00Z", "reason": "<script>" });
    server.send("POST", "/api/v1/exceptions", wanted).await;
    let allowed = image_page(&server, &digest).await;
    let until = "can become another verdict on 2026-12-01 00:00 UTC";
    for words in ["It may be pulled", "Left out of account", until] {
        assert!(allowed.contains(words), "{words}: {allowed}");
    }
    for page in [denied, policies.body, allowed] {
        assert!(!page.contains("<script"), "{page}");
    }
}

#[tokio::test]
async fn an_index_is_shown_with_its_platforms() {
    let (server, index) = two_platforms().await;
    let body = image_page(&server, &index).await;
    let members = crate::index::of(&server.app, None, &index)
        .unwrap()
        .unwrap()
        .members;
    for member in &members {
        let link = format!("<a href=\"/images/{}?repository=app1\">", member.digest);
        let row = format!("<td data-name=\"Platform\">{}</td>", member.name);
        assert!(body.contains(&link) && body.contains(&row), "{body}");
    }
    let both = "<td data-name=\"Platforms\">linux/amd64, linux/arm64/v8</td>";
    let one = "<td data-name=\"Platforms\">linux/amd64</td>";
    assert_eq!(
        (body.matches(both).count(), body.matches(one).count()),
        (1, 1),
        "{body}"
    );
    assert!(
        body.contains("linux/arm64/v8: alpine:3.19 got its last fixes"),
        "{body}"
    );
    let list = server.get("/repositories/app1").await.body;
    assert_eq!(
        list.matches("scanned <span class=\"severity unknown\">2 unknown<")
            .count(),
        2
    );
}

#[tokio::test]
async fn an_index_is_clean_only_with_all_its_platforms() {
    let server = Server::unhurried();
    server.load(&[]);
    let good = server.push("app1", "good", ALPINE).await;
    let bad = server.push("app1", "bad", "//- layer\n//- /x\nx\n").await;
    let entries = json!([entry(&good, "linux/amd64"), entry(&bad, "linux/<script>")]);
    let (index, _) = push_index(&server, "all", entries).await;
    let (failed, _) = push_index(&server, "bad", json!([entry(&bad, "linux/arm64")])).await;
    let scanning = image_page(&server, &index).await;
    assert!(scanning.contains("The whole is scanning. That is not the same as clean."));
    server.work();
    let body = image_page(&server, &index).await;
    assert!(
        body.contains("None were found, but the coverage above is incomplete."),
        "{body}"
    );
    assert!(
        !body.contains("<script") && body.contains("could not be scanned"),
        "{body}"
    );
    let body = image_page(&server, &failed).await;
    assert!(body.contains("That is not the same as clean."), "{body}");
}

#[tokio::test]
async fn an_index_is_shown_as_the_named_repository_holds_it() {
    let server = Server::open();
    server.load(&[]);
    let image = server.push("app1", "one", ALPINE).await;
    server.push("other", "one", ALPINE).await;
    let (index, _) = push_index(&server, "all", json!([entry(&image, "linux/amd64")])).await;
    let gone = "not in the repository any more";
    assert!(!image_page(&server, &index).await.contains(gone));
    let (name, now) = ("app1".parse().unwrap(), server.app.clock.now());
    let metadata = &server.app.store.metadata;
    metadata.delete_manifest(&name, &image, now).unwrap();
    let body = image_page(&server, &index).await;
    assert!(body.contains(gone), "{body}");
}

#[tokio::test]
async fn events_are_told_newest_first_to_those_who_may_see_them() {
    let server = Server::unhurried();
    server.load(&[]);
    let digest = server.push("app1", "one", ALPINE).await;
    server
        .push("other", "two", &ALPINE.replace("1.3-r0", "1.2-r0"))
        .await;
    server.work();
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.work();
    server.app.store.metadata.place_events(1000).unwrap();
    let body = async |query: &str| {
        let answered = server.get(&format!("/events{query}")).await;
        assert_eq!(answered.status, 200, "{query}: {}", answered.body);
        check_headers(&answered);
        answered.body
    };
    let all = body("").await;
    let found = all.find("/vulnerabilities/CVE-2023-45853").expect(&all);
    let pushed = all.find("Pushed").expect(&all);
    assert!(found < pushed, "newest first: {all}");
    let image = format!("/images/{digest}?repository=app1");
    for words in [
        image.as_str(),
        "zlib 1.2-r0, zlib 1.3-r0, 2 images:",
        "Scanned",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    let one = body("?kind=pushed&repository=app*").await;
    assert_eq!(one.matches("Pushed").count(), 1, "{one}");
    assert!(
        !one.contains("CVE-2023-45853<") && !one.contains("other:two"),
        "{one}"
    );
    assert!(one.contains("<option selected>pushed"), "{one}");
    let none = body("?before=1").await;
    assert!(none.contains("Nothing that you may see"), "{none}");
    for query in ["?kind=eaten", "?repository=%3Cscript%3E"] {
        let answered = server.get(&format!("/events{query}")).await;
        assert_eq!(answered.status, 404, "{query}");
        assert!(!answered.body.contains("<script"), "{}", answered.body);
    }
}

#[tokio::test]
async fn subscriptions_are_shown_to_administrators_and_events_to_readers() {
    let server = Server::with(|_| {});
    let root = server.user("root", &["admin"]);
    let bob = server.user("bob", &["scan-reader:team/*"]);
    server.log_in(Some((&root.id, &root.secret)));
    let wanted = json!({ "name": "tell", "url": "https://hooks.example.org/secret" });
    let made = server.send("POST", "/api/v1/subscriptions", wanted).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.body);
    server.push("app1", "one", ALPINE).await;
    server.app.store.metadata.place_events(1000).unwrap();
    let told = server.get("/events").await.body;
    assert!(
        told.contains("app1:one") && told.contains(">tell<"),
        "{told}"
    );
    assert!(!told.contains("hooks.example.org"), "{told}");
    server.log_in(Some((&bob.id, &bob.secret)));
    let hidden = server.get("/events").await.body;
    assert!(hidden.contains("Nothing that you may see"), "{hidden}");
    assert!(!hidden.contains("Subscriptions"), "{hidden}");
}
