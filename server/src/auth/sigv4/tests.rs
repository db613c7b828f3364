//! Signatures made by botocore 1.43.11's `SigV4Auth`, 2026-11-23, for a key of AWS's documents.

use axum::http::Request;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SIGNED: &str = "content-type;host;x-amz-date;x-amz-target";
const LIST: &str = "AmazonEC2ContainerRegistry_V20150921.ListImages";

/// Path, body and the signature that botocore made.
const CASES: &[(&str, &str, &str)] = &[
    (
        "/",
        "{}",
        "c7bd2d30e9b6328e27e5a45e01ba782d3593eb07ae29452536ce6b91a1edfd08",
    ),
    (
        "/",
        r#"{"repositoryName":"a/b"}"#,
        "e9d19a7f799f44d569f12d259727a543c48e959658968c8b9a130b88b0db3bad",
    ),
    (
        "/?a=b%20c&A=%2B",
        "{}",
        "c625050e23bb3c82515935c68f7995f577e17f34f4a8c93596e8516400bc6bf0",
    ),
    (
        "/x%20y/z",
        "",
        "c0f9f6409f0d455d32983772eb3f4463e652e0708b5e4a74635bb6d7f7b53c6b",
    ),
];

struct Sent {
    path: &'static str,
    body: &'static str,
    signature: String,
    signed_headers: &'static str,
    scope: &'static str,
    target: &'static str,
    now: &'static str,
    secret: &'static str,
}

impl Sent {
    fn of(case: &(&'static str, &'static str, &'static str)) -> Sent {
        Sent {
            path: case.0,
            body: case.1,
            signature: case.2.to_owned(),
            signed_headers: SIGNED,
            scope: "20261123/eu-central-1/ecr/aws4_request",
            target: LIST,
            now: "2026-11-23T12:04:59Z",
            secret: SECRET,
        }
    }

    fn verify(&self) -> Result<(), Refused> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE0000000AA/{}, SignedHeaders={}, Signature={}",
            self.scope, self.signed_headers, self.signature
        );
        let request = Request::post(self.path)
            .header("Host", "127.0.0.1:5000")
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", self.target)
            .header("X-Amz-Date", "20261123T120000Z")
            .header("Authorization", authorization);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let authorization = Authorization::parse(&parts.headers)?;
        assert_eq!(authorization.key_id, "AKIAEXAMPLE0000000AA");
        let now = self.now.parse().unwrap();
        verify(
            &authorization,
            self.secret,
            "ecr",
            &parts,
            self.body.as_bytes(),
            now,
        )
    }
}

#[test]
fn signatures_of_a_real_client_hold() {
    for case in CASES {
        assert_eq!(Sent::of(case).verify(), Ok(()), "{}", case.0);
    }
}

#[test]
fn whatever_is_changed_breaks_them() {
    let valid = || Sent::of(&CASES[0]);
    let mismatch = Err(Refused::Mismatch);
    assert_eq!(
        Sent {
            body: "{ }",
            ..valid()
        }
        .verify(),
        mismatch
    );
    assert_eq!(
        Sent {
            path: "/x",
            ..valid()
        }
        .verify(),
        mismatch
    );
    assert_eq!(
        Sent {
            secret: "another",
            ..valid()
        }
        .verify(),
        mismatch
    );
    assert_eq!(
        Sent {
            target: "AmazonEC2.DeleteAll",
            ..valid()
        }
        .verify(),
        mismatch
    );
    assert_eq!(
        Sent {
            signature: String::new(),
            ..valid()
        }
        .verify(),
        mismatch
    );
    let us = "20261123/us-east-1/ecr/aws4_request";
    assert_eq!(
        Sent {
            scope: us,
            ..valid()
        }
        .verify(),
        mismatch
    );
}

#[test]
fn what_is_not_of_the_form_is_told_apart() {
    let code = |sent: Sent| sent.verify().map_err(|refused| refused.code());
    let valid = || Sent::of(&CASES[0]);
    let incomplete = Err("IncompleteSignatureException");
    let unsigned_target = "content-type;host;x-amz-date";
    assert_eq!(
        code(Sent {
            signed_headers: unsigned_target,
            ..valid()
        }),
        incomplete
    );
    assert_eq!(
        code(Sent {
            scope: "20261123/eu-central-1/s3/aws4_request",
            ..valid()
        }),
        incomplete
    );
    assert_eq!(
        code(Sent {
            scope: "20261123",
            ..valid()
        }),
        incomplete
    );
    let late = Sent {
        now: "2026-11-23T12:05:01Z",
        ..valid()
    };
    assert_eq!(code(late), Err("InvalidSignatureException"));
    let early = Sent {
        now: "2026-11-23T11:54:00Z",
        ..valid()
    };
    assert_eq!(code(early), Err("InvalidSignatureException"));
    let none = HeaderMap::new();
    assert_eq!(Authorization::parse(&none), Err(Refused::Missing));
}
