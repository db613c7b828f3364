//! Media types of images: OCI `media-types.md`, and Docker's before them.

/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A Docker image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// A Docker manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// An OCI image configuration.
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// A Docker image configuration.
pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// A plain OCI layer.
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// A gzip-compressed OCI layer.
pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// A zstd-compressed OCI layer.
pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
/// A gzip-compressed Docker layer.
pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Prefixes of the media types of layers, without and with compression, foreign ones among them.
const LAYERS: &[&str] = &[
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
];

/// Whether an image manifest has that media type.
pub fn is_manifest(media_type: &str) -> bool {
    matches!(media_type, OCI_MANIFEST | DOCKER_MANIFEST)
}

/// Whether an index has that media type.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, OCI_INDEX | DOCKER_LIST)
}

/// Whether the configuration of a container image has that media type, in whatever case.
pub fn is_config(media_type: &str) -> bool {
    [OCI_CONFIG, DOCKER_CONFIG]
        .iter()
        .any(|one| one.eq_ignore_ascii_case(media_type))
}

/// Whether Docker runs an image whose configuration or layer has that media type, though it says
/// nothing.
pub fn is_lax(media_type: &str) -> bool {
    [
        "",
        "application/octet-stream",
        "application/json",
        "text/html",
    ]
    .iter()
    .any(|one| one.eq_ignore_ascii_case(media_type))
}

/// Whether a file system layer has that media type, whatever its compression.
pub fn is_layer(media_type: &str) -> bool {
    let lower = media_type.to_ascii_lowercase();
    LAYERS.iter().any(|prefix| lower.starts_with(prefix))
}

/// Whether it is a layer that registries need not hold: it is fetched from its publisher.
pub fn is_foreign(media_type: &str) -> bool {
    is_layer(media_type)
        && (media_type.contains(".nondistributable.") || media_type.contains(".foreign."))
}
