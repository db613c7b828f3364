//! Order, failures, crashes, filters, digests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use jiff::SignedDuration;
use model::Severity;
use ring::hmac;
use serde_json::json;
use store::record::EventFilter;
use tokio::sync::watch;

use super::receiver::{Got, Receiver, SILENCE, open, server};
use super::{pushed, scanned, vulnerability};
use crate::events::hub::Outlets;
use crate::events::{Courier, deliver, digest};
use crate::testing::{ALPINE, Server};

/// What a receiver does, by another library than the sender's.
fn is_signed(got: &Got, secret: &str) -> bool {
    let bytes = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let (id, time) = (got.header("webhook-id"), got.header("webhook-timestamp"));
    let content = format!("{id}.{time}.{}", got.body);
    let signature = got.header("webhook-signature").strip_prefix("v1,").unwrap();
    let tag = STANDARD.decode(signature).unwrap();
    hmac::verify(&key, content.as_bytes(), &tag).is_ok()
}

#[tokio::test]
async fn events_come_in_order_and_signed() {
    let (server, receiver) = (server(), Receiver::start(&[]).await);
    server.happens(&[pushed("a", "before")]);
    let secret = server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1"), pushed("b", "t2"), scanned("a", [1; 6])]);
    server.deliver().await;
    let got = receiver.take();
    let lines: Vec<String> = got.iter().map(Got::line).collect();
    assert_eq!(
        lines,
        [
            "2 dev.lazaret.pushed.v1",
            "3 dev.lazaret.pushed.v1",
            "4 dev.lazaret.scanned.v1"
        ]
    );
    for one in &got {
        assert!(is_signed(one, &secret));
        assert!(!is_signed(one, "whsec_AAAA"));
        assert_eq!(one.header("content-type"), "application/cloudevents+json");
        assert_eq!(one.header("webhook-timestamp"), "1795478400");
    }
    server.deliver().await;
    assert_eq!(receiver.lines(), Vec::<String>::new(), "each once");
}

#[tokio::test]
async fn a_failure_is_waited_out_and_nothing_is_skipped() {
    let (server, receiver) = (server(), Receiver::start(&[204, 500, 302, 204]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1"), pushed("a", "t2"), pushed("a", "t3")]);
    server.deliver().await;
    let pushed = |id: u8| format!("{id} dev.lazaret.pushed.v1");
    assert_eq!(receiver.lines(), [pushed(1), pushed(2)]);
    let progress = server.subscription("tell").progress;
    assert_eq!((progress.delivered, progress.attempts), (1, 1));
    let expected = "the receiver answered 500 Internal Server Error: as told";
    assert_eq!(progress.error.as_deref(), Some(expected));
    server.pass(1);
    server.deliver().await;
    assert_eq!(receiver.lines(), Vec::<String>::new(), "not yet");
    server.pass(1);
    server.deliver().await;
    assert_eq!(receiver.lines(), [pushed(2)], "no redirect is followed");
    server.pass(4);
    server.deliver().await;
    assert_eq!(receiver.lines(), [pushed(2), pushed(3)]);
    let progress = server.subscription("tell").progress;
    assert_eq!(
        (progress.delivered, progress.attempts, progress.error),
        (3, 0, None)
    );
    let metrics = server.app.metrics.text(&server.app).unwrap();
    assert!(
        metrics.contains("events_total{outcome=\"delivered\"} 3"),
        "{metrics}"
    );
    assert!(
        metrics.contains("events_total{outcome=\"failed\"} 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn who_dies_before_the_answer_sends_the_same_again() {
    let (server, receiver) = (server(), Receiver::start(&[SILENCE]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1")]);
    let (_go_on, stop) = watch::channel(false);
    let delivery = deliver::deliver(server.app.clone(), "tell".to_owned(), stop);
    let delivery = tokio::spawn(delivery);
    receiver.wait(1).await;
    delivery.abort();
    assert!(delivery.await.is_err());
    let first = receiver.take();
    server.deliver().await;
    assert_eq!(receiver.lines(), Vec::<String>::new(), "the lease holds");
    server.pass(60);
    server.deliver().await;
    let second = receiver.take();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].body, second[0].body);
    assert_eq!(
        first[0].header("webhook-id"),
        second[0].header("webhook-id")
    );
}

#[tokio::test]
async fn a_subscription_that_another_has_leased_is_left_alone() {
    let (server, receiver) = (server(), Receiver::start(&[]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1")]);
    let (metadata, now) = (&server.app.store.metadata, server.app.clock.now());
    let lease = SignedDuration::from_secs(10);
    let leased = metadata.lease_subscription("tell", now, lease).unwrap();
    assert!(leased.is_some());
    let (_go_on, stop) = watch::channel(false);
    let delivery = deliver::deliver(server.app.clone(), "tell".to_owned(), stop);
    delivery.await.unwrap();
    assert_eq!(receiver.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_gone_is_left_alone() {
    let (server, receiver) = (server(), Receiver::start(&[410]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1")]);
    server.deliver().await;
    assert_eq!(receiver.take().len(), 1);
    assert!(server.subscription("tell").progress.paused);
    server.pass(100_000);
    server.deliver().await;
    assert_eq!(receiver.take().len(), 0);
    let resumed = server.send("POST", "/api/v1/subscriptions/tell/resume", json!(null));
    assert_eq!(resumed.await.json()["paused"], false);
    server.deliver().await;
    assert_eq!(receiver.lines(), ["1 dev.lazaret.pushed.v1"]);
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    let (server, receiver) = (server(), Receiver::start(&[]).await);
    let filter = json!({ "filter": {
        "kinds": ["vulnerability"], "least_severity": "high", "fixable": true,
        "repositories": ["team/*"], "changes": ["found"],
    }});
    server.subscribe("tell", &receiver.url, filter).await;
    server.happens(&[
        pushed("team/a", "t"),
        vulnerability("CVE-1", Severity::Low, &["team/a"], &["2"]),
        vulnerability("CVE-2", Severity::High, &["team/a"], &[]),
        vulnerability("CVE-3", Severity::High, &["other"], &["2"]),
        vulnerability(
            "CVE-4",
            Severity::Critical,
            &["other", "team/a", "team/b"],
            &["2"],
        ),
        pushed("team/a", "t"),
    ]);
    server.deliver().await;
    let got = receiver.take();
    assert_eq!(got.len(), 1);
    let data = &got[0].json()["data"];
    assert_eq!(data["id"], "CVE-4");
    let images = data["images"].as_array().unwrap();
    let names: Vec<&str> = images
        .iter()
        .map(|one| one["repository"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["team/a", "team/b"]);
    assert_eq!(server.subscription("tell").progress.delivered, 6);
}

#[tokio::test]
async fn a_digest_comes_once_a_day() {
    let (server, receiver) = (server(), Receiver::start(&[503]).await);
    server
        .subscribe("daily", &receiver.url, json!({ "digest_at": "07:00" }))
        .await;
    server.happens(&[
        pushed("a", "t1"),
        scanned("a", [0; 6]),
        vulnerability("CVE-1", Severity::High, &["a", "b"], &["1.3-r1"]),
    ]);
    server.deliver().await;
    assert_eq!(receiver.take().len(), 0, "not yet");
    server.pass(7 * 3600);
    server.happens(&[pushed("a", "later")]);
    server.deliver().await;
    let failed = receiver.take();
    server.pass(3);
    server.deliver().await;
    let got = receiver.take();
    assert_eq!((failed.len(), got.len()), (1, 1));
    assert_eq!(failed[0].body, got[0].body, "the same again");
    expect![[r#"
        {
          "data": {
            "altered": {
              "critical": 0,
              "high": 0,
              "low": 0,
              "medium": 0,
              "negligible": 0,
              "unknown": 0
            },
            "complete": true,
            "deleted": 0,
            "found": {
              "critical": 0,
              "high": 1,
              "low": 0,
              "medium": 0,
              "negligible": 0,
              "unknown": 0
            },
            "from": "2026-11-24T00:00:00Z",
            "gone": {
              "critical": 0,
              "high": 0,
              "low": 0,
              "medium": 0,
              "negligible": 0,
              "unknown": 0
            },
            "pushed": 1,
            "scanned": 1,
            "scans_failed": 0,
            "to": "2026-11-24T07:00:00Z",
            "vulnerabilities": [
              {
                "change": "found",
                "complete": true,
                "fixable": true,
                "id": "CVE-1",
                "image_count": 2,
                "images": [
                  {
                    "digest": "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d",
                    "repository": "a",
                    "tags": [
                      "latest"
                    ]
                  },
                  {
                    "digest": "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d",
                    "repository": "b",
                    "tags": [
                      "latest"
                    ]
                  }
                ],
                "severity": "high"
              }
            ]
          },
          "datacontenttype": "application/json",
          "id": "digest-daily-2026-11-24T07:00:00Z",
          "source": "http://localhost:5000",
          "specversion": "1.0",
          "time": "2026-11-24T07:00:00Z",
          "type": "dev.lazaret.digest.v1"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&got[0].json()).unwrap());
    server.deliver().await;
    assert_eq!(receiver.take().len(), 0, "once");
    server.pass(24 * 3600);
    server.deliver().await;
    let got = receiver.take();
    assert_eq!(got.len(), 1);
    assert_eq!(
        got[0].json()["data"]["pushed"],
        1,
        "what came after the first"
    );
    assert_eq!(got[0].json()["data"]["from"], "2026-11-24T07:00:00Z");
}

#[tokio::test]
async fn a_new_cve_is_one_event_with_all_its_images() {
    let (server, receiver) = (server(), Receiver::start(&[]).await);
    server.load(&[]);
    server.work();
    let filter = json!({ "filter": { "kinds": ["vulnerability", "scanned"] } });
    server.subscribe("tell", &receiver.url, filter).await;
    for repository in ["a", "team/b"] {
        server.push(repository, "latest", ALPINE).await;
    }
    server.work();
    server.deliver().await;
    let got = receiver.take();
    assert_eq!(got.len(), 1, "one scan for both");
    assert_eq!(got[0].json()["type"], "dev.lazaret.scanned.v1");
    server.load(&[("zlib", "1.3.1-r0", "CVE-2023-45853")]);
    server.work();
    server.deliver().await;
    let got = receiver.take();
    assert_eq!(got.len(), 1, "one event");
    let data = &got[0].json()["data"];
    assert_eq!(
        (&data["id"], &data["change"]),
        (&json!("CVE-2023-45853"), &json!("found"))
    );
    assert_eq!(data["packages"][0]["fixed_in"], json!(["1.3.1-r0"]));
    let images = data["images"].as_array().unwrap();
    let places = images
        .iter()
        .map(|one| format!("{}{}", one["repository"], one["tags"]));
    let places: Vec<String> = places.collect();
    assert_eq!(places, ["\"a\"[\"latest\"]", "\"team/b\"[\"latest\"]"]);
}

#[tokio::test]
async fn a_long_day_is_read_only_as_long_as_the_lease_is_held() {
    let (server, day) = (server(), 10_500);
    server.happens(&vec![pushed("a", "t"); day]);
    let (metadata, begin) = (server.app.store.metadata.as_ref(), server.app.clock.now());
    server.pass(60);
    let (period, all) = ((begin, server.app.clock.now()), EventFilter::default());
    let (digest, last) = digest::collect(metadata, &all, 0, period, || Ok(true))
        .unwrap()
        .unwrap();
    assert_eq!((digest.pushed, last), (day as u64, day as u64));
    let lost = digest::collect(metadata, &all, 0, period, || Ok(false));
    assert_eq!(lost.unwrap(), None);
}

#[tokio::test]
async fn who_came_too_late_is_told_what_is_missing() {
    let (server, receiver) = (server(), Receiver::start(&[]).await);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1"), pushed("a", "t2")]);
    server.pass(60);
    server.happens(&[pushed("a", "t3")]);
    let before = server.app.clock.now();
    assert_eq!(
        server.app.store.metadata.forget_events(before, 10).unwrap(),
        2
    );
    server.deliver().await;
    let got = receiver.take();
    let lines: Vec<String> = got.iter().map(Got::line).collect();
    assert_eq!(
        lines,
        ["gap-0-2 dev.lazaret.gap.v1", "3 dev.lazaret.pushed.v1"]
    );
    assert_eq!(got[0].json()["data"], json!({ "after": 0, "through": 2 }));
}

#[tokio::test]
async fn the_courier_writes_a_file_and_ends_when_told() {
    let server = Server::open();
    let path = server.data().join("events.jsonl");
    let outlets = Outlets {
        file: Some(path.clone()),
        ..Outlets::default()
    };
    let runtime = tokio::runtime::Handle::current();
    let courier = Courier::start(&server.app, outlets, &runtime);
    while server
        .app
        .store
        .metadata
        .subscription("file")
        .unwrap()
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    server.happens(&[pushed("a", "t1"), pushed("a", "t2")]);
    server.app.bell.ring();
    while server.subscription("file").progress.delivered < 2 {
        tokio::task::yield_now().await;
    }
    courier.stop().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let ids = text.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["id"].as_str().unwrap().to_owned()
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["1", "2"]);
    let begun = server.subscription("file").progress;
    assert!(
        begun.free_at <= server.app.clock.now(),
        "the lease was given back"
    );
}

#[tokio::test]
async fn nothing_leaves_where_webhooks_are_off() {
    let (server, receiver) = (Server::open(), Receiver::start(&[]).await);
    server.app.events.open(Outlets::default());
    open(&server);
    server.subscribe("tell", &receiver.url, json!({})).await;
    server.happens(&[pushed("a", "t1")]);
    server.deliver().await;
    let test = server
        .send("POST", "/api/v1/subscriptions/tell/test", json!(null))
        .await;
    assert_eq!(test.status.as_u16(), 409, "{}", test.body);
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn the_scan_of_an_image_in_two_repositories_is_two_events_of_ecr() {
    let (server, receiver) = (server(), Receiver::start(&[204, 500]).await);
    let shape = json!({ "shape": "eventbridge" });
    server.subscribe("tell", &receiver.url, shape).await;
    let mut scan = scanned("a", [1, 0, 0, 0, 0, 0]);
    if let store::record::Happening::Scanned(scan) = &mut scan {
        let mut second = scan.places[0].clone();
        second.repository = "b".parse().unwrap();
        scan.places.push(second);
    }
    server.happens(&[scan]);
    server.deliver().await;
    server.pass(2);
    server.deliver().await;
    let got = receiver.take();
    let line = |got: &Got| {
        let name = got.json()["detail"]["repository-name"].to_string();
        format!("{name} {}", got.header("webhook-id") == got.json()["id"])
    };
    let lines: Vec<String> = got.iter().map(line).collect();
    let expected = ["\"a\" true", "\"b\" true", "\"a\" true", "\"b\" true"];
    assert_eq!(lines, expected, "again as a whole");
    assert_eq!(got[1].body, got[3].body);
    assert_ne!(got[0].header("webhook-id"), got[1].header("webhook-id"));
}
