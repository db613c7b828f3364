//! ECR's errors: `{"__type": code, "message": text}`, 400 for the client's, 500 for ours.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// An error in ECR's own code and words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct EcrError {
    code: &'static str,
    message: String,
}

impl EcrError {
    /// An error of a code.
    pub fn new(code: &'static str, message: impl Into<String>) -> EcrError {
        EcrError {
            code,
            message: message.into(),
        }
    }

    /// A fault of this side.
    pub fn server(message: impl Into<String>) -> EcrError {
        EcrError::new("ServerException", message)
    }

    /// A parameter that does not hold to its constraint.
    pub fn parameter(name: &str, constraint: &str) -> EcrError {
        let message =
            format!("Invalid parameter at '{name}' failed to satisfy constraint: '{constraint}'");
        EcrError::new("InvalidParameterException", message)
    }

    /// The HTTP status: every client's error is 400, also the NotFound ones.
    pub fn status(&self) -> StatusCode {
        match self.code {
            "ServerException" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether the credentials are nobody's.
    pub fn is_wrong_credentials(&self) -> bool {
        matches!(
            self.code,
            "UnrecognizedClientException" | "InvalidSignatureException"
        )
    }

    /// Whether who asks may not.
    pub fn is_denial(&self) -> bool {
        self.code == "AccessDeniedException"
    }

    /// The body. Clients read the bare code in `__type`, not a header.
    pub fn to_json(&self) -> Value {
        json!({ "__type": self.code, "message": self.message })
    }
}
