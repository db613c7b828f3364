use super::media_type::*;
use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Fills `{d}` with a digest, so that cases stay short.
fn parse(text: &str, hint: Option<&str>) -> Result<Manifest, ManifestError> {
    let text = text.replace("{d}", DIGEST);
    Manifest::parse(text.as_bytes(), hint, &Limits::default())
}

fn image(config: &str, layer: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"{config}","digest":"{{d}}","size":10}},
            "layers":[{{"mediaType":"{layer}","digest":"{{d}}","size":90}},
                      {{"mediaType":"{layer}","digest":"{{d}}","size":90}}]}}"#
    )
}

#[test]
fn an_image_names_its_blobs_and_its_size() {
    let manifest = parse(&image(OCI_CONFIG, OCI_LAYER_GZIP), None).unwrap();
    assert_eq!(manifest.media_type(), OCI_MANIFEST);
    assert_eq!(manifest.artifact_type(), Some(OCI_CONFIG));
    assert_eq!(manifest.image_size(), 190);
    assert_eq!(manifest.blobs().len(), 1, "the same digest counts once");
    assert!(manifest.is_image() && manifest.manifests().is_empty());
}

#[test]
fn what_is_no_container_image_is_told_apart() {
    let cases = [
        (DOCKER_CONFIG, DOCKER_LAYER_GZIP, true),
        (OCI_CONFIG, OCI_LAYER_ZSTD, true),
        (OCI_CONFIG, "application/vnd.in-toto+json", false),
        (
            "application/vnd.cncf.helm.config.v1+json",
            OCI_LAYER_GZIP,
            false,
        ),
        ("application/vnd.oci.empty.v1+json", OCI_LAYER_GZIP, false),
    ];
    for (config, layer, expected) in cases {
        let manifest = parse(&image(config, layer), Some(OCI_MANIFEST)).unwrap();
        assert_eq!(manifest.is_image(), expected, "{config} {layer}");
    }
}

#[test]
fn a_foreign_layer_need_not_be_there() {
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let text = image(DOCKER_CONFIG, foreign).replacen("{d}", &Digest::of(b"{}").to_string(), 1);
    let manifest = parse(&text, Some(DOCKER_MANIFEST)).unwrap();
    assert_eq!(manifest.blobs().len(), 1);
    assert!(manifest.is_image());
}

#[test]
fn an_index_names_its_manifests_with_their_platforms() {
    let text = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json",
        "manifests":[
          {"mediaType":"x","digest":"{d}","size":1,"platform":{"os":"linux","architecture":"arm","variant":"v7"}},
          {"mediaType":"x","digest":"{d}","size":1,"platform":{"os":"unknown","architecture":"unknown"}}]}"#;
    let manifest = parse(
        text,
        Some("application/vnd.docker.distribution.manifest.list.v2+json; charset=utf-8"),
    );
    let manifest = manifest.unwrap();
    let [first, second] = manifest.manifests() else {
        panic!("two manifests");
    };
    assert_eq!(first.platform.as_ref().unwrap().to_string(), "linux/arm/v7");
    assert!(!first.is_attestation() && second.is_attestation());
    assert!(manifest.blobs().is_empty() && !manifest.is_image());
    assert_eq!(manifest.image_size(), 0);
}

#[test]
fn what_is_refused_says_why() {
    let image = image(OCI_CONFIG, OCI_LAYER_GZIP);
    let with = |from: &str, to: &str| image.replacen(from, to, 1);
    let cases = [
        (String::new(), "EOF while parsing"),
        ("[]".into(), "no JSON object"),
        ("{}".into(), "schemaVersion is missing"),
        (r#"{"schemaVersion":1}"#.into(), "schemaVersion is 1"),
        (r#"{"schemaVersion":2}"#.into(), "config is missing"),
        (with("{d}", "sha256:00"), "config.digest is wrong"),
        (with("{d}", "md5:00"), "config.digest is wrong"),
        (with("90", "-1"), "layers[0].size is negative: -1"),
        (with("90", "99999999999999999999"), "invalid"),
        (
            with("\"layers\"", "\"manifests\":[],\"layers\""),
            "ambiguous: it has",
        ),
        (
            with("\"layers\"", "\"Layers\":[],\"layers\""),
            "'Layers' differs",
        ),
        (
            with("\"digest\"", "\"DIGEST\":\"\",\"digest\""),
            "'DIGEST' differs",
        ),
        (
            with("\"layers\"", "\"layer\u{17f}\":[],\"layers\""),
            "differs",
        ),
        (
            with("\"layers\"", "\"layers\":[],\"layers\""),
            "duplicate field",
        ),
        (
            with("\"config\"", "\"mediaType\":\"text/html\",\"config\""),
            "'text/html' is no media",
        ),
    ];
    for (text, expected) in cases {
        let error = parse(&text, None).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}\n{error}");
    }
    let error = parse(&image, Some(OCI_INDEX)).unwrap_err().to_string();
    assert!(error.contains("manifests is missing"), "{error}");
    let typed = with(
        "\"config\"",
        "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\"",
    );
    let error = parse(&typed, Some(DOCKER_MANIFEST)).unwrap_err();
    assert!(matches!(error, ManifestError::MediaTypeConflict { .. }));
}

#[test]
fn limits_hold() {
    let limits = Limits {
        manifest_bytes: 10,
        layers: 1,
        ..Limits::default()
    };
    let error = Manifest::parse(&[b' '; 11], None, &limits).unwrap_err();
    assert_eq!(
        error,
        ManifestError::TooLarge {
            size: 11,
            limit: 10
        }
    );
    let limits = Limits {
        manifest_bytes: 9999,
        ..limits
    };
    let text = image(OCI_CONFIG, OCI_LAYER_GZIP).replace("{d}", DIGEST);
    let error = Manifest::parse(text.as_bytes(), None, &limits).unwrap_err();
    assert!(
        error.to_string().contains("layers has 2 members"),
        "{error}"
    );
    let deep = "[".repeat(5000);
    assert!(parse(&deep, None).is_err());
}

#[test]
fn what_docker_runs_is_an_image_whatever_it_is_called() {
    use super::media_type::{DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
    let chart = "application/vnd.cncf.helm.config.v1+json";
    let octets = "application/octet-stream";
    let upper = "Application/vnd.docker.image.rootfs.diff.tar.gzip";
    let d = format!("sha256:{}", "a".repeat(64));
    for (kind, config, layer, expected) in [
        (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER, true),
        (DOCKER_MANIFEST, DOCKER_CONFIG, upper, true),
        (DOCKER_MANIFEST, DOCKER_CONFIG, octets, true),
        (DOCKER_MANIFEST, "application/json", octets, true),
        (OCI_MANIFEST, "application/json", octets, false),
        (OCI_MANIFEST, chart, OCI_LAYER, false),
        (
            OCI_MANIFEST,
            OCI_CONFIG,
            "application/vnd.in-toto+json",
            false,
        ),
    ] {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{kind}",
            "config":{{"mediaType":"{config}","digest":"{d}","size":1}},
            "layers":[{{"mediaType":"{layer}","digest":"{d}","size":1}}]}}"#
        );
        let read = Manifest::parse(text.as_bytes(), None, &Limits::default()).unwrap();
        assert_eq!(read.is_image(), expected, "{kind} {config} {layer}");
    }
}
