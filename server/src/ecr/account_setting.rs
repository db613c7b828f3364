//! The account's settings, as `GetAccountSetting` and `PutAccountSetting` know them. They are kept
//! for tools that set them and look whether they are set; none changes what is done here.

use super::EcrError;

/// A setting with its values, the one that holds before anybody sets it first.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: &'static [&'static str],
}

/// Every setting.
const SETTINGS: &[Setting] = &[
    Setting {
        name: "BASIC_SCAN_TYPE_VERSION",
        values: &["AWS_NATIVE"],
    },
    Setting {
        name: "BLOB_MOUNTING",
        values: &["ENABLED", "DISABLED"],
    },
    Setting {
        name: "REGISTRY_POLICY_SCOPE",
        values: &["V2", "V1"],
    },
];

impl Setting {
    /// The setting of that name.
    pub fn find(name: &str) -> Result<&'static Setting, EcrError> {
        let found = SETTINGS.iter().find(|setting| setting.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            EcrError::parameter("name", &format!("must be one of {}", names.join(", ")))
        })
    }

    /// The preference that holds it.
    pub fn preference(&self) -> String {
        format!("account-setting/{}", self.name)
    }

    /// The value that holds before anybody sets one.
    pub fn unset(&self) -> &'static str {
        self.values.first().copied().unwrap_or_default()
    }
}
