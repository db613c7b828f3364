//! The surfaces of the server, and how each of them says no before a request reaches it.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/v2/`: the OCI distribution specification.
    Registry,
    /// `POST /`: ECR's JSON.
    Ecr,
    /// `/api/`: the native API.
    Api,
    /// `/healthz`, `/readyz`, `/metrics`: whoever runs the server.
    Operations,
    /// Everything else: people.
    Pages,
}

impl Surface {
    /// The surface that a method and a path belong to.
    pub fn of(method: &Method, path: &str) -> Surface {
        match path {
            "/v2" => Surface::Registry,
            "/" if method == Method::POST => Surface::Ecr,
            "/healthz" | "/readyz" | "/metrics" => Surface::Operations,
            _ if path.starts_with("/v2/") => Surface::Registry,
            _ if path.starts_with("/api/") => Surface::Api,
            _ => Surface::Pages,
        }
    }

    /// Its word in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Surface::Registry => "registry",
            Surface::Ecr => "ecr",
            Surface::Api => "api",
            Surface::Operations => "operations",
            Surface::Pages => "pages",
        }
    }

    /// The answer that refuses a request, in the form that this surface's clients read.
    pub fn refuse(self, refusal: &Refusal) -> Response<Body> {
        let (content_type, body) = match self {
            Surface::Registry => {
                let error = json!({ "code": refusal.code, "message": refusal.message });
                ("application/json", json!({ "errors": [error] }).to_string())
            }
            Surface::Ecr => {
                let error = json!({ "__type": refusal.exception, "message": refusal.message });
                ("application/x-amz-json-1.1", error.to_string())
            }
            Surface::Api => (
                "application/json",
                json!({ "error": refusal.message }).to_string(),
            ),
            Surface::Operations | Surface::Pages => (
                "text/plain; charset=utf-8",
                format!("{}\n", refusal.message),
            ),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = match self {
            // All of ECR's errors that are the client's are 400; its code says which.
            Surface::Ecr if refusal.status.is_client_error() => StatusCode::BAD_REQUEST,
            _ => refusal.status,
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if self == Surface::Registry {
            let version = HeaderValue::from_static("registry/2.0");
            headers.insert("docker-distribution-api-version", version);
        }
        if let Some(wait) = refusal.wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// Why a request is refused before it reaches its surface.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    exception: &'static str,
    message: String,
    wait: Option<Duration>,
}

impl Refusal {
    /// Too many requests: come again after a while.
    pub fn too_many(message: &str, wait: Duration) -> Refusal {
        Refusal {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "TOOMANYREQUESTS",
            exception: "ThrottlingException",
            message: message.to_owned(),
            wait: Some(wait),
        }
    }

    /// Something behind the surfaces does not do its part.
    pub fn unavailable(message: &str) -> Refusal {
        Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "UNKNOWN",
            exception: "ServerException",
            message: message.to_owned(),
            wait: None,
        }
    }

    /// Something of the request is larger than it may be.
    pub fn too_large(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code: "SIZE_INVALID",
            exception: "RequestEntityTooLarge",
            message: message.into(),
            wait: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn each_surface_is_told_in_its_own_form() {
        let refusal = Refusal::too_many("slower", Duration::from_millis(1_200));
        let cases = [
            (
                Method::GET,
                "/v2",
                429,
                r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slower"}]}"#,
            ),
            (
                Method::GET,
                "/v2/a/tags/list",
                429,
                r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slower"}]}"#,
            ),
            (
                Method::POST,
                "/",
                400,
                r#"{"__type":"ThrottlingException","message":"slower"}"#,
            ),
            (Method::GET, "/api/v1/images", 429, r#"{"error":"slower"}"#),
            (Method::GET, "/", 429, "slower\n"),
            (Method::GET, "/metrics", 429, "slower\n"),
        ];
        for (method, path, status, body) in cases {
            let response = Surface::of(&method, path).refuse(&refusal);
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()[RETRY_AFTER], "2");
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(bytes, body, "{path}");
        }
    }
}
