//! The specification's endpoints as paths. Parsed by hand from the end, since a repository's name
//! holds slashes and may hold any of the words that mark an endpoint.

use std::fmt::Display;
use std::str::FromStr;

use model::reference::InvalidName;
use model::{Digest, Reference, RepositoryName};
use percent_encoding::percent_decode_str;
use serde_json::json;
use store::UploadId;

use super::StatusCode;
use super::error::{Code, Failure};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/tags/list`
    Tags(RepositoryName),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(RepositoryName, Digest),
    /// `/v2/<name>/blobs/<digest>`
    Blob(RepositoryName, Digest),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(RepositoryName),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(RepositoryName, UploadId),
    /// `/v2/<name>/manifests/<tag or digest>`
    Manifest(RepositoryName, Reference),
    /// `/v2/<name>/manifests/<what no tag can be>`: to be missed there, and not to be pushed.
    NoTag(RepositoryName, InvalidName),
}

impl Route {
    /// The methods that are answered there, as `Allow` lists them (RFC 9110, section 10.2.1).
    pub fn methods(&self) -> &'static str {
        match self {
            Route::Base | Route::Catalog | Route::Tags(_) | Route::Referrers(..) => "GET, HEAD",
            Route::Blob(..) => "GET, HEAD, DELETE",
            Route::Uploads(_) => "POST",
            Route::Upload(..) => "GET, HEAD, PATCH, PUT, DELETE",
            Route::Manifest(..) | Route::NoTag(..) => "GET, HEAD, PUT, DELETE",
        }
    }
}

/// Reads a path.
///
/// # Errors
///
/// The failure to answer: a name, digest, tag or upload that cannot exist, or no endpoint.
pub fn parse(path: &str) -> Result<Route, Failure> {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let rest = decoded.strip_prefix("/v2").unwrap_or(&decoded);
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    match rest {
        "" => return Ok(Route::Base),
        "_catalog" => return Ok(Route::Catalog),
        _ => {}
    }
    let (before, last) = rest.rsplit_once('/').ok_or_else(no_endpoint)?;
    let (before, kind) = before.rsplit_once('/').ok_or_else(no_endpoint)?;
    match (before.rsplit_once('/'), kind, last) {
        (Some((of, "blobs")), "uploads", "") => Ok(Route::Uploads(name(of)?)),
        (Some((of, "blobs")), "uploads", id) => Ok(Route::Upload(name(of)?, upload(id)?)),
        (_, "blobs", "uploads") => Ok(Route::Uploads(name(before)?)),
        (_, "blobs", text) => Ok(Route::Blob(name(before)?, digest(text)?)),
        (_, "tags", "list") => Ok(Route::Tags(name(before)?)),
        (_, "referrers", text) => Ok(Route::Referrers(name(before)?, digest(text)?)),
        (_, "manifests", text) => manifest(name(before)?, text),
        _ => Err(no_endpoint()),
    }
}

fn no_endpoint() -> Failure {
    let message = "no endpoint of the OCI distribution specification has this address";
    Failure::new(Code::Unsupported, message).status(StatusCode::NOT_FOUND)
}

fn name(text: &str) -> Result<RepositoryName, Failure> {
    read(text, Code::NameInvalid, "name")
}

/// A digest of a path or a query.
pub fn digest(text: &str) -> Result<Digest, Failure> {
    read(text, Code::DigestInvalid, "digest")
}

fn manifest(name: RepositoryName, text: &str) -> Result<Route, Failure> {
    if text.contains(':') {
        return Ok(Route::Manifest(name, Reference::Digest(digest(text)?)));
    }
    Ok(match text.parse() {
        Ok(tag) => Route::Manifest(name, Reference::Tag(tag)),
        Err(error) => Route::NoTag(name, error),
    })
}

fn upload(text: &str) -> Result<UploadId, Failure> {
    text.parse().map_err(|_| upload_unknown(text))
}

/// There is no such upload in this repository.
pub fn upload_unknown(id: &str) -> Failure {
    let message = "there is no such upload in this repository: it has ended, or was never \
                   started here; start a new one";
    Failure::new(Code::BlobUploadUnknown, message).detail(json!({ "upload": shortened(id) }))
}

fn read<T: FromStr<Err: Display>>(text: &str, code: Code, what: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| {
        Failure::new(code, error.to_string()).detail(json!({ what: shortened(text) }))
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> String {
        match parse(path) {
            Ok(Route::Base) => "base".into(),
            Ok(Route::Catalog) => "catalog".into(),
            Ok(Route::Tags(name)) => format!("tags {name}"),
            Ok(Route::Referrers(name, digest)) => {
                format!("referrers {name} {}", digest.algorithm().as_str())
            }
            Ok(Route::Blob(name, digest)) => format!("blob {name} {}", digest.algorithm().as_str()),
            Ok(Route::Uploads(name)) => format!("uploads {name}"),
            Ok(Route::Upload(name, _)) => format!("upload {name}"),
            Ok(Route::Manifest(name, Reference::Tag(tag))) => format!("manifest {name} {tag}"),
            Ok(Route::Manifest(name, _)) => format!("manifest {name} by digest"),
            Ok(Route::NoTag(name, _)) => format!("no tag of {name}"),
            Err(failure) => failure.into_response().status().as_u16().to_string(),
        }
    }

    #[test]
    fn names_hold_slashes_and_every_word_of_an_endpoint() {
        let digest = Digest::of(b"x");
        let id = UploadId::from_random([1; 16]);
        let cases = [
            ("/v2", "base".to_owned()),
            ("/v2/", "base".into()),
            ("/v2/_catalog", "catalog".into()),
            ("/v2/a/tags/list", "tags a".into()),
            ("/v2/a/b/c/tags/list", "tags a/b/c".into()),
            ("/v2/tags/list/tags/list", "tags tags/list".into()),
            ("/v2/a/manifests/latest", "manifest a latest".into()),
            (
                "/v2/manifests/manifests/manifests",
                "manifest manifests manifests".into(),
            ),
            ("/v2/a/blobs/uploads", "uploads a".into()),
            ("/v2/a/blobs/uploads/", "uploads a".into()),
            (
                "/v2/a/blobs/uploads/blobs/uploads/",
                "uploads a/blobs/uploads".into(),
            ),
            (&format!("/v2/a/blobs/uploads/{id}"), "upload a".into()),
            (&format!("/v2/a/blobs/{digest}"), "blob a sha256".into()),
            (
                &format!("/v2/a/b/blobs/sha256%3A{}", digest.hex()),
                "blob a/b sha256".into(),
            ),
            (
                &format!("/v2/a/manifests/{digest}"),
                "manifest a by digest".into(),
            ),
            (
                &format!("/v2/a/referrers/{digest}"),
                "referrers a sha256".into(),
            ),
        ];
        for (path, expected) in cases {
            assert_eq!(shown(path), expected, "{path}");
        }
    }

    #[test]
    fn what_cannot_exist_is_told_at_once() {
        let cases = [
            ("/v2/a", "404"),
            ("/v2/a/b", "404"),
            ("/v2/a/tags/other", "404"),
            ("/v2/A/tags/list", "400"),
            ("/v2//tags/list", "400"),
            ("/v2/a/../b/tags/list", "400"),
            ("/v2/a%00/tags/list", "400"),
            ("/v2/a%ff/tags/list", "400"),
            ("/v2/a/manifests/", "no tag of a"),
            ("/v2/a/manifests/-x", "no tag of a"),
            ("/v2/a/tags/list/", "404"),
            ("/v2/a/manifests/sha256:short", "400"),
            ("/v2/a/blobs/sha256:short", "400"),
            ("/v2/a/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", "400"),
            ("/v2/a/blobs/uploads/../x", "404"),
            ("/v2/a/blobs/uploads/no-uuid", "404"),
        ];
        for (path, expected) in cases {
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
