//! Whoever pushes cannot hide an image from the gate by what it calls itself, or by what names it.

use image::manifest::media_type::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use serde_json::{Value, json};

use super::{ANY, is, policy, pull, put_manifest, scanned};
use crate::testing::{ALPINE, Server};
use image::fixture::Fixture;
use model::Digest;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The image of the fixture, called something else.
fn called(manifest: &str, config: &str, layer: &str, artifact: Option<&str>) -> Value {
    let fixture = Fixture::parse(ALPINE).unwrap();
    let mut body: Value = serde_json::from_slice(&fixture.manifest).unwrap();
    body["mediaType"] = json!(manifest);
    body["config"]["mediaType"] = json!(config);
    for one in body["layers"].as_array_mut().unwrap() {
        one["mediaType"] = json!(layer);
    }
    if let Some(kind) = artifact {
        body["artifactType"] = json!(kind);
    }
    body
}

#[tokio::test]
async fn an_image_is_gated_whatever_it_calls_itself() {
    let (server, _) = scanned().await;
    policy(&server, ANY).await;
    let docker = "application/vnd.docker.container.image.v1+json";
    let tarball = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    for (manifest, config, layer, artifact) in [
        (OCI_MANIFEST, CONFIG, LAYER, None),
        (OCI_MANIFEST, CONFIG, LAYER, Some("application/x-harmless")),
        (OCI_MANIFEST, &CONFIG.to_uppercase(), LAYER, None),
        (OCI_MANIFEST, CONFIG, &LAYER.to_uppercase(), None),
        (DOCKER_MANIFEST, docker, tarball, None),
        (DOCKER_MANIFEST, "application/octet-stream", tarball, None),
        (DOCKER_MANIFEST, docker, "application/octet-stream", None),
        (
            DOCKER_MANIFEST,
            "application/octet-stream",
            "text/html",
            None,
        ),
    ] {
        let body = called(manifest, config, layer, artifact);
        put_manifest(&server, "/v2/app/manifests/disguised", manifest, &body).await;
        server.work();
        let pulled = pull(&server, "app/manifests/disguised").await;
        assert_eq!(pulled, is(403, "deny"), "{manifest} {config} {layer}");
    }
}

async fn index(server: &Server, tag: &str, kind: &str, digest: &Digest) -> Digest {
    let body = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [{ "mediaType": kind, "digest": digest.as_str(), "size": 1 }] });
    let reference = match tag {
        "" => Digest::of(body.to_string().as_bytes()).to_string(),
        tag => tag.to_owned(),
    };
    let path = format!("/v2/app/manifests/{reference}");
    put_manifest(server, &path, OCI_INDEX, &body).await
}

#[tokio::test]
async fn an_image_has_the_tags_of_every_index_above_it() {
    let (server, image) = scanned().await;
    let inner = index(&server, "", OCI_MANIFEST, &image).await;
    index(&server, "production", OCI_INDEX, &inner).await;
    policy(
        &server,
        "name = 'p'\ntags = 'prod*'\n[[rules]]\nseverity = 'any'\n",
    )
    .await;
    for path in [
        format!("app/manifests/{image}"),
        "app/manifests/v1".to_owned(),
    ] {
        assert_eq!(pull(&server, &path).await, is(403, "deny"), "{path}");
    }
    let gone = server.request(
        axum::http::Request::delete("/v2/app/manifests/production")
            .header("host", "localhost:5000")
            .body(axum::body::Body::empty())
            .unwrap(),
    );
    assert_eq!(gone.await.status, 202);
    assert_eq!(pull(&server, "app/manifests/v1").await, is(200, "allow"));
}
