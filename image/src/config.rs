//! Image configurations: OCI image specification 1.1, `config.md`; Docker's are of the same form.

use model::{Digest, Platform};
use serde::Deserialize;

use crate::Limits;

/// What a configuration says about its image, as far as a scan needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// What it runs on, where it says.
    pub platform: Option<Platform>,
    /// The digests of the inflated layers, lowest first.
    pub diff_ids: Vec<Digest>,
    /// How it was made, oldest step first; often shorter than the truth.
    pub history: Vec<History>,
}

/// One step of an image's making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The command.
    pub created_by: String,
    /// Whether it made no layer.
    pub empty_layer: bool,
}

/// Why bytes are no image configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is past the limit.
    #[error("the image's configuration has {size} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Its bytes.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// It is no JSON, or a field is not of the form that it must have.
    #[error("the image's configuration cannot be read: {0}")]
    Malformed(String),
    /// A diff id is no digest.
    #[error("the image's configuration has a wrong rootfs.diff_ids[{at}]: {what}")]
    DiffId {
        /// Which.
        at: usize,
        /// What is wrong with it.
        what: String,
    },
    /// There are more layers than are allowed.
    #[error("the image's configuration names {count} layers, more than the {limit} allowed")]
    TooManyLayers {
        /// How many.
        count: usize,
        /// The most that is allowed.
        limit: usize,
    },
}

#[derive(Deserialize)]
struct WireConfig {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    rootfs: Option<WireRootfs>,
    history: Option<Vec<WireHistory>>,
}

#[derive(Deserialize)]
struct WireRootfs {
    diff_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WireHistory {
    created_by: Option<String>,
    empty_layer: Option<bool>,
}

impl ImageConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// Where it is too large, no JSON, or names what are no digests.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<ImageConfig, ConfigError> {
        let size = bytes.len() as u64;
        if size > limits.config_bytes {
            let limit = limits.config_bytes;
            return Err(ConfigError::TooLarge { size, limit });
        }
        let wire: WireConfig = serde_json::from_slice(bytes)
            .map_err(|error| ConfigError::Malformed(error.to_string()))?;
        let diff_ids = wire.rootfs.and_then(|rootfs| rootfs.diff_ids);
        let diff_ids = diff_ids.unwrap_or_default();
        let (count, limit) = (diff_ids.len(), limits.layers);
        if count > limit {
            return Err(ConfigError::TooManyLayers { count, limit });
        }
        let parse = |(at, text): (usize, String)| {
            text.parse::<Digest>().map_err(|error| ConfigError::DiffId {
                at,
                what: error.to_string(),
            })
        };
        let history = wire.history.unwrap_or_default();
        let platform = Platform {
            os: wire.os,
            architecture: wire.architecture,
            variant: wire.variant.filter(|variant| !variant.is_empty()),
        };
        let says_platform = !platform.os.is_empty() || !platform.architecture.is_empty();
        Ok(ImageConfig {
            platform: says_platform.then_some(platform),
            diff_ids: diff_ids
                .into_iter()
                .enumerate()
                .map(parse)
                .collect::<Result<_, _>>()?,
            history: history.into_iter().map(History::from).collect(),
        })
    }

    /// The steps that made a layer, lowest first: the command of the layer of the same place.
    pub fn layer_commands(&self) -> impl Iterator<Item = &str> {
        let steps = self.history.iter().filter(|step| !step.empty_layer);
        steps.map(|step| step.created_by.as_str())
    }
}

impl From<WireHistory> for History {
    fn from(wire: WireHistory) -> History {
        History {
            created_by: wire.created_by.unwrap_or_default(),
            empty_layer: wire.empty_layer.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ImageConfig, ConfigError> {
        ImageConfig::parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn a_configuration_names_its_layers_and_their_commands() {
        let diff_id = Digest::of(b"x");
        let config = parse(&format!(
            r#"{{"os":"linux","architecture":"arm64","variant":"v8",
                "rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}},
                "history":[{{"created_by":"ENV A=1","empty_layer":true}},{{"created_by":"ADD x"}}]}}"#
        ))
        .unwrap();
        assert_eq!(
            config.platform.as_ref().unwrap().to_string(),
            "linux/arm64/v8"
        );
        assert_eq!(config.diff_ids, [diff_id]);
        assert_eq!(config.layer_commands().collect::<Vec<_>>(), ["ADD x"]);
    }

    #[test]
    fn what_is_missing_is_empty_and_what_is_wrong_is_refused() {
        assert_eq!(parse("{}").unwrap(), ImageConfig::default());
        let null = r#"{"rootfs":null,"history":null,"variant":null}"#;
        assert_eq!(parse(null).unwrap(), ImageConfig::default());
        for (text, expected) in [
            ("", "cannot be read"),
            ("7", "cannot be read"),
            (r#"{"rootfs":{"diff_ids":["x"]}}"#, "diff_ids[0]"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let limits = Limits {
            config_bytes: 1,
            ..Limits::default()
        };
        assert!(ImageConfig::parse(b"{}", &limits).is_err());
    }
}
