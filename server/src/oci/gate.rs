//! The gate at a pull: headers that say what policies make of it, or DENIED.

use std::collections::BTreeSet;

use axum::http::Response;
use axum::http::header::{HeaderName, HeaderValue, WARNING};
use model::{Reference, RepositoryName, Tag};
use policy::Effect;
use serde_json::{Map, json};
use store::record;

use super::answer::CONTENT_DIGEST;
use super::error::{Code, Failure};
use crate::app::App;
use crate::audit::Remark;
use crate::gate::judge::{Depth, Judged, Question, judge};
use crate::gate::{book, view, words};

/// What becomes of a pull, in one word.
const VERDICT: HeaderName = HeaderName::from_static("lazaret-verdict");
/// The most rules that an entry of the audit log names.
const MAX_RULES: usize = 20;

/// What is said of a pull that is let through.
#[derive(Default)]
pub struct Said {
    headers: Vec<(HeaderName, HeaderValue)>,
    remark: Option<Remark>,
}

impl Said {
    /// An answer with it.
    pub fn on<T>(self, mut response: Response<T>) -> Response<T> {
        response.headers_mut().extend(self.headers);
        if let Some(remark) = self.remark {
            response.extensions_mut().insert(remark);
        }
        response
    }
}

/// Lets a pull through, or not.
///
/// # Errors
///
/// DENIED with the findings and what helps, where policies deny it.
pub fn pull(
    app: &App,
    reference: &Reference,
    manifest: &record::Manifest,
) -> Result<Said, Failure> {
    let Some(judged) = ask(app, tag_of(reference), manifest)? else {
        return Ok(Said::default());
    };
    let page = words::page(app, &manifest.repository, &manifest.digest);
    app.metrics.judge(judged.word());
    if judged.is_denied() {
        let message = words::denial(&judged, &page);
        let failure = Failure::new(Code::Denied, message)
            .detail(view::denial(&judged, &page))
            .header(CONTENT_DIGEST, manifest.digest.as_str())
            .header(VERDICT, judged.word());
        return Err(failure.remark(remark(&judged)));
    }
    let heard = judged.verdict.effect != Effect::Allow;
    Ok(Said {
        remark: heard.then(|| remark(&judged)),
        ..said(&judged, &page)
    })
}

/// What the audit log is to know of a verdict: the rules, and whose pass was used. A pull by a
/// pass is no plain one.
fn remark(judged: &Judged) -> Remark {
    let reasons = judged.verdict.reasons.iter();
    let rules: BTreeSet<String> = reasons
        .map(|reason| format!("{}/{}", reason.policy, reason.rule))
        .collect();
    let word = match judged.verdict.effect {
        Effect::Audit => Effect::Audit.as_str(),
        _ => judged.word(),
    };
    let mut details = Map::new();
    details.insert("verdict".to_owned(), json!(word));
    let rules: Vec<String> = rules.into_iter().take(MAX_RULES).collect();
    details.insert("rules".to_owned(), json!(rules));
    if let Some(pass) = &judged.pass {
        details.insert("pass".to_owned(), view::pass(pass));
    }
    Remark {
        details,
        grave: judged.pass.is_some(),
    }
}

/// What would become of a pull, without denying anything: HEAD only asks what is there.
///
/// # Errors
///
/// Where the store fails.
pub fn look(
    app: &App,
    name: &RepositoryName,
    reference: &Reference,
    digest: &model::Digest,
) -> Result<Said, Failure> {
    if book::in_force(app)?.is_none() {
        return Ok(Said::default());
    }
    let by_digest = Reference::Digest(digest.clone());
    let Some(manifest) = app.store.metadata.manifest(name, &by_digest)? else {
        return Ok(Said::default());
    };
    tell(app, tag_of(reference), &manifest)
}

/// What becomes of a pull of a manifest by a tag, or by its digest.
///
/// # Errors
///
/// Where the store fails.
pub fn tell(app: &App, tag: Option<&Tag>, manifest: &record::Manifest) -> Result<Said, Failure> {
    let judged = ask(app, tag, manifest)?;
    Ok(judged.map_or_else(Said::default, |judged| {
        let page = words::page(app, &manifest.repository, &manifest.digest);
        said(&judged, &page)
    }))
}

/// The tag that a manifest is asked for by.
fn tag_of(reference: &Reference) -> Option<&Tag> {
    match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    }
}

fn ask(
    app: &App,
    tag: Option<&Tag>,
    manifest: &record::Manifest,
) -> Result<Option<Judged>, Failure> {
    let Some(book) = book::in_force(app)? else {
        return Ok(None);
    };
    let question = Question {
        repository: &manifest.repository,
        manifest,
        tag,
    };
    Ok(judge(app, &book, question, Depth::Enough)?)
}

fn said(judged: &Judged, page: &str) -> Said {
    let word = judged.word();
    let mut headers = vec![(VERDICT, HeaderValue::from_static(word))];
    if judged.pass.is_some() || judged.verdict.effect == Effect::Warn {
        let text = words::warning_header(&words::warning(judged, page));
        headers.extend(
            HeaderValue::from_str(&text)
                .ok()
                .map(|text| (WARNING, text)),
        );
    }
    Said {
        headers,
        remark: None,
    }
}
