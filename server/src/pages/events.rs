//! What happened, newest first, and how far those are who are told of it.

use askama::Template;
use jiff::Timestamp;
use model::{Change, Digest, Severity};
use store::record::{
    EventFilter, Happening, ImageAction, ImagePlace, Outbox, ScanEnded, Subscription,
    VulnerabilityChange,
};

use super::view::{self, Count};
use super::{PageError, listing_url};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Resource, allows};
use crate::events::message::{Message, What};
use crate::events::{KINDS, feed, subscriptions};

/// How many events are looked at for one page.
const EVENTS: u64 = 100;
/// How many images and packages of one event are named.
const NAMED: usize = 5;

#[derive(Template)]
#[template(path = "events.html")]
pub struct Events {
    kinds: Vec<Choice>,
    kind: String,
    repository: String,
    rows: Vec<Row>,
    is_first: bool,
    /// Where the page of older events ends.
    next: Option<u64>,
    /// `None` for those who may not know.
    subscriptions: Option<Vec<Told>>,
}

struct Choice {
    word: &'static str,
    chosen: bool,
}

/// An event in plain words.
struct Row {
    time: String,
    words: String,
    counts: Vec<Count>,
    /// A vulnerability, with its address's part.
    vulnerability: Option<String>,
    /// What comes after the vulnerability.
    rest: String,
    images: Vec<Image>,
    /// What is said of images that are not named.
    more: String,
}

struct Image {
    name: String,
    url: String,
}

/// A subscription.
struct Told {
    name: String,
    state: String,
    behind: u64,
    delivered: String,
    error: String,
}

/// What is asked for.
#[derive(Default)]
pub struct Wanted {
    /// One kind; all where it is empty.
    pub kind: String,
    /// A pattern of repositories; all where it is empty.
    pub repository: String,
    /// Events before this place; the newest where there is none.
    pub before: Option<u64>,
}

/// A page of events.
pub fn page(app: &App, principal: &Principal, wanted: Wanted) -> Result<Events, PageError> {
    let filter = filter(&wanted)?;
    let outbox = app.store.metadata.outbox()?;
    let newest = outbox.placed.saturating_add(1);
    let before = wanted.before.unwrap_or(newest).min(newest);
    let last = before.saturating_sub(1);
    let after = last.saturating_sub(EVENTS).max(outbox.forgotten);
    // Up to `EVENTS`, so that the conversion holds everywhere.
    let limit = usize::try_from(last.saturating_sub(after)).unwrap_or_default();
    let mut messages = feed::page(app, principal, &filter, after, limit)?.messages;
    messages.reverse();
    Ok(Events {
        kinds: KINDS
            .into_iter()
            .map(|word| Choice {
                word,
                chosen: word == wanted.kind,
            })
            .collect(),
        kind: wanted.kind,
        repository: wanted.repository,
        rows: messages.into_iter().filter_map(row).collect(),
        is_first: before == newest,
        next: (after > outbox.forgotten).then(|| after.saturating_add(1)),
        subscriptions: told(app, principal, outbox)?,
    })
}

fn filter(wanted: &Wanted) -> Result<EventFilter, PageError> {
    let mut filter = EventFilter::default();
    if !wanted.kind.is_empty() {
        filter.kinds.push(wanted.kind.clone());
    }
    if !wanted.repository.is_empty() {
        let pattern = wanted.repository.parse();
        let wrong = |error: model::wildcard::InvalidWildcard| error.to_string();
        let pattern = pattern.map_err(|error| PageError::NotFound(wrong(error)))?;
        filter.repositories.push(pattern);
    }
    subscriptions::check_filter(&filter).map_err(PageError::NotFound)?;
    Ok(filter)
}

fn row(message: Message) -> Option<Row> {
    let time = view::time(message.at);
    let What::Event(happening) = message.what else {
        return None;
    };
    let row = match happening {
        Happening::Pushed(action) => acted("Pushed", &action),
        Happening::Deleted(action) => acted("Deleted", &action),
        Happening::Scanned(scan) => scanned(scan),
        Happening::Vulnerability(change) => changed(change),
    };
    Some(Row { time, ..row })
}

impl Row {
    /// A row that says so much of images.
    fn of(words: String, places: &[ImagePlace], complete: bool) -> Row {
        let more = match (places.len().saturating_sub(NAMED), complete) {
            (0, true) => String::new(),
            (0, false) => "and further images".to_owned(),
            (more, true) => format!("and {more} more"),
            (more, false) => format!("and {more} more or further ones"),
        };
        Row {
            time: String::new(),
            words,
            counts: Vec::new(),
            vulnerability: None,
            rest: String::new(),
            images: places.iter().take(NAMED).map(image).collect(),
            more,
        }
    }
}

fn image(place: &ImagePlace) -> Image {
    let tag = place.tags.first().map(|tag| tag.as_str());
    named(place.repository.as_str(), tag, &place.digest)
}

fn named(repository: &str, tag: Option<&str>, digest: &Digest) -> Image {
    Image {
        name: match tag {
            Some(tag) => format!("{repository}:{tag}"),
            None => format!("{repository}@{}", view::short(digest)),
        },
        url: listing_url(repository, digest.as_str()),
    }
}

fn acted(word: &str, action: &ImageAction) -> Row {
    let tag = action.tag.as_ref().map(|tag| tag.as_str());
    let image = named(action.repository.as_str(), tag, &action.digest);
    Row {
        images: vec![image],
        ..Row::of(word.to_owned(), &[], true)
    }
}

fn scanned(scan: ScanEnded) -> Row {
    let counts: Vec<(Severity, u64)> = Severity::ALL.into_iter().zip(scan.counts).collect();
    let counts = view::counts(&counts);
    let words = match &scan.failure {
        Some(why) => format!("Could not be scanned ({why}):"),
        // Not "clean": what a scan could not see is on the image's page.
        None if counts.is_empty() => "Scanned, nothing found:".to_owned(),
        None => "Scanned, found".to_owned(),
    };
    Row {
        counts,
        ..Row::of(words, &scan.places, scan.complete)
    }
}

fn changed(change: VulnerabilityChange) -> Row {
    let word = match change.change {
        Change::Found => "Found",
        Change::Altered => "Rated or fixed otherwise",
        Change::Gone => "Not found any more",
    };
    let packages = change.packages.iter().take(NAMED);
    let packages: Vec<String> = packages
        .map(|one| format!("{} {}", one.name, one.version))
        .collect();
    let further = match change.packages.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let images = match (change.places.len(), change.complete) {
        (1, true) => "1 image".to_owned(),
        (count, true) => format!("{count} images"),
        (count, false) => format!("{count} images or more"),
    };
    Row {
        counts: Vec::new(),
        rest: format!("in {}{further}, {images}:", packages.join(", ")),
        vulnerability: Some(change.id),
        ..Row::of(
            format!("{word} ({})", change.severity.as_str()),
            &change.places,
            change.complete,
        )
    }
}

/// How far subscriptions are, for those who may manage them.
fn told(app: &App, principal: &Principal, outbox: Outbox) -> Result<Option<Vec<Told>>, PageError> {
    if !allows(principal, Action::ManageSettings, Resource::Registry) {
        return Ok(None);
    }
    let (rows, now) = (app.store.metadata.subscriptions()?, app.clock.now());
    Ok(Some(
        rows.iter().map(|one| standing(one, outbox, now)).collect(),
    ))
}

fn standing(one: &Subscription, outbox: Outbox, now: Timestamp) -> Told {
    let progress = &one.progress;
    let behind = outbox.placed.saturating_sub(progress.delivered);
    let digest = subscriptions::next_digest(one, now);
    let state = match (progress.paused, progress.attempts, digest) {
        (true, _, _) => "paused".to_owned(),
        (_, 1.., _) => format!("fails, again at {}", view::time(progress.free_at)),
        (_, _, Some(next)) => format!("next digest at {}", view::time(next)),
        _ if behind == 0 => "up to date".to_owned(),
        _ => "under way".to_owned(),
    };
    Told {
        name: one.name.clone(),
        state,
        behind,
        delivered: progress.delivered_at.map(view::time).unwrap_or_default(),
        error: progress.error.clone().unwrap_or_default(),
    }
}
