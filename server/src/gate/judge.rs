//! What the gate makes of an image or an index.

use image::Manifest;
use image::manifest::Index;
use jiff::Timestamp;
use model::{Digest, Platform, Reference, RepositoryName, Tag};
use policy::{Effect, Subject, Verdict};
use store::StoreError;
use store::record::{self, Pass};

use super::book::{self, Book};
use super::{attached, facts};
use crate::app::App;
use crate::scan;

/// How much of an index is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Until it is known what becomes of a pull.
    Enough,
    /// Each of its images.
    Whole,
}

/// What is judged: a manifest of a repository, as it was asked for.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The repository.
    pub repository: &'a RepositoryName,
    /// The manifest.
    pub manifest: &'a record::Manifest,
    /// The tag that it is asked for by.
    pub tag: Option<&'a Tag>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What policies say; of an index, what they say of the image that they say the least against.
    pub verdict: Verdict,
    /// Leave to pull it all the same; only where policies deny it.
    pub pass: Option<Pass>,
    /// Of an index, its images that were judged.
    pub platforms: Vec<JudgedPlatform>,
}

/// An image of an index.
#[derive(Clone, Debug)]
pub struct JudgedPlatform {
    /// Its manifest.
    pub digest: Digest,
    /// What it runs on, where the index says.
    pub platform: Option<Platform>,
    /// What becomes of a pull of it.
    pub word: &'static str,
}

impl Judged {
    /// Whether a pull is denied.
    pub fn is_denied(&self) -> bool {
        self.verdict.effect == Effect::Deny && self.pass.is_none()
    }

    /// What becomes of a pull: `allow`, `warn`, `deny` or `break-glass`. What is audited only is
    /// told to nobody who pulls.
    pub fn word(&self) -> &'static str {
        match (self.verdict.effect, &self.pass) {
            (Effect::Deny, Some(_)) => "break-glass",
            (Effect::Deny, None) => "deny",
            (Effect::Warn, _) => "warn",
            (Effect::Audit | Effect::Allow, _) => "allow",
        }
    }

    /// The order of mildness in which the images of an index are looked at.
    fn weight(&self) -> (bool, Effect) {
        (self.is_denied(), self.verdict.effect)
    }
}

/// What is answered to somebody who asks for the verdict on a manifest.
#[derive(Clone, Debug)]
pub enum Found {
    /// The repository holds no such manifest.
    Missing,
    /// There is no policy, or it is no image.
    NotGated,
    /// The verdict.
    Judged(Box<Judged>),
}

/// The verdict on a manifest by its digest, as a pull would find it now.
///
/// # Errors
///
/// Where the store fails.
pub fn now(
    app: &App,
    repository: &RepositoryName,
    digest: &Digest,
    tag: Option<&Tag>,
) -> Result<Found, StoreError> {
    let reference = Reference::Digest(digest.clone());
    let Some(manifest) = app.store.metadata.manifest(repository, &reference)? else {
        return Ok(Found::Missing);
    };
    let Some(book) = book::in_force(app)? else {
        return Ok(Found::NotGated);
    };
    let question = Question {
        repository,
        manifest: &manifest,
        tag,
    };
    let judged = judge(app, &book, question, Depth::Whole)?;
    Ok(judged.map_or(Found::NotGated, |judged| Found::Judged(Box::new(judged))))
}

/// What the gate makes of a manifest; `None` where it is no image: signatures, bills of materials
/// and attestations are not gated.
///
/// # Errors
///
/// Where the store fails.
pub fn judge(
    app: &App,
    book: &Book,
    question: Question<'_>,
    depth: Depth,
) -> Result<Option<Judged>, StoreError> {
    let manifest = question.manifest;
    let limits = &app.settings.image_limits;
    let hint = Some(manifest.media_type.as_str());
    match Manifest::parse(&manifest.bytes, hint, limits) {
        Ok(Manifest::Index(index)) => judge_index(app, book, question, &index, depth),
        Ok(parsed) if parsed.is_image() => judge_image(app, book, question).map(Some),
        Ok(Manifest::Image(_)) => Ok(None),
        // It was read when it was pushed; what cannot be read any more is judged as an image.
        Err(_) => judge_image(app, book, question).map(Some),
    }
}

/// An index is as bad as the best of its images: which of them is asked for, the pull of that one
/// will tell.
fn judge_index(
    app: &App,
    book: &Book,
    question: Question<'_>,
    index: &Index,
    depth: Depth,
) -> Result<Option<Judged>, StoreError> {
    let mut best: Option<Judged> = None;
    let mut platforms = Vec::new();
    for entry in index.manifests.iter().filter(|one| !one.is_attestation()) {
        let reference = Reference::Digest(entry.descriptor.digest.clone());
        let metadata = &app.store.metadata;
        let Some(child) = metadata.manifest(question.repository, &reference)? else {
            continue;
        };
        let limits = &app.settings.image_limits;
        let parsed = Manifest::parse(&child.bytes, Some(&child.media_type), limits);
        if !parsed.is_ok_and(|parsed| parsed.is_image()) {
            continue;
        }
        let asked = Question {
            manifest: &child,
            ..question
        };
        let judged = judge_image(app, book, asked)?;
        platforms.push(JudgedPlatform {
            digest: child.digest.clone(),
            platform: entry.platform.clone(),
            word: judged.word(),
        });
        let is_clear = judged.verdict.effect == Effect::Allow;
        if best
            .as_ref()
            .is_none_or(|best| judged.weight() < best.weight())
        {
            best = Some(judged);
        }
        if is_clear && depth == Depth::Enough {
            break;
        }
    }
    Ok(best.map(|best| Judged { platforms, ..best }))
}

fn judge_image(app: &App, book: &Book, question: Question<'_>) -> Result<Judged, StoreError> {
    let now = app.clock.now();
    let mut names = Names::of(app, question)?;
    let policies = &book.rulebook.policies;
    let asked: Vec<&policy::Policy> = {
        let subject = names.subject(question.repository);
        let under = policies.iter().filter(|policy| subject.is_under(policy));
        under.collect()
    };
    if asked.is_empty() {
        return Ok(Judged {
            verdict: Verdict::allow(),
            pass: None,
            platforms: Vec::new(),
        });
    }
    let asks = |name: &str| asked.iter().any(|policy| policy.asks(name));
    let known = facts::of(app, &question.manifest.digest, asks("kev") || asks("epss"))?;
    let signed = match asks("signed") {
        true => Some(facts::signed(app, question.repository, &names.digests)?),
        false => None,
    };
    let attached = attached::of(app, question.repository, &names.digests)?;
    let mut vex = std::iter::once(&book.rulebook.vex).chain(attached.as_ref());
    if vex.any(policy::Vex::asks_architecture) {
        let platform = scan::platform(app, &question.manifest.digest);
        names.architecture = platform.map(|platform| platform.architecture);
    }
    let subject = names.subject(question.repository);
    let facts = known.facts(subject, attached.as_ref(), signed);
    let verdict = policy::decide(&facts, &book.rulebook, now);
    let pass = match verdict.effect {
        Effect::Deny => pass(book, question.repository, &names.digests, now),
        _ => None,
    };
    Ok(Judged {
        verdict,
        pass: pass.cloned(),
        platforms: Vec::new(),
    })
}

/// The pass that lets through one of these manifests now.
fn pass<'b>(
    book: &'b Book,
    repository: &RepositoryName,
    digests: &[Digest],
    now: Timestamp,
) -> Option<&'b Pass> {
    book.passes.iter().find(|pass| {
        pass.repository == *repository
            && digests.contains(&pass.digest)
            && (pass.begins_at..pass.ends_at).contains(&now)
    })
}

/// Under which names an image is in a repository.
struct Names {
    tags: Vec<String>,
    every_tag: bool,
    /// The image's, and those of the indexes that name it.
    digests: Vec<Digest>,
    /// The repository's name, with the registry's host and without.
    images: [String; 2],
    /// What processor it is for, where a VEX document asks.
    architecture: Option<String>,
}

impl Names {
    fn of(app: &App, question: Question<'_>) -> Result<Names, StoreError> {
        let most = app.settings.gate.names;
        let digest = &question.manifest.digest;
        let name = question.repository.as_str();
        let metadata = &app.store.metadata;
        let rows = metadata.names_of(question.repository, digest, most)?;
        let every_tag = rows.len() == most;
        let mut digests = vec![digest.clone()];
        let mut tags: Vec<String> = question.tag.iter().map(ToString::to_string).collect();
        for (named, tag) in rows {
            digests.push(named);
            tags.extend(tag.map(|tag| tag.to_string()));
        }
        digests.sort();
        digests.dedup();
        tags.sort();
        tags.dedup();
        Ok(Names {
            tags,
            every_tag,
            digests,
            images: [name.to_owned(), app.settings.repository_uri(name)],
            architecture: None,
        })
    }

    fn subject<'n>(&'n self, repository: &'n RepositoryName) -> Subject<'n> {
        Subject {
            repository: Some(repository.as_str()),
            tags: &self.tags,
            every_tag: self.every_tag,
            digests: &self.digests,
            images: &self.images,
            architecture: self.architecture.as_deref(),
        }
    }
}
