//! The gate through the router: pulls, and the documents that they are judged by.

use axum::body::Body;
use axum::http::Request;
use image::manifest::media_type::{OCI_INDEX, OCI_MANIFEST};
use model::Digest;
use serde_json::{Value, json};

use crate::testing::{ALPINE, Answered, Server};

mod attached;
mod disguise;

const CVE: &str = "CVE-2023-45853";
/// Denies everything that was found.
const ANY: &str = "name = 'p'\n[[rules]]\nseverity = 'any'\n";
const HOUR: i64 = 3600;

/// A server with a scanned image of one finding.
async fn scanned() -> (Server, Digest) {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", CVE)]);
    let digest = server.push("app", "v1", ALPINE).await;
    server.work();
    (server, digest)
}

async fn call(server: &Server, method: &str, path: &str, kind: &str, body: &str) -> Answered {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "localhost:5000");
    let request = request.header("content-type", kind);
    let body = Body::from(body.to_owned());
    server.request(request.body(body).unwrap()).await
}

/// Puts a policy in TOML.
#[track_caller]
fn policy<'s>(server: &'s Server, text: &'s str) -> impl Future<Output = Answered> + 's {
    let name = text.split('\'').nth(1).unwrap();
    let path = format!("/api/v1/policies/{name}");
    async move { call(server, "PUT", &path, "application/toml", text).await }
}

/// Status and verdict of a pull.
async fn pull(server: &Server, path: &str) -> (u16, String) {
    let answered = server.get(&format!("/v2/{path}")).await;
    (
        answered.status.as_u16(),
        answered.header("lazaret-verdict").to_owned(),
    )
}

fn is(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[tokio::test]
async fn a_denied_pull_says_what_helps_and_where_more_is_said() {
    let (server, digest) = scanned().await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, ""));
    assert_eq!(policy(&server, ANY).await.status, 201);
    let page = format!("http://localhost:5000/images/{digest}?repository=app");
    for reference in ["v1", digest.as_str()] {
        let path = format!("/v2/app/manifests/{reference}");
        let denied = server.get(&path).await;
        assert_eq!(denied.status, 403);
        assert_eq!(denied.header("lazaret-verdict"), "deny");
        let error = &denied.json()["errors"][0];
        assert_eq!(error["code"], "DENIED");
        assert_eq!(
            error["message"],
            format!(
                "this image may not be pulled: policy 'p' (rule 1): CVE-2023-45853 (unknown) in \
                 zlib 1.3-r0: update zlib to 1.3.1-r0. More: {page}"
            )
        );
        let reason = json!({
            "effect": "deny", "policy": "p", "rule": "rule 1",
            "text": "CVE-2023-45853 (unknown) in zlib 1.3-r0", "fix": "update zlib to 1.3.1-r0",
            "notes": [], "finding": CVE, "severity": "unknown", "package": "zlib",
            "version": "1.3-r0", "fixed_in": ["1.3.1-r0"],
        });
        let detail = json!({ "reasons": [reason], "reason_count": 1, "page": page });
        assert_eq!(error["detail"], detail);
        let head = server.send("HEAD", &path, Value::Null).await;
        assert_eq!(
            (head.status.as_u16(), head.header("lazaret-verdict")),
            (200, "deny")
        );
    }
    let request = Request::get("/v2/app/manifests/v1").header("host", "localhost:5000");
    let request = request.header("if-none-match", format!("\"{digest}\""));
    let known = server.request(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        known.status, 403,
        "who has it already is not told that it is good"
    );
}

#[tokio::test]
async fn what_is_warned_of_is_pulled_with_a_warning() {
    let (server, digest) = scanned().await;
    let warn = "name = 'p'\n[[rules]]\nseverity = 'any'\neffect = 'warn'\n";
    policy(&server, warn).await;
    let pulled = server.get("/v2/app/manifests/v1").await;
    assert_eq!(
        (pulled.status.as_u16(), pulled.header("lazaret-verdict")),
        (200, "warn")
    );
    assert_eq!(
        pulled.header("warning"),
        format!(
            "299 - \"policy 'p' (rule 1): CVE-2023-45853 (unknown) in zlib 1.3-r0: update zlib to \
             1.3.1-r0. More: http://localhost:5000/images/{digest}?repository=app\""
        )
    );
    policy(&server, &warn.replace("warn", "audit")).await;
    let pulled = server.get("/v2/app/manifests/v1").await;
    assert_eq!(
        (pulled.header("lazaret-verdict"), pulled.header("warning")),
        ("allow", "")
    );
}

#[tokio::test]
async fn a_change_counts_at_once_and_for_repositories_and_tags_of_its_scope() {
    let (server, digest) = scanned().await;
    server.push("other", "v1", ALPINE).await;
    server.push("app", "dev", ALPINE).await;
    let scoped = |scope: &str| format!("name = 'p'\n{scope}\n[[rules]]\nseverity = 'any'\n");
    policy(&server, &scoped("repositories = 'app'")).await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    assert_eq!(pull(&server, "other/manifests/v1").await, is(200, "allow"));
    policy(&server, &scoped("tags = 'prod-*'")).await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    policy(&server, &scoped("tags = 'dev'")).await;
    // The image has both tags: whoever asks for it by another one gets the same bytes.
    let by_digest = format!("app/manifests/{digest}");
    for path in ["app/manifests/v1", "app/manifests/dev", &by_digest] {
        assert_eq!(pull(&server, path).await, is(403, "deny"), "{path}");
    }
    let deleted = server
        .send("DELETE", "/api/v1/policies/p", Value::Null)
        .await;
    assert_eq!(deleted.status, 204);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, ""));
}

#[tokio::test]
async fn a_rescan_never_blocks_and_what_cannot_be_scanned_is_as_the_policy_says() {
    let server = Server::open();
    server.repository("app", Some(false));
    server.load(&[("zlib", "1.3.1-r0", CVE)]);
    let digest = server.push("app", "v1", ALPINE).await;
    policy(&server, "name = 'p'\n[[rules]]\nseverity = 'critical'\n").await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "warn"));
    policy(&server, "name = 'new'\n[[rules]]\nscanned = false\n").await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    let metadata = &server.app.store.metadata;
    let now = server.app.clock.now();
    metadata.request_scan(&digest, now).unwrap();
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    server.work();
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    metadata.request_scan(&digest, now).unwrap();
    assert_eq!(
        pull(&server, "app/manifests/v1").await,
        is(200, "allow"),
        "the last one stands"
    );
    let bare = "//- layer\n//- /bin/program\nx\n";
    let bare = server.push("app", "bare", bare).await;
    metadata.request_scan(&bare, now).unwrap();
    server.work();
    assert_eq!(pull(&server, "app/manifests/bare").await, is(403, "deny"));
    for (word, expected) in [("warn", "warn"), ("audit", "allow"), ("allow", "allow")] {
        for name in ["p", "new"] {
            let text = format!("name = '{name}'\nunscannable = '{word}'\n");
            policy(&server, &text).await;
        }
        assert_eq!(pull(&server, "app/manifests/bare").await, is(200, expected));
    }
}

#[tokio::test]
async fn exceptions_end_and_vex_counts() {
    let (server, _) = scanned().await;
    policy(&server, ANY).await;
    let wanted = json!({ "vulnerability": CVE, "reason": "not reachable",
        "expires_at": "2026-11-24T02:00:00Z" });
    let made = server.send("POST", "/api/v1/exceptions", wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    server.pass(2 * HOUR);
    let denied = server.get("/v2/app/manifests/v1").await;
    assert_eq!(
        denied.status, 403,
        "it ran out without anybody doing anything"
    );
    let message = denied.json()["errors"][0]["message"].to_string();
    assert!(
        message.contains("of anonymous ran out at 2026-11-24T02:00:00Z"),
        "{message}"
    );
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1",
        "author": "Anna", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [
            { "vulnerability": { "name": CVE }, "products": [{ "@id": "pkg:apk/alpine/zlib" }],
              "status": "not_affected", "justification": "vulnerable_code_not_present" },
            { "vulnerability": { "name": CVE }, "status": "fixed" },
        ],
    });
    let put = server.send("PUT", "/api/v1/vex/zlib", vex).await;
    assert_eq!(put.status, 201, "{}", put.body);
    let said = put.json();
    assert_eq!(
        (&said["statements"], &said["problems"][0]["place"]),
        (&json!(1), &json!("statements[1].products"))
    );
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    assert_eq!(
        server
            .send("DELETE", "/api/v1/vex/zlib", Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
}

#[tokio::test]
async fn a_pass_lets_everybody_pull_one_image_until_it_ends() {
    let (server, digest) = scanned().await;
    server
        .push("app", "other", &ALPINE.replace("1.3-r0", "1.2-r0"))
        .await;
    server.work();
    policy(&server, ANY).await;
    let wanted = json!({ "repository": "app", "tag": "v1", "reason": "an incident",
        "minutes": 60 });
    let given = server
        .send("POST", "/api/v1/break-glass", wanted.clone())
        .await;
    assert_eq!(given.status, 201, "{}", given.body);
    assert_eq!(given.json()["digest"], digest.as_str());
    let pulled = server.get("/v2/app/manifests/v1").await;
    assert_eq!(
        (pulled.status.as_u16(), pulled.header("lazaret-verdict")),
        (200, "break-glass")
    );
    assert!(
        pulled
            .header("warning")
            .contains("by a pass of anonymous until")
    );
    assert_eq!(pull(&server, "app/manifests/other").await, is(403, "deny"));
    server.pass(HOUR);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    let given = server
        .send("POST", "/api/v1/break-glass", wanted.clone())
        .await;
    let id = given.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        pull(&server, "app/manifests/v1").await,
        is(200, "break-glass")
    );
    let end = format!("/api/v1/break-glass/{id}");
    assert_eq!(server.send("DELETE", &end, Value::Null).await.status, 204);
    assert_eq!(server.send("DELETE", &end, Value::Null).await.status, 404);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    let changed = |key: &str, value: Value| {
        let mut wanted = wanted.clone();
        wanted[key] = value;
        wanted
    };
    for (wanted, status) in [
        (changed("reason", json!(" ")), 400),
        (changed("minutes", json!(0)), 400),
        (changed("minutes", json!(100_000)), 400),
        (changed("digest", json!(digest.as_str())), 400),
        (changed("tag", json!("none")), 404),
    ] {
        let answered = server.send("POST", "/api/v1/break-glass", wanted).await;
        assert_eq!(answered.status, status, "{}", answered.body);
    }
}

#[tokio::test]
async fn permissions_hold_for_documents_and_passes() {
    let server = Server::with(|_| {});
    server.load(&[("zlib", "1.3.1-r0", CVE)]);
    let harmless = "name = 'p'\n[[rules]]\nseverity = 'critical'\n";
    let users = [
        ("root", "admin"),
        ("ci", "push:app"),
        ("reader", "scan-reader"),
        ("fire", "break-glass:app"),
    ];
    let users = users.map(|(name, grant)| (name, server.user(name, &[grant])));
    for (name, key) in users {
        server.log_in(Some((&key.id, &key.secret)));
        if name == "root" {
            server.push("app", "v1", ALPINE).await;
        }
        let document = call(
            &server,
            "PUT",
            "/api/v1/policies/p",
            "application/toml",
            harmless,
        )
        .await;
        let is_admin = name == "root";
        assert_eq!(document.status.is_success(), is_admin, "{name}");
        let vex = server.send("PUT", "/api/v1/vex/a", json!({})).await;
        assert_eq!(
            vex.status.as_u16(),
            if is_admin { 400 } else { 403 },
            "{name}"
        );
        let exception = server.send("POST", "/api/v1/exceptions", json!({})).await;
        assert_eq!(
            exception.status.as_u16(),
            if is_admin { 400 } else { 403 },
            "{name}"
        );
        let reads = matches!(name, "root" | "reader");
        for path in [
            "policies",
            "policies/p",
            "policies/p/versions",
            "exceptions",
            "vex",
        ] {
            let answered = server.get(&format!("/api/v1/{path}")).await;
            let expected = if reads { 200 } else { 403 };
            assert_eq!(answered.status.as_u16(), expected, "{name} {path}");
        }
        let pass = json!({ "repository": "app", "tag": "v1", "reason": "x", "minutes": 1 });
        let pass = server.send("POST", "/api/v1/break-glass", pass).await;
        let expected = if name == "fire" { 201 } else { 403 };
        assert_eq!(pass.status.as_u16(), expected, "{name} {}", pass.body);
        let pulled = server.get("/v2/app/manifests/v1").await;
        let may_pull = matches!(name, "root" | "ci");
        assert_eq!(pulled.status.is_success(), may_pull, "{name}");
    }
}

async fn put_manifest(server: &Server, path: &str, kind: &str, body: &Value) -> Digest {
    let body = body.to_string();
    let answered = call(server, "PUT", path, kind, &body).await;
    assert_eq!(answered.status, 201, "{}", answered.body);
    Digest::of(body.as_bytes())
}

#[tokio::test]
async fn an_index_is_as_bad_as_the_best_of_its_images() {
    let (server, bad) = scanned().await;
    let good = ALPINE.replace("1.3-r0", "1.3.1-r0");
    let good = server.push("app", "good", &good).await;
    server.work();
    let entry = |digest: &Digest, architecture: &str| {
        json!({ "mediaType": OCI_MANIFEST, "digest": digest.as_str(), "size": 1,
            "platform": { "os": "linux", "architecture": architecture } })
    };
    let index = |manifests: Value| json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    let both = index(json!([entry(&bad, "amd64"), entry(&good, "arm64")]));
    let both = put_manifest(&server, "/v2/app/manifests/both", OCI_INDEX, &both).await;
    let alone = index(json!([entry(&bad, "amd64")]));
    let alone = put_manifest(&server, "/v2/app/manifests/alone", OCI_INDEX, &alone).await;
    policy(
        &server,
        "name = 'p'\ntags = 'alone'\n[[rules]]\nseverity = 'any'\n",
    )
    .await;
    assert_eq!(pull(&server, "app/manifests/both").await, is(200, "allow"));
    assert_eq!(pull(&server, "app/manifests/alone").await, is(403, "deny"));
    let child = format!("app/manifests/{bad}");
    assert_eq!(
        pull(&server, &child).await,
        is(403, "deny"),
        "by the index's tag"
    );
    let path = format!("/api/v1/verdicts/{both}?repository=app");
    let verdict = server.get(&path).await.json();
    assert_eq!(
        (&verdict["gated"], &verdict["verdict"]),
        (&json!(true), &json!("allow"))
    );
    let platform = |digest: &Digest, name: &str, word: &str| json!({ "digest": digest.as_str(), "platform": name, "verdict": word });
    let platforms = [
        platform(&bad, "linux/amd64", "deny"),
        platform(&good, "linux/arm64", "allow"),
    ];
    assert_eq!(verdict["platforms"], json!(platforms));
    let pass = json!({ "repository": "app", "digest": alone.as_str(), "reason": "an incident",
        "minutes": 5 });
    server.send("POST", "/api/v1/break-glass", pass).await;
    for path in ["app/manifests/alone", &child] {
        assert_eq!(pull(&server, path).await, is(200, "break-glass"), "{path}");
    }
}

#[tokio::test]
async fn signatures_are_not_gated_and_an_image_with_one_is_signed() {
    let (server, digest) = scanned().await;
    policy(&server, "name = 'p'\n[[rules]]\nsigned = false\n").await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let upload = format!("/v2/app/blobs/uploads/?digest={empty}");
    assert_eq!(call(&server, "POST", &upload, "", "{}").await.status, 201);
    let part = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty,
        "size": 2 });
    let signature = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.cncf.notary.signature",
        "config": part, "layers": [part],
        "subject": { "mediaType": OCI_MANIFEST, "digest": digest.as_str(), "size": 1 },
    });
    let path = format!(
        "/v2/app/manifests/{}",
        Digest::of(signature.to_string().as_bytes())
    );
    let signature = put_manifest(&server, &path, OCI_MANIFEST, &signature).await;
    assert_eq!(
        pull(&server, &format!("app/manifests/{signature}")).await,
        is(200, "")
    );
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
    let verdict = format!("/api/v1/verdicts/{signature}?repository=app");
    assert_eq!(server.get(&verdict).await.json()["gated"], false);
}

#[tokio::test]
async fn a_dry_run_tells_what_a_policy_would_deny_part_by_part() {
    let (server, digest) = scanned().await;
    server.push("app", "v2", ALPINE).await;
    server
        .push("base", "v1", &ALPINE.replace("1.3-r0", "1.3.1-r0"))
        .await;
    server.push("web", "v1", ALPINE).await;
    server.work();
    let run = async |query: &str| {
        let path = format!("/api/v1/policies/dry-run{query}");
        let answered = call(&server, "POST", &path, "application/toml", ANY).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        answered.json()
    };
    let whole = run("").await;
    let counts = ["judged", "denied", "warned", "complete", "next"].map(|key| whole[key].clone());
    assert_eq!(
        counts,
        [json!(4), json!(3), json!(0), json!(true), Value::Null]
    );
    let image = &whole["images"][0];
    assert_eq!(
        (
            &image["repository"],
            &image["tag"],
            &image["digest"],
            &image["effect"]
        ),
        (
            &json!("app"),
            &json!("v1"),
            &json!(digest.as_str()),
            &json!("deny")
        )
    );
    assert_eq!(image["reasons"][0]["finding"], CVE);
    assert_eq!(
        pull(&server, "app/manifests/v1").await,
        is(200, ""),
        "nothing was changed"
    );
    let (mut query, mut seen) = ("?limit=1".to_owned(), Vec::new());
    loop {
        let part = run(&query).await;
        for image in part["images"].as_array().unwrap() {
            seen.push(format!("{}:{}", image["repository"], image["tag"]).replace('"', ""));
        }
        let Some(repository) = part["next"]["repository"].as_str() else {
            break;
        };
        query = format!("?limit=1&repository={repository}");
        if let Some(tag) = part["next"]["tag"].as_str() {
            query.push_str(&format!("&tag={tag}"));
        }
    }
    assert_eq!(seen, ["app:v1", "app:v2", "web:v1"]);
    policy(&server, ANY).await;
    assert_eq!(run("?name=p").await["denied"], 3);
    let missing = call(&server, "POST", "/api/v1/policies/dry-run?name=q", "", "").await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn a_dry_run_tells_which_recent_pulls_would_be_denied() {
    let (server, digest) = scanned().await;
    server
        .push("base", "v1", &ALPINE.replace("1.3-r0", "1.3.1-r0"))
        .await;
    server.work();
    let by_digest = format!("app/manifests/{digest}");
    for path in [
        "app/manifests/v1",
        "app/manifests/v1",
        &by_digest,
        "base/manifests/v1",
    ] {
        assert_eq!(pull(&server, path).await, is(200, ""), "{path}");
    }
    let listed = server.get(&format!("/v2/app/referrers/{digest}")).await;
    assert_eq!(listed.status, 200, "a list is no pull");
    let run = async |query: &str| {
        let path = format!("/api/v1/policies/dry-run{query}");
        let answered = call(&server, "POST", &path, "application/toml", ANY).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        answered.json()
    };
    let whole = run("").await;
    assert_eq!(whole["pulls_complete"], true);
    let pulls = whole["pulls"].as_array().unwrap();
    let mut seen: Vec<_> = pulls
        .iter()
        .map(|one| {
            assert_eq!(one["reasons"][0]["finding"], CVE);
            let keys = ["repository", "object", "digest", "pulls", "effect"];
            json!(keys.map(|key| one[key].clone()))
        })
        .collect();
    seen.sort_by_key(|one| one[3].as_u64());
    let row = |object: &str, pulls: u64| json!(["app", object, digest.as_str(), pulls, "deny"]);
    assert_eq!(seen, [row(digest.as_str(), 1), row("v1", 2)]);
    let few = run("?limit=1").await;
    assert_eq!(few["pulls_complete"], false);
    assert_eq!(run("?pulls_days=0").await["pulls"], json!([]));
    assert_eq!(few["pulls"].as_array().unwrap().len(), 1);
    assert_eq!(
        run("?repository=app").await["pulls"],
        Value::Null,
        "told once"
    );
}

#[tokio::test]
async fn a_policy_is_kept_with_its_versions_and_its_problems_are_named() {
    let server = Server::open();
    let put =
        async |kind: &str, text: &str| call(&server, "PUT", "/api/v1/policies/p", kind, text).await;
    let broken = put(
        "application/toml",
        "name = 'p'\n[[rules]]\nsevrity = 'high'\n",
    )
    .await;
    assert_eq!(broken.status, 400);
    assert_eq!(broken.json()["problems"][0]["place"], "rules[0].sevrity");
    for (kind, text) in [("text/plain", ANY), ("application/json", ANY)] {
        assert_eq!(put(kind, text).await.status, 400, "{kind}");
    }
    let other = put("application/toml", "name = 'q'\n").await;
    assert_eq!(other.status, 400, "{}", other.body);
    assert_eq!(put("application/toml", ANY).await.status, 201);
    let json = r#"{"name": "p", "description": "second", "rules": [{"kev": true}]}"#;
    assert_eq!(
        put("application/json; charset=utf-8", json).await.status,
        200
    );
    let shown = server.get("/api/v1/policies/p").await.json();
    assert_eq!(
        (&shown["version"], &shown["document"]),
        (&json!(2), &json!(json))
    );
    assert_eq!(shown["says"]["rules"][0]["conditions"], json!(["kev"]));
    assert_eq!(
        server
            .send("DELETE", "/api/v1/policies/p", Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(server.get("/api/v1/policies/p").await.status, 404);
    let versions = server.get("/api/v1/policies/p/versions").await.json();
    let versions = versions["versions"].as_array().unwrap().clone();
    let told: Vec<_> = versions
        .iter()
        .map(|one| (one["version"].as_u64().unwrap(), one["deleted"] == true))
        .collect();
    assert_eq!(told, [(3, true), (2, false), (1, false)]);
    assert_eq!(versions[2]["document"], ANY);
    assert_eq!(
        server.get("/api/v1/policies/none/versions").await.status,
        404
    );
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_lets_nothing_through() {
    let (server, _) = scanned().await;
    let document = store::record::NewGateDocument {
        kind: store::record::GateKind::Policy,
        name: "p",
        form: "application/toml",
        text: "name = 'p'\nof_a_later_version = true\n",
        who: "anna",
        made_at: server.app.clock.now(),
    };
    let metadata = &server.app.store.metadata;
    metadata.put_gate_document(&document).unwrap();
    assert_eq!(pull(&server, "app/manifests/v1").await, is(500, ""));
    let shown = server.get("/api/v1/policies/p").await.json();
    assert_eq!(shown["says"], Value::Null);
    assert_eq!(policy(&server, ANY).await.status, 200, "it can be put anew");
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
}

#[tokio::test]
async fn what_another_server_changed_counts_at_once() {
    let (server, _) = scanned().await;
    policy(&server, ANY).await;
    assert_eq!(pull(&server, "app/manifests/v1").await, is(403, "deny"));
    // Another server writes to the same store, and this one is told nothing.
    let metadata = &server.app.store.metadata;
    let kind = store::record::GateKind::Policy;
    metadata
        .delete_gate_document(kind, "p", "anna", server.app.clock.now())
        .unwrap();
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, ""));
}

#[tokio::test]
async fn what_is_known_to_be_exploited_is_asked_of_the_database() {
    let server = Server::open();
    server.load_exploited(
        &[("zlib", "1.3.1-r0", CVE), ("openssl", "3.2", "CVE-2026-1")],
        CVE,
    );
    server.push("app", "v1", ALPINE).await;
    server.work();
    policy(&server, "name = 'p'\n[[rules]]\nkev = true\n").await;
    let denied = server.get("/v2/app/manifests/v1").await.json();
    let detail = &denied["errors"][0]["detail"];
    assert_eq!(detail["reason_count"], 1, "{detail}");
    assert_eq!(
        detail["reasons"][0]["notes"],
        json!(["known exploited since 2026-01-02"])
    );
}
