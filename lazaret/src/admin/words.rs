//! The API's answers to housekeeping, for people.

use serde_json::Value;

use crate::output;

fn number(document: &Value, name: &str) -> u64 {
    document.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn size(document: &Value, name: &str) -> String {
    output::bytes(number(document, name))
}

/// A trouble, or how a scrub ended.
pub fn verify(document: &Value) -> String {
    if let Some(trouble) = document.get("trouble").and_then(Value::as_str) {
        return report::text::plain(trouble);
    }
    let outcome = match number(document, "troubles") {
        0 => "all is well".to_owned(),
        count => format!("{count} wrong"),
    };
    let (blobs, manifests) = (number(document, "blobs"), number(document, "manifests"));
    let bytes = size(document, "bytes");
    let text = format!("{blobs} blobs ({bytes}) and {manifests} manifests were read: {outcome}");
    let text = match number(document, "incomplete") {
        0 => text,
        count => format!("{text}\n{count} blobs of manifests were deleted by clients"),
    };
    match number(document, "orphans") {
        0 => text,
        count => format!(
            "{text}\n{count} blobs are left over from a crash; 'lazaret admin collect' removes them"
        ),
    }
}

/// What a collection removed, or would remove.
pub fn collect(document: &Value) -> String {
    let is_dry = document.get("dry_run").and_then(Value::as_bool) == Some(true);
    format!(
        "{} blobs ({}), {} links of repositories and {} uploads {}",
        number(document, "blobs"),
        size(document, "bytes"),
        number(document, "links"),
        number(document, "uploads"),
        if is_dry {
            "would be removed"
        } else {
            "were removed"
        }
    )
}

/// What the stores hold.
pub fn usage(document: &Value) -> String {
    let mut lines = vec![
        format!(
            "Stored        {} in {} blobs",
            size(document, "bytes"),
            number(document, "blobs")
        ),
        format!(
            "Unshared      {}, if repositories shared nothing",
            size(document, "bytes_unshared")
        ),
        format!(
            "Held by none  {} in {} blobs; collected in time",
            size(document, "unheld_bytes"),
            number(document, "unheld_blobs")
        ),
        format!("Uploads       {} under way", number(document, "uploads")),
        String::new(),
        format!(
            "{:>10}  {:>7}  {:>9}  REPOSITORY",
            "BYTES", "BLOBS", "MANIFESTS"
        ),
    ];
    let rows = document.get("by_repository").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        let (bytes, blobs) = (size(row, "bytes"), number(row, "blobs"));
        let manifests = number(row, "manifests");
        let name = report::text::plain(name);
        lines.push(format!("{bytes:>10}  {blobs:>7}  {manifests:>9}  {name}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_sentences() {
        let sound = json!({ "blobs": 3, "bytes": 2048, "manifests": 1, "troubles": 0 });
        assert_eq!(
            verify(&sound),
            "3 blobs (2.0 KiB) and 1 manifests were read: all is well"
        );
        assert_eq!(
            verify(&json!({ "trouble": "x: \u{1b}gone" })),
            "x: \u{fffd}gone"
        );
        let dry = json!({ "blobs": 1, "bytes": 5, "links": 2, "uploads": 0, "dry_run": true });
        assert_eq!(
            collect(&dry),
            "1 blobs (5 B), 2 links of repositories and 0 uploads would be removed"
        );
        let row = json!({ "name": "team/app", "bytes": 1024, "blobs": 2, "manifests": 1 });
        let table = usage(&json!({ "bytes": 1024, "blobs": 2, "by_repository": [row] }));
        assert!(
            table.ends_with("   1.0 KiB        2          1  team/app"),
            "{table}"
        );
    }
}
