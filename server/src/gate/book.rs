//! The documents of the gate in memory, as they are read from the store.
//!
//! Each look asks the store for one number, which every change raises: so that what another server
//! changed counts at once, and nothing is parsed twice.

use std::sync::{Arc, PoisonError, RwLock};

use policy::vex::Document;
use policy::{Exception, Exceptions, Form, Policy, Rulebook, Vex};
use store::StoreError;
use store::record::{GateDocument, GateKind, Pass};

use crate::app::App;

/// How many documents are read at once.
const PAGE: usize = 500;
/// The media type of policies in TOML.
pub const TOML: &str = "application/toml";
/// The media type of everything in JSON.
pub const JSON: &str = "application/json";

/// What pulls are judged by.
#[derive(Debug)]
pub struct Book {
    version: u64,
    /// Policies, exceptions and VEX documents.
    pub rulebook: Rulebook,
    /// Passes that held when this was read, those that end last first.
    pub passes: Vec<Pass>,
}

impl Book {
    /// A book of these rules alone, without passes.
    pub fn of(rulebook: Rulebook) -> Book {
        Book {
            version: 0,
            rulebook,
            passes: Vec::new(),
        }
    }
}

/// The book that was read last.
#[derive(Debug, Default)]
pub struct Shelf(RwLock<Option<Arc<Book>>>);

/// The book as of now; `None` where nothing was ever written.
///
/// # Errors
///
/// Where the store fails, or holds a policy that cannot be read: a gate without one of its
/// policies would let through what that one denies.
pub fn current(app: &App) -> Result<Option<Arc<Book>>, StoreError> {
    let version = app.store.metadata.gate_version()?;
    if version == 0 {
        return Ok(None);
    }
    let shelf = &app.shelf.0;
    let kept = shelf.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(book) = kept.filter(|book| book.version == version) {
        return Ok(Some(book));
    }
    // What changes while this is read is under a later number, which the next look sees.
    let book = Arc::new(read(app, version)?);
    *shelf.write().unwrap_or_else(PoisonError::into_inner) = Some(book.clone());
    Ok(Some(book))
}

/// The book where it holds a policy: without one nothing is judged.
///
/// # Errors
///
/// As of [`current`].
pub fn in_force(app: &App) -> Result<Option<Arc<Book>>, StoreError> {
    let book = current(app)?;
    Ok(book.filter(|book| !book.rulebook.policies.is_empty()))
}

fn read(app: &App, version: u64) -> Result<Book, StoreError> {
    let limits = &app.settings.gate;
    let policies = documents(app, GateKind::Policy, limits.policies)?;
    let exceptions = documents(app, GateKind::Exception, limits.exceptions)?;
    let vex = documents(app, GateKind::Vex, limits.vex)?;
    let exceptions = exceptions.iter().filter_map(|one| exception(app, one));
    let vex = vex.iter().filter_map(|one| vex_document(app, one));
    let now = app.clock.now();
    Ok(Book {
        version,
        rulebook: Rulebook {
            policies: policies
                .iter()
                .map(|one| policy(app, one))
                .collect::<Result<_, _>>()?,
            exceptions: Exceptions::new(exceptions),
            vex: Vex::new(vex),
            ..Rulebook::default()
        },
        passes: app.store.metadata.passes(now, limits.passes)?,
    })
}

/// All documents of a kind, in their latest versions.
///
/// # Errors
///
/// Where the store fails, or holds more than `most`.
pub fn documents(app: &App, kind: GateKind, most: usize) -> Result<Vec<GateDocument>, StoreError> {
    let mut all: Vec<GateDocument> = Vec::new();
    loop {
        let after = all.last().map(|last| last.name.as_str());
        let page = app.store.metadata.gate_documents(kind, after, PAGE)?;
        let ended = page.len() < PAGE;
        all.extend(page);
        if all.len() > most {
            let kind = kind.as_str();
            let message = format!("there are more than {most} documents of the kind {kind}");
            return Err(StoreError::Damaged(message));
        }
        if ended {
            return Ok(all);
        }
    }
}

/// The form that a media type means.
pub fn form(media_type: &str) -> Option<Form> {
    match media_type {
        TOML => Some(Form::Toml),
        JSON => Some(Form::Json),
        _ => None,
    }
}

fn policy(app: &App, document: &GateDocument) -> Result<Policy, StoreError> {
    let text = document.text.as_deref().unwrap_or_default();
    let form = form(&document.form).unwrap_or(Form::Json);
    Policy::read(text, form, &app.settings.gate.documents).map_err(|problems| {
        let (name, version) = (&document.name, document.version);
        let first = problems.first().map_or("", |problem| &problem.detail);
        StoreError::Damaged(format!(
            "version {version} of the policy '{name}' cannot be read, so that nothing can be \
             pulled: {first}; put it anew, or delete it"
        ))
    })
}

/// An exception that cannot be read excepts nothing.
fn exception(app: &App, document: &GateDocument) -> Option<Exception> {
    let text = document.text.as_deref().unwrap_or_default();
    let whose = (&*document.name, &*document.who, document.made_at);
    let read = Exception::read(text, whose, &app.settings.gate.documents);
    if read.is_err() {
        tracing::error!(exception = document.name, "an exception cannot be read");
    }
    read.ok()
}

/// A VEX document that cannot be read says nothing.
fn vex_document(app: &App, document: &GateDocument) -> Option<Document> {
    let text = document.text.as_deref().unwrap_or_default();
    let (read, _) = Document::read(text, &app.settings.gate.documents);
    if read.is_none() {
        tracing::error!(document = document.name, "a VEX document cannot be read");
    }
    read.map(|read| read.found_in(&document.name))
}
