//! `PutAccountSetting`.

use serde::Deserialize;
use serde_json::json;

use super::account_setting::Setting;
use super::{Answer, Context, EcrError, input};
use crate::auth::access::Resource;

#[derive(Deserialize)]
struct Input {
    name: String,
    value: String,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    context.require(Resource::Registry)?;
    let setting = Setting::find(&input.name)?;
    if !setting.values.contains(&input.value.as_str()) {
        let constraint = format!(
            "must be one of {} for {}",
            setting.values.join(", "),
            setting.name
        );
        return Err(EcrError::parameter("value", &constraint));
    }
    let metadata = &context.app.store.metadata;
    metadata.set_preference(&setting.preference(), &input.value, None)?;
    Ok(json!({ "name": setting.name, "value": input.value }))
}
