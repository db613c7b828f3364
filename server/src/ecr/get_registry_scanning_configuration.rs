//! `GetRegistryScanningConfiguration`. Before anybody sets anything it says what is done: all that
//! is pushed is scanned.

use serde_json::{Value, json};

use super::{Answer, Context};
use crate::auth::access::Resource;
use crate::scanning::{self, Configuration, Filter};

pub fn run(context: &Context, _body: &[u8]) -> Answer {
    context.require(Resource::Registry)?;
    let set = scanning::read(&context.app)?;
    let configuration = set.map_or_else(Configuration::unset, |set| (*set).clone());
    Ok(json!({
        "registryId": context.app.settings.account,
        "scanningConfiguration": view(&configuration),
    }))
}

/// The `RegistryScanningConfiguration` shape.
pub fn view(configuration: &Configuration) -> Value {
    let rules = configuration.rules.iter().map(|rule| {
        json!({
            "scanFrequency": rule.frequency.as_str(),
            "repositoryFilters": filters_view(&rule.filters),
        })
    });
    json!({
        "scanType": configuration.scan_type.as_str(),
        "rules": rules.collect::<Vec<Value>>(),
    })
}

/// A list of the `ScanningRepositoryFilter` shape.
pub fn filters_view(filters: &[Filter]) -> Vec<Value> {
    let view = |filter: &Filter| json!({ "filter": filter.as_str(), "filterType": "WILDCARD" });
    filters.iter().map(view).collect()
}
