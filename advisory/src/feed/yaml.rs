//! YAML within limits that grow with the file.

use serde::de::DeserializeOwned;

use crate::Limits;

/// Reads a YAML document. The reader's own budget is meant for small settings files; here it is
/// the file's size, already bounded, that says how many nodes there can be.
///
/// # Errors
///
/// The reader's words, with line and column.
pub fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, String> {
    let size = bytes.len();
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: size.saturating_add(64),
            max_nodes: size.saturating_add(64),
            max_total_scalar_bytes: size.saturating_mul(2).saturating_add(64),
            max_depth: limits.depth,
            max_aliases: 64,
            max_anchors: 64,
        },
    };
    serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| {
        let text = error.to_string();
        text.lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(300)
            .collect()
    })
}
