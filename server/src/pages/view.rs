//! Words and small pieces that several pages share.

use model::{Gap, Severity};
use store::record::{ScanRow, ScanState};

/// A count of one severity.
pub struct Count {
    /// The severity's word, which is also its style.
    pub severity: &'static str,
    /// How many.
    pub count: u64,
}

/// Counts that are not zero, worst first.
pub fn counts(counts: &[(Severity, u64)]) -> Vec<Count> {
    let shown = counts.iter().filter(|(_, count)| *count > 0);
    shown
        .map(|(severity, count)| Count {
            severity: severity.as_str(),
            count: *count,
        })
        .collect()
}

/// Where a scan stands, in a word for people.
pub fn state(scan: Option<&ScanRow>) -> &'static str {
    match scan.map(|scan| scan.state) {
        None => "not scanned",
        Some(ScanState::Pending) => "waiting",
        Some(ScanState::InProgress) => "scanning",
        Some(ScanState::Complete) => "scanned",
        Some(ScanState::Failed) => "could not be scanned",
    }
}

/// Gaps with their kinds in words.
pub fn gaps(gaps: &[Gap]) -> Vec<(String, String)> {
    let words = |gap: &Gap| (gap.kind.as_str().replace('_', " "), gap.detail.clone());
    gaps.iter().map(words).collect()
}

/// The first twelve digits of a digest, for lists.
pub fn short(digest: &model::Digest) -> String {
    digest.hex().chars().take(12).collect()
}

/// A size for people: `3.2 MB`.
pub fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let word = units.get(unit).copied().unwrap_or_default();
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {word}")
    }
}

/// A time for people, to the minute, in UTC.
pub fn time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Only a web address may become a link.
pub fn link(url: Option<&str>) -> Option<String> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 2_729_236, 5_000_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "2.7 MB", "5.0 GB"]);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(link(Some("https://example.org/CVE")).is_some());
        assert!(link(Some("javascript:alert(1)")).is_none());
        assert!(link(None).is_none());
    }
}
