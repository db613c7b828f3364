//! end-8 and end-12.

use expect_test::expect;

use super::*;

#[tokio::test]
async fn tags_are_listed_by_pages() {
    let registry = Registry::new();
    for tag in ["v3", "v1", "V2", "latest"] {
        registry.push_image("a", tag, "{}").await;
    }
    expect![[r#"
        200
        content-type: application/json

        {"name":"a","tags":["V2","latest","v1","v3"]}
    "#]]
    .assert_eq(&registry.call("GET /v2/a/tags/list", "").await);
    expect![[r#"
        200
        content-type: application/json
        link: </v2/a/tags/list?n=2&last=latest>; rel="next"

        {"name":"a","tags":["V2","latest"]}
    "#]]
    .assert_eq(&registry.call("GET /v2/a/tags/list?n=2", "").await);
    expect![[r#"
        200
        content-type: application/json

        {"name":"a","tags":["v1","v3"]}
    "#]]
    .assert_eq(
        &registry
            .call("GET /v2/a/tags/list?n=2&last=latest", "")
            .await,
    );
    expect![[r#"
        200
        content-type: application/json

        {"name":"a","tags":[]}
    "#]]
    .assert_eq(&registry.call("GET /v2/a/tags/list?n=0", "").await);
    expect![[r#"
        400
        content-type: application/json

        {"errors":[{"code":"UNSUPPORTED","detail":null,"message":"n is how many names are wanted: a number, 0 or more"}]}
    "#]].assert_eq(&registry.call("GET /v2/a/tags/list?n=many", "").await);
    for (n, status) in [
        ("99999999999999999999999", 200),
        ("-1", 400),
        ("%2B1", 400),
        ("", 400),
    ] {
        let head = format!("GET /v2/a/tags/list?n={n}");
        assert_eq!(registry.status(&head, "").await, status, "{n}");
    }
    expect![[r#"
        404
        content-type: application/json

        {"errors":[{"code":"NAME_UNKNOWN","detail":{"name":"b"},"message":"there is no repository 'b': create it, or check the name"}]}
    "#]].assert_eq(&registry.call("GET /v2/b/tags/list", "").await);
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list() {
    let registry = Registry::new();
    registry.push_blob("a", "x").await;
    expect![[r#"
        200
        content-type: application/json

        {"name":"a","tags":[]}
    "#]]
    .assert_eq(&registry.call("GET /v2/a/tags/list", "").await);
}

#[tokio::test]
async fn repositories_are_listed_by_pages() {
    let registry = Registry::new();
    for name in ["b", "a/c", "a"] {
        registry.push_blob(name, "x").await;
    }
    expect![[r#"
        200
        content-type: application/json
        link: </v2/_catalog?n=2&last=a%2Fc>; rel="next"

        {"repositories":["a","a/c"]}
    "#]]
    .assert_eq(&registry.call("GET /v2/_catalog?n=2", "").await);
    expect![[r#"
        200
        content-type: application/json

        {"repositories":["b"]}
    "#]]
    .assert_eq(&registry.call("GET /v2/_catalog?last=a%2Fc", "").await);
    assert_eq!(registry.status("GET /v2/_catalog?last=NO", "").await, 400);
}

/// An artifact of a type that speaks of a subject.
fn artifact(artifact_type: &str, subject: &Digest) -> String {
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": Digest::of(b"{}"), "size": 2 },
        "layers": [{ "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": Digest::of(b"{}"), "size": 2 }],
        "subject": { "mediaType": MANIFEST, "digest": subject, "size": 7 },
        "annotations": { "key": "value" },
    })
    .to_string()
}

#[tokio::test]
async fn referrers_are_an_index_that_can_be_filtered() {
    let registry = Registry::new();
    let subject = Digest::of(b"not pushed yet");
    registry.push_blob("a", "{}").await;
    let put = format!("PUT /v2/a/manifests/sig\nContent-Type: {MANIFEST}");
    expect![[r#"
        201
        docker-content-digest: sha256:32f6478366b1c0c90bf9c2978c2a08c366bca9fb5bf75583eb807111ce629fd3
        location: /v2/a/manifests/sha256:32f6478366b1c0c90bf9c2978c2a08c366bca9fb5bf75583eb807111ce629fd3
        oci-subject: sha256:a2b7af42bd70c51d58424193807792c5ef2d4b25eeeea4a61084f201497c3804
    "#]].assert_eq(&registry.call(&put, artifact("application/x.signature", &subject)).await);
    let put = format!("PUT /v2/a/manifests/bom\nContent-Type: {MANIFEST}");
    assert_eq!(
        registry
            .status(&put, artifact("application/x.bom", &subject))
            .await,
        201
    );
    let list = format!("GET /v2/a/referrers/{subject}");
    expect![[r#"
        200
        content-type: application/vnd.oci.image.index.v1+json

        {"manifests":[{"annotations":{"key":"value"},"artifactType":"application/x.bom","digest":"sha256:04d3e818c7363b9fc99528eb00ffddf723327adb548bb34a0beb88da868b569c","mediaType":"application/vnd.oci.image.manifest.v1+json","size":606},{"annotations":{"key":"value"},"artifactType":"application/x.signature","digest":"sha256:32f6478366b1c0c90bf9c2978c2a08c366bca9fb5bf75583eb807111ce629fd3","mediaType":"application/vnd.oci.image.manifest.v1+json","size":612}],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}
    "#]].assert_eq(&registry.call(&list, "").await);
    let filtered = format!("{list}?artifactType=application%2Fx.bom");
    expect![[r#"
        200
        content-type: application/vnd.oci.image.index.v1+json
        oci-filters-applied: artifactType

        {"manifests":[{"annotations":{"key":"value"},"artifactType":"application/x.bom","digest":"sha256:04d3e818c7363b9fc99528eb00ffddf723327adb548bb34a0beb88da868b569c","mediaType":"application/vnd.oci.image.manifest.v1+json","size":606}],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}
    "#]].assert_eq(&registry.call(&filtered, "").await);
    let none = format!("GET /v2/a/referrers/{}", Digest::of(b"nobody"));
    expect![[r#"
        200
        content-type: application/vnd.oci.image.index.v1+json

        {"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}
    "#]]
    .assert_eq(&registry.call(&none, "").await);
    assert_eq!(
        registry
            .status("GET /v2/a/referrers/sha256:short", "")
            .await,
        400
    );
}

#[tokio::test]
async fn referrers_of_a_repository_that_is_not_there_are_none() {
    let registry = Registry::new();
    let list = format!("GET /v2/a/referrers/{}", Digest::of(b"nobody"));
    expect![[r#"
        200
        content-type: application/vnd.oci.image.index.v1+json

        {"manifests":[],"mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}
    "#]]
    .assert_eq(&registry.call(&list, "").await);
}

#[tokio::test]
async fn referrers_come_in_indexes_of_a_size_that_clients_accept() {
    let mut settings = Settings::new("localhost:5000");
    settings.image_limits.manifest_bytes = 800;
    let registry = Registry::with(settings);
    let subject = Digest::of(b"not pushed yet");
    registry.push_blob("a", "{}").await;
    let mut pushed = std::collections::BTreeSet::new();
    for number in 0..7 {
        let artifact_type = ["application/x+a", "application/x+b"][number % 2];
        let bytes = artifact(artifact_type, &subject).replace("value", &format!("{number}"));
        let put = format!("PUT /v2/a/manifests/{}", Digest::of(bytes.as_bytes()));
        assert_eq!(registry.status(&put, bytes.clone()).await, 201);
        pushed.insert((artifact_type, Digest::of(bytes.as_bytes()).to_string()));
    }
    for (query, wanted) in [
        ("", None),
        ("?artifactType=application/x+a", Some("application/x+a")),
    ] {
        let mut next = Some(format!("/v2/a/referrers/{subject}{query}"));
        let (mut found, mut pages) = (std::collections::BTreeSet::new(), 0);
        while let Some(path) = next {
            let answer = registry.answer(&format!("GET {path}"), "").await;
            assert_eq!(
                answer.headers().contains_key("oci-filters-applied"),
                wanted.is_some()
            );
            let link = answer
                .headers()
                .get("link")
                .map(|link| link.to_str().unwrap());
            next = link.map(|link| {
                link.strip_prefix('<')
                    .unwrap()
                    .strip_suffix(">; rel=\"next\"")
                    .unwrap()
                    .to_owned()
            });
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(body.len() <= 800, "{}", body.len());
            let index: serde_json::Value = serde_json::from_slice(&body).unwrap();
            for entry in index["manifests"].as_array().unwrap() {
                assert!(found.insert(entry["digest"].as_str().unwrap().to_owned()));
            }
            pages += 1;
        }
        let all = pushed
            .iter()
            .filter(|(of, _)| wanted.is_none_or(|wanted| *of == wanted));
        assert_eq!(found, all.map(|(_, digest)| digest.clone()).collect());
        assert!(pages > 1);
    }
    let head = format!("GET /v2/a/referrers/{subject}?last=sha256:short");
    assert_eq!(registry.status(&head, "").await, 400);
}
