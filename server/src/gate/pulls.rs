//! What a policy would do to what was pulled of late, as the audit log has it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{Digest, Reference, RepositoryName, Tag};
use policy::Effect;
use store::StoreError;
use store::record::{AuditFilter, Audited, Outcome};

use super::book::Book;
use super::judge::{Depth, Judged, Question, judge};
use crate::app::App;
use crate::audit;
use crate::auth::access::Action;

/// How many entries are read at once.
const ROWS: usize = 500;

/// Which pulls are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Of so many days, up to now.
    pub days: u32,
    /// The most entries of the log that are read.
    pub entries: usize,
    /// The most pulled images that are judged.
    pub judged: usize,
}

/// A manifest that was pulled and would not be let through without a word today.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The repository.
    pub repository: RepositoryName,
    /// What was asked for: a tag, or the digest.
    pub object: String,
    /// The manifest that was answered.
    pub digest: Digest,
    /// When it was pulled last.
    pub last: Timestamp,
    /// How often it was, of the entries that were read.
    pub pulls: u64,
    /// What would be said of it.
    pub judged: Judged,
}

/// What became of the pulls.
#[derive(Clone, Debug)]
pub struct Report {
    /// Those that would be denied or warned of, the newest first.
    pub pulled: Vec<Pulled>,
    /// Whether all pulls of the days were looked at.
    pub complete: bool,
}

/// What was pulled: repository, what was asked for, and what was answered.
type Key = (String, String, Digest);
/// When it was pulled last, and how often.
type Times = BTreeMap<Key, (Timestamp, u64)>;

/// Judges what was pulled as if it were pulled now. What was deleted since cannot be.
///
/// # Errors
///
/// Where the store fails.
pub fn run(app: &App, book: &Book, span: Span) -> Result<Report, StoreError> {
    audit::flush(app)?;
    let (times, mut complete) = gather(app, span)?;
    let mut newest: Vec<(Key, (Timestamp, u64))> = times.into_iter().collect();
    newest.sort_by(|(a, (at, _)), (b, (bt, _))| bt.cmp(at).then_with(|| a.cmp(b)));
    complete &= newest.len() <= span.judged;
    newest.truncate(span.judged);
    let mut pulled = Vec::new();
    for (key, (last, pulls)) in newest {
        pulled.extend(strike(app, book, key, last, pulls)?);
    }
    Ok(Report { pulled, complete })
}

/// Reads the log backwards in stretches that double, since the log itself is read forwards: of too
/// many entries those that are left out are old ones.
fn gather(app: &App, span: Span) -> Result<(Times, bool), StoreError> {
    // Before the first moment that can be told, nothing was pulled.
    let back = |end: Timestamp, length| end.checked_sub(length).unwrap_or(Timestamp::MIN);
    // A second on, so that what was pulled just now is in it.
    let now = app.clock.now();
    let first = back(now, SignedDuration::from_hours(24 * i64::from(span.days)));
    let mut end = now
        .saturating_add(SignedDuration::from_secs(1))
        .unwrap_or(now);
    let (mut minutes, mut left) = (1, span.entries);
    let mut times = Times::new();
    if span.days == 0 {
        return Ok((times, true));
    }
    while end > first {
        let since = back(end, SignedDuration::from_mins(minutes)).max(first);
        let filter = AuditFilter {
            since: Some(since),
            until: Some(end),
            action: Some(Action::BatchGetImage.as_str().to_owned()),
            outcome: Some(Outcome::Allowed),
            ..AuditFilter::default()
        };
        let mut after = None;
        loop {
            let page = app.store.metadata.audit(&filter, after, ROWS)?;
            for row in &page {
                let Some(fewer) = left.checked_sub(1) else {
                    return Ok((times, false));
                };
                left = fewer;
                note(&mut times, row);
            }
            after = page.last().map(|row| row.sequence);
            if page.len() < ROWS {
                break;
            }
        }
        end = since;
        minutes = minutes.saturating_mul(2);
    }
    Ok((times, true))
}

/// Counts an entry; a list of referrers is no pull, nor is what names no manifest.
fn note(times: &mut Times, row: &Audited) {
    let entry = &row.entry;
    let details: serde_json::Value = serde_json::from_str(&entry.details).unwrap_or_default();
    if details.get("list").is_some() {
        return;
    }
    let said = details.get("digest").and_then(|digest| digest.as_str());
    let digest = said.unwrap_or(&entry.object).parse::<Digest>();
    let (Some(repository), Ok(digest)) = (&entry.repository, digest) else {
        return;
    };
    let key = (repository.clone(), entry.object.clone(), digest);
    let (last, pulls) = times.entry(key).or_insert((entry.at, 0));
    *last = entry.at.max(*last);
    *pulls += 1;
}

fn strike(
    app: &App,
    book: &Book,
    (repository, object, digest): Key,
    last: Timestamp,
    pulls: u64,
) -> Result<Option<Pulled>, StoreError> {
    let Ok(repository) = repository.parse::<RepositoryName>() else {
        return Ok(None);
    };
    let reference = Reference::Digest(digest.clone());
    let Some(manifest) = app.store.metadata.manifest(&repository, &reference)? else {
        return Ok(None);
    };
    let tag = object.parse::<Tag>().ok();
    let question = Question {
        repository: &repository,
        manifest: &manifest,
        tag: tag.as_ref(),
    };
    let judged = judge(app, book, question, Depth::Enough)?;
    let told = |judged: &Judged| matches!(judged.verdict.effect, Effect::Deny | Effect::Warn);
    Ok(judged.filter(told).map(|judged| Pulled {
        repository,
        object,
        digest,
        last,
        pulls,
        judged,
    }))
}
