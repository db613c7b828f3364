//! Errors as the distribution specification writes them: "Error Codes".

use std::fmt::Display;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use model::{Digest, RepositoryName};
use serde_json::{Value, json};
use store::StoreError;

use crate::audit::{Reason, Remark};
use crate::auth::access::Denial;

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident),* $(,)?) => {
        /// What went wrong, in the specification's words, which are the only ones that it allows
        /// where a client is at fault. UNKNOWN is said where the server is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($variant,)* }

        impl Code {
            fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $word,)* }
            }

            fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status,)* }
            }
        }
    };
}

// UNAUTHORIZED is answered here only to those without credentials who need some.
codes! {
    Unauthorized "UNAUTHORIZED" UNAUTHORIZED,
    Denied "DENIED" FORBIDDEN,
    BlobUnknown "BLOB_UNKNOWN" NOT_FOUND,
    BlobUploadInvalid "BLOB_UPLOAD_INVALID" BAD_REQUEST,
    BlobUploadUnknown "BLOB_UPLOAD_UNKNOWN" NOT_FOUND,
    DigestInvalid "DIGEST_INVALID" BAD_REQUEST,
    ManifestBlobUnknown "MANIFEST_BLOB_UNKNOWN" BAD_REQUEST,
    ManifestInvalid "MANIFEST_INVALID" BAD_REQUEST,
    ManifestUnknown "MANIFEST_UNKNOWN" NOT_FOUND,
    NameInvalid "NAME_INVALID" BAD_REQUEST,
    NameUnknown "NAME_UNKNOWN" NOT_FOUND,
    SizeInvalid "SIZE_INVALID" BAD_REQUEST,
    // ECR's, and the reference implementation's, for a tag that may not move.
    TagInvalid "TAG_INVALID" BAD_REQUEST,
    Unsupported "UNSUPPORTED" METHOD_NOT_ALLOWED,
    Unknown "UNKNOWN" INTERNAL_SERVER_ERROR,
}

/// One answer that is an error. The message says what to do next.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    errors: Vec<(Code, String, Value)>,
    headers: Vec<(HeaderName, String)>,
    remark: Option<Remark>,
}

impl Failure {
    /// A failure with the code's own status.
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure {
            status: code.status(),
            errors: vec![(code, message.into(), Value::Null)],
            headers: Vec::new(),
            remark: None,
        }
    }

    /// The same with another status.
    pub fn status(mut self, status: StatusCode) -> Failure {
        self.status = status;
        self
    }

    /// The same with a header.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Failure {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with what the audit log is to know of it.
    pub fn remark(mut self, remark: Remark) -> Failure {
        self.remark = Some(remark);
        self
    }

    /// The same with a detail for programs.
    pub fn detail(mut self, detail: Value) -> Failure {
        for error in &mut self.errors {
            error.2 = detail.clone();
        }
        self
    }

    /// The repository is not there.
    pub fn name_unknown(name: &RepositoryName) -> Failure {
        let message = format!("there is no repository '{name}': create it, or check the name");
        Failure::new(Code::NameUnknown, message).detail(json!({ "name": name.as_str() }))
    }

    /// The manifest names what the repository does not hold: one error for each.
    pub fn manifest_blob_unknown(digests: &[Digest]) -> Failure {
        let error = |digest: &Digest| {
            let message = format!(
                "the manifest names {digest}, which is not in this repository: push it first"
            );
            (
                Code::ManifestBlobUnknown,
                message,
                json!({ "digest": digest.as_str() }),
            )
        };
        Failure {
            status: Code::ManifestBlobUnknown.status(),
            errors: digests.iter().map(error).collect(),
            headers: Vec::new(),
            remark: None,
        }
    }

    /// The bytes are others than the client says.
    pub fn mismatch(expected: &Digest, actual: &Digest) -> Failure {
        let message = format!(
            "the bytes that arrived have the digest {actual}, not {expected}: send them again"
        );
        let detail = json!({ "expected": expected.as_str(), "actual": actual.as_str() });
        Failure::new(Code::DigestInvalid, message).detail(detail)
    }

    /// Something broke in the server; the cause is for its log only.
    pub fn internal(error: &dyn Display) -> Failure {
        tracing::error!(%error, "a request failed");
        let message = "the server could not do this: try again, its log says what failed";
        Failure::new(Code::Unknown, message)
    }

    /// The answer.
    pub fn into_response(self) -> Response<Body> {
        let reason = self.errors.first().map(|(_, message, _)| message.clone());
        let error = |(code, message, detail): (Code, String, Value)| json!({ "code": code.as_str(), "message": message, "detail": detail });
        let errors: Vec<Value> = self.errors.into_iter().map(error).collect();
        let mut response = Response::new(Body::from(json!({ "errors": errors }).to_string()));
        *response.status_mut() = self.status;
        response
            .extensions_mut()
            .insert(Reason(reason.unwrap_or_default()));
        if let Some(remark) = self.remark {
            response.extensions_mut().insert(remark);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Failure {
        let code = match denial.wants_credentials() {
            true => Code::Unauthorized,
            false => Code::Denied,
        };
        let repository = denial.repository().map(RepositoryName::as_str);
        let detail = json!({ "action": denial.action().as_str(), "name": repository });
        Failure::new(code, denial.to_string()).detail(detail)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Full(cause) => {
                tracing::error!(%cause, "the store is full");
                let message = "the registry has no room left: nothing that was acknowledged is \
                               lost; push again when its operator has made room";
                Failure::new(Code::Unknown, message).status(StatusCode::INSUFFICIENT_STORAGE)
            }
            StoreError::Conflict(cause) => {
                tracing::warn!(%cause, "two servers wrote to one upload");
                let message = "another request went on with this upload: ask how much is there and \
                               go on from that byte";
                Failure::new(Code::BlobUploadInvalid, message).status(StatusCode::CONFLICT)
            }
            error => Failure::internal(&error),
        }
    }
}
