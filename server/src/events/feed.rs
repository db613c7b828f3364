//! Events for those who ask, as far as they may see them.

use store::StoreError;
use store::record::EventFilter;

use super::filter;
use super::message::{Message, What};
use crate::app::App;
use crate::auth::Principal;

/// Events after a place.
pub struct Page {
    /// Those that somebody may see and wants, in order; before them, that some are missing.
    pub messages: Vec<Message>,
    /// The last place that was looked at: where the next page begins.
    pub next: u64,
}

/// Looks at up to `limit` events after a place. A page may hold fewer, also none, and there are
/// more as long as `next` moves on.
///
/// # Errors
///
/// Where the store fails.
pub fn page(
    app: &App,
    principal: &Principal,
    wanted: &EventFilter,
    after: u64,
    limit: usize,
) -> Result<Page, StoreError> {
    let metadata = &app.store.metadata;
    let outbox = metadata.outbox()?;
    // Who has seen more than there is, saw it in a store that was restored since.
    let mut next = after.min(outbox.placed);
    let mut messages = Vec::new();
    if next < outbox.forgotten {
        messages.push(Message::gap(next, outbox.forgotten, app.clock.now()));
        next = outbox.forgotten;
    }
    for event in metadata.events(next, limit)? {
        next = event.sequence;
        let (id, at) = (event.sequence.to_string(), event.at);
        let seen = filter::visible(principal, event.what);
        let what = seen.and_then(|seen| filter::narrow(wanted, seen));
        let what = what.map(What::Event);
        messages.extend(what.map(|what| Message { id, at, what }));
    }
    Ok(Page { messages, next })
}
