//! What an operation was asked to do, for the audit log: read from the members that ECR's input
//! shapes share.

use serde_json::{Value, json};

use crate::audit::{self, Deed};
use crate::auth::access::Action;

/// The deed of an input; with what of it could not be done, where the answer says so.
pub fn of(action: Action, body: &[u8], answer: Option<&Value>) -> Deed {
    let input: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let image = input.get("imageId").unwrap_or(&Value::Null);
    let object = ["imageTag", "imageDigest"]
        .iter()
        .find_map(|member| text(image.get(member)))
        .or_else(|| text(input.get("imageTag")))
        .or_else(|| text(input.get("name")));
    let mut details = audit::input(body);
    let failures = answer.and_then(|answer| answer.get("failures"));
    let failures = failures.filter(|list| list.as_array().is_some_and(|list| !list.is_empty()));
    if let (Some(failures), Some(members)) = (failures, details.as_object_mut()) {
        members.insert("failures".to_owned(), failures.clone());
    }
    Deed {
        action,
        repository: text(input.get("repositoryName")),
        object: object.unwrap_or_default(),
        details: if details.is_null() {
            json!({})
        } else {
            details
        },
    }
}
