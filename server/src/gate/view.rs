//! Verdicts, policies and their kin as JSON, for the API and for details of errors.

use jiff::Timestamp;
use policy::{About, Exception, Policy, Reason, Suppressed, Suppression};
use serde_json::{Value, json};
use store::record::{GateDocument, Pass};

use super::judge::{Judged, JudgedPlatform};

/// The most reasons that are written; their number is written as well.
const MAX_REASONS: usize = 1_000;
/// The most reasons in the detail of an error.
const MAX_DETAIL: usize = 50;

/// A verdict.
pub fn verdict(judged: &Judged) -> Value {
    let verdict = &judged.verdict;
    json!({
        "verdict": judged.word(),
        "effect": verdict.effect.as_str(),
        "reasons": reasons(&verdict.reasons, MAX_REASONS),
        "reason_count": verdict.reasons.len(),
        "suppressed": verdict.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
        "valid_until": verdict.valid_until.map(|time| time.to_string()),
        "pass": judged.pass.as_ref().map(pass),
        "platforms": judged.platforms.iter().map(platform).collect::<Vec<_>>(),
    })
}

/// The reasons of a denial, for a program that reads the error.
pub fn denial(judged: &Judged, page: &str) -> Value {
    let denials: Vec<Reason> = judged.verdict.denials().cloned().collect();
    json!({
        "reasons": reasons(&denials, MAX_DETAIL),
        "reason_count": denials.len(),
        "page": page,
    })
}

/// The first reasons.
pub fn reasons(reasons: &[Reason], most: usize) -> Vec<Value> {
    reasons.iter().take(most).map(reason).collect()
}

fn reason(reason: &Reason) -> Value {
    let mut view = json!({
        "effect": reason.effect.as_str(),
        "policy": reason.policy,
        "rule": reason.rule,
        "text": reason.cause.text,
        "fix": reason.cause.fix,
        "notes": reason.notes,
    });
    let about = match &reason.about {
        About::Finding {
            severity,
            id,
            package,
            version,
            fixed_in,
        } => json!({
            "finding": id, "severity": severity.as_str(),
            "package": package, "version": version, "fixed_in": fixed_in,
        }),
        About::Package { package, version } => json!({ "package": package, "version": version }),
        About::Image => json!({}),
    };
    if let (Some(view), Value::Object(about)) = (view.as_object_mut(), about) {
        view.extend(about);
    }
    view
}

fn suppressed(one: &Suppressed) -> Value {
    let by = match &one.by {
        Suppression::Vex(said) => json!({
            "vex": said.document, "source": said.source, "author": said.author,
            "status": said.status.as_str(), "justification": said.justification,
            "said_at": said.said_at.to_string(),
        }),
        Suppression::Exception {
            id,
            who,
            reason,
            expires_at,
        } => json!({
            "exception": id, "who": who, "reason": reason,
            "expires_at": expires_at.to_string(),
        }),
        Suppression::Ignore {
            rule,
            reason,
            expires_at,
        } => json!({
            "ignore": rule, "reason": reason,
            "expires_at": expires_at.map(|end| end.to_string()),
        }),
    };
    json!({
        "finding": one.id, "severity": one.severity.as_str(),
        "package": one.package, "version": one.version, "by": by,
    })
}

fn platform(one: &JudgedPlatform) -> Value {
    let platform = one.platform.as_ref().map(ToString::to_string);
    json!({ "digest": one.digest.as_str(), "platform": platform, "verdict": one.word })
}

/// A pass.
pub fn pass(pass: &Pass) -> Value {
    json!({
        "id": pass.id,
        "repository": pass.repository.as_str(),
        "digest": pass.digest.as_str(),
        "who": pass.who,
        "reason": pass.reason,
        "begins_at": pass.begins_at.to_string(),
        "ends_at": pass.ends_at.to_string(),
    })
}

/// A document, with or without its text.
pub fn document(one: &GateDocument, with_text: bool) -> Value {
    let mut view = json!({
        "name": one.name,
        "version": one.version,
        "form": one.form,
        "who": one.who,
        "made_at": one.made_at.to_string(),
        "deleted": one.text.is_none(),
    });
    if let Some(view) = view.as_object_mut().filter(|_| with_text) {
        view.insert("document".to_owned(), one.text.as_deref().into());
    }
    view
}

/// What a policy says, beside its text.
pub fn policy(policy: &Policy) -> Value {
    let rule = |rule: &policy::Rule| {
        json!({
            "name": rule.name,
            "effect": rule.effect.as_str(),
            "conditions": rule.conditions().collect::<Vec<_>>(),
        })
    };
    let texts = |list: &[model::Wildcard]| {
        let each = list.iter().map(ToString::to_string);
        each.collect::<Vec<String>>()
    };
    json!({
        "description": policy.description,
        "repositories": texts(&policy.repositories),
        "tags": texts(&policy.tags),
        "unscannable": policy.unscannable.as_str(),
        "rules": policy.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

/// An exception, and whether it has run out.
pub fn exception(one: &Exception, now: Timestamp) -> Value {
    json!({
        "id": one.id,
        "vulnerability": one.vulnerability.as_str(),
        "package": one.package.as_ref().map(policy::Pattern::as_str),
        "repository": one.repository.as_str(),
        "reason": one.reason,
        "expires_at": one.expires_at.to_string(),
        "expired": one.has_expired(now),
        "who": one.who,
        "created_at": one.created_at.to_string(),
    })
}
