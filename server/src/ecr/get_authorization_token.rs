//! `GetAuthorizationToken`: a password for `docker login --username AWS`, good for 12 hours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::view::seconds;
use super::{Answer, Context, input};
use crate::auth::access::Resource;
use crate::auth::key::{TOKEN_LIFE, create_token};
use crate::auth::login::TOKEN_USER;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(default)]
    registry_ids: Option<Vec<String>>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    context.require(Resource::Registry)?;
    let wanted = input.registry_ids.unwrap_or_default();
    for id in &wanted {
        context.check_registry(Some(id))?;
    }
    let entries: Result<Vec<Value>, _> = (0..wanted.len().clamp(1, 10))
        .map(|_| authorization_data(context))
        .collect();
    Ok(json!({ "authorizationData": entries? }))
}

/// One entry. The token holds no colon: a client splits the decoded text at the only one.
fn authorization_data(context: &Context) -> Answer {
    let (token, expires_at) = create_token(&context.app, &context.principal, TOKEN_LIFE)?;
    Ok(json!({
        "authorizationToken": STANDARD.encode(format!("{TOKEN_USER}:{token}")),
        "expiresAt": seconds(expires_at),
        "proxyEndpoint": context.app.settings.endpoint(),
    }))
}
