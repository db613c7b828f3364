//! What a request to the API asks for, for the audit log: read from its path, unless its handler
//! tells more.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use axum::middleware::Next;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::audit::Deed;
use crate::auth::access::{Action, Denial};

/// What the beginning of a path is about; the first that fits counts. What is not named here
/// changes settings.
const ACTIONS: &[(&str, Action)] = &[
    // A dry run changes nothing, though it is a POST.
    ("policies/dry-run", Action::ReadPolicies),
    ("users", Action::ManageUsers),
    ("keys", Action::ManageUsers),
    ("admin", Action::ManageHousekeeping),
    ("audit", Action::ReadAudit),
    ("policies", Action::ManagePolicies),
    ("exceptions", Action::ManagePolicies),
    ("vex", Action::ManagePolicies),
    ("break-glass", Action::BreakGlass),
];

/// What a handler tells of its deed beyond the path. No secrets.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// In which repository, where the path does not say so.
    pub repository: Option<String>,
    /// What it was done to, where the path does not say so.
    pub object: Option<String>,
    /// What else is worth keeping: members of a JSON object.
    pub details: Value,
}

/// Tells of a request in its answer's extensions.
pub async fn tell(request: Request, next: Next) -> Response<Body> {
    let method = request.method().clone();
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    let path = path.trim_start_matches('/').to_owned();
    let mut response = next.run(request).await;
    let extensions = response.extensions_mut();
    let told: Told = extensions.remove().unwrap_or_default();
    let mut deed = match extensions.get::<Denial>() {
        Some(denial) => Deed::from(denial),
        None => Deed::new(action(&path), None),
    };
    let rest = path.split_once('/').map_or("", |(_, rest)| rest);
    deed.repository = deed.repository.or(told.repository);
    deed.object = told.object.unwrap_or_else(|| rest.to_owned());
    let mut details = json!({ "request": format!("{method} /{path}") });
    if let (Some(members), Value::Object(more)) = (details.as_object_mut(), told.details) {
        members.extend(more);
    }
    deed.details = details;
    extensions.insert(deed);
    response
}

fn action(path: &str) -> Action {
    let begins = |part: &str| {
        let rest = path.strip_prefix(part);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = ACTIONS.iter().find(|(part, _)| begins(part));
    found.map_or(Action::ManageSettings, |(_, action)| *action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_thought_of_changes_settings() {
        let cases = [
            ("users/anna", Action::ManageUsers),
            ("keys", Action::ManageUsers),
            ("admin/verify", Action::ManageHousekeeping),
            ("brand/new", Action::ManageSettings),
            ("usersandkeys", Action::ManageSettings),
            ("policies/p", Action::ManagePolicies),
            ("policies/dry-run", Action::ReadPolicies),
            ("policies/dry-runs", Action::ManagePolicies),
            ("", Action::ManageSettings),
        ];
        for (path, expected) in cases {
            assert_eq!(action(path), expected, "{path}");
        }
    }
}
