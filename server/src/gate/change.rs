//! Changes of what the gate goes by. Each asks for its permission, reads what is brought and keeps
//! it.

use jiff::SignedDuration;
use model::{Digest, Problem, Reference, RepositoryName};
use policy::vex::Document;
use policy::{Exception, Form, Policy};
use store::record::{GateKind, NewGateDocument, Pass};
use store::{StoreError, UploadId};

use super::book::{self, JSON, TOML};
use crate::app::App;
use crate::auth::Principal;
use crate::auth::access::{Action, Denial, Resource, require};

/// The path of a dry run, which no policy can have as its name.
const RESERVED: &str = "dry-run";

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// What was brought cannot be, for these reasons.
    #[error("it is not taken: {}", in_words(.0))]
    Problems(Vec<Problem>),
    /// What was asked for cannot be.
    #[error("{0}")]
    Invalid(String),
    /// There is too much of it already.
    #[error("{0}")]
    Conflict(String),
    /// It is not there.
    #[error("{0}")]
    Unknown(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn in_words(problems: &[Problem]) -> String {
    let each = problems.iter();
    let each = each.map(|one| format!("{}: {}", one.place, one.detail));
    each.collect::<Vec<_>>().join("; ")
}

type Answer<T> = Result<T, ChangeError>;

/// Reads a policy as it would be kept.
///
/// # Errors
///
/// What is wrong with it.
pub fn read_policy(app: &App, form: Form, text: &str) -> Answer<Policy> {
    Policy::read(text, form, &app.settings.gate.documents).map_err(ChangeError::Problems)
}

/// Keeps a policy as a new version; its number.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn put_policy(
    app: &App,
    principal: &Principal,
    name: &str,
    form: Form,
    text: &str,
) -> Answer<(u64, Policy)> {
    require(principal, Action::ManagePolicies, Resource::Registry)?;
    let policy = read_policy(app, form, text)?;
    if policy.name != name || name == RESERVED {
        let said = &policy.name;
        let message = format!("the document names the policy '{said}', the address '{name}'");
        return Err(ChangeError::Invalid(message));
    }
    let form = match form {
        Form::Json => JSON,
        Form::Toml => TOML,
    };
    let document = new(app, principal, GateKind::Policy, name, form, text);
    let version = put(app, &document, app.settings.gate.policies)?;
    Ok((version, policy))
}

/// Keeps a VEX document as a new version; its number, and what of it is not read.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn put_vex(
    app: &App,
    principal: &Principal,
    name: &str,
    text: &str,
) -> Answer<(u64, Document, Vec<Problem>)> {
    require(principal, Action::ManagePolicies, Resource::Registry)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(is_name) {
        let message = "a document's name has 1 to 64 letters, digits and '.', '_', '-'";
        return Err(ChangeError::Invalid(message.to_owned()));
    }
    let (read, problems) = Document::read(text, &app.settings.gate.documents);
    let Some(read) = read else {
        return Err(ChangeError::Problems(problems));
    };
    let document = new(app, principal, GateKind::Vex, name, JSON, text);
    let version = put(app, &document, app.settings.gate.vex)?;
    Ok((version, read, problems))
}

/// Keeps an exception under an identifier of its own.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn add_exception(app: &App, principal: &Principal, text: &str) -> Answer<Exception> {
    require(principal, Action::ManagePolicies, Resource::Registry)?;
    let id = identifier(app);
    let now = app.clock.now();
    let whose = (&*id, &*principal.name, now);
    let exception = Exception::read(text, whose, &app.settings.gate.documents)
        .map_err(ChangeError::Problems)?;
    if exception.has_expired(now) {
        let message = "expires_at has passed already".to_owned();
        return Err(ChangeError::Invalid(message));
    }
    let document = NewGateDocument {
        made_at: now,
        ..new(app, principal, GateKind::Exception, &id, JSON, text)
    };
    put(app, &document, app.settings.gate.exceptions)?;
    Ok(exception)
}

/// Deletes a document; its versions stay.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn delete(app: &App, principal: &Principal, kind: GateKind, name: &str) -> Answer<()> {
    require(principal, Action::ManagePolicies, Resource::Registry)?;
    let metadata = &app.store.metadata;
    let deleted = metadata.delete_gate_document(kind, name, &principal.name, app.clock.now())?;
    if !deleted {
        let kind = kind.as_str();
        return Err(ChangeError::Unknown(format!("no {kind} '{name}'")));
    }
    Ok(())
}

/// What somebody asks for who has to pull what policies deny.
#[derive(Clone, Debug)]
pub struct WantedPass {
    /// From which repository.
    pub repository: RepositoryName,
    /// Which manifest.
    pub reference: Reference,
    /// Why.
    pub reason: String,
    /// For how long.
    pub minutes: u32,
}

/// Gives a pass, by which anybody who may pull can pull that manifest from that repository: who
/// starts containers in an incident is a cluster, and not who asks here.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn break_glass(app: &App, principal: &Principal, wanted: &WantedPass) -> Answer<Pass> {
    let repository = &wanted.repository;
    require(principal, Action::BreakGlass, repository)?;
    let limits = &app.settings.gate;
    if wanted.reason.trim().is_empty() || wanted.reason.chars().count() > limits.documents.text {
        let most = limits.documents.text;
        let message = format!("a reason is needed, of at most {most} characters");
        return Err(ChangeError::Invalid(message));
    }
    if !(1..=limits.pass_minutes).contains(&wanted.minutes) {
        let message = format!("minutes must be from 1 to {}", limits.pass_minutes);
        return Err(ChangeError::Invalid(message));
    }
    let now = app.clock.now();
    let metadata = &app.store.metadata;
    if metadata.passes(now, limits.passes)?.len() >= limits.passes {
        let message = format!("{} passes hold already: end some", limits.passes);
        return Err(ChangeError::Conflict(message));
    }
    let length = SignedDuration::from_mins(i64::from(wanted.minutes));
    let endless = |_| ChangeError::Invalid("there is no such time".to_owned());
    let pass = Pass {
        id: identifier(app),
        repository: repository.clone(),
        digest: digest(app, wanted)?,
        who: principal.name.clone(),
        reason: wanted.reason.clone(),
        begins_at: now,
        ends_at: now.checked_add(length).map_err(endless)?,
    };
    if !metadata.create_pass(&pass)? {
        let message = "its identifier is taken: try again";
        return Err(ChangeError::Conflict(message.to_owned()));
    }
    Ok(pass)
}

/// The manifest that a pass is wanted for.
fn digest(app: &App, wanted: &WantedPass) -> Answer<Digest> {
    let metadata = &app.store.metadata;
    let summary = metadata.manifest_summary(&wanted.repository, &wanted.reference)?;
    let missing = || {
        let (name, reference) = (&wanted.repository, &wanted.reference);
        ChangeError::Unknown(format!("no manifest '{reference}' in '{name}'"))
    };
    Ok(summary.ok_or_else(missing)?.digest)
}

/// Ends a pass before its time; the pass as it was.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn end_pass(app: &App, principal: &Principal, id: &str) -> Answer<Pass> {
    let (now, metadata) = (app.clock.now(), &app.store.metadata);
    let passes = metadata.passes(now, app.settings.gate.passes)?;
    let unknown = || ChangeError::Unknown(format!("no pass '{id}' that holds"));
    // To somebody who may not give it, it is not there.
    let may = |pass: &&Pass| require(principal, Action::BreakGlass, &pass.repository).is_ok();
    let pass = passes.iter().find(|pass| pass.id == id).filter(may);
    let pass = pass.ok_or_else(unknown)?;
    match metadata.end_pass(id, now)? {
        true => Ok(pass.clone()),
        false => Err(unknown()),
    }
}

fn new<'a>(
    app: &App,
    principal: &'a Principal,
    kind: GateKind,
    name: &'a str,
    form: &'a str,
    text: &'a str,
) -> NewGateDocument<'a> {
    NewGateDocument {
        kind,
        name,
        form,
        text,
        who: &principal.name,
        made_at: app.clock.now(),
    }
}

/// Keeps a document, where there is room for it.
fn put(app: &App, document: &NewGateDocument<'_>, most: usize) -> Answer<u64> {
    let metadata = &app.store.metadata;
    let (kind, name) = (document.kind, document.name);
    if metadata.gate_document(kind, name)?.is_none()
        && book::documents(app, kind, most)?.len() >= most
    {
        let kind = kind.as_str();
        let message = format!("there are {most} documents of the kind {kind} already");
        return Err(ChangeError::Conflict(message));
    }
    Ok(metadata.put_gate_document(document)?)
}

/// A random identifier.
fn identifier(app: &App) -> String {
    UploadId::from_random(app.random_16()).as_str().to_owned()
}
