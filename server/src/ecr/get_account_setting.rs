//! `GetAccountSetting`.

use serde::Deserialize;
use serde_json::json;

use super::account_setting::Setting;
use super::{Answer, Context, input};
use crate::auth::access::Resource;

#[derive(Deserialize)]
struct Input {
    name: String,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    context.require(Resource::Registry)?;
    let setting = Setting::find(&input.name)?;
    let kept = context
        .app
        .store
        .metadata
        .preference(&setting.preference())?;
    let value = kept.unwrap_or_else(|| setting.unset().to_owned());
    Ok(json!({ "name": setting.name, "value": value }))
}
