//! The members of a message's `data`, as `docs/events.md` fixes them.

use model::Severity;
use serde_json::{Value, json};
use store::record::{ChangedPackage, Happening, ImageAction, ImagePlace};

use super::digest::{Digest, Listed};
use super::message::What;

/// What is told, as JSON.
pub fn data(what: &What) -> Value {
    match what {
        What::Event(happening) => happening_view(happening),
        What::Gap { after, through } => json!({ "after": after, "through": through }),
        What::Digest(digest) => digest_view(digest),
        What::Test { subscription } => json!({ "subscription": subscription }),
    }
}

fn happening_view(happening: &Happening) -> Value {
    match happening {
        Happening::Pushed(action) | Happening::Deleted(action) => action_view(action),
        Happening::Scanned(scan) => json!({
            "image": scan.image.as_str(),
            "images": places(&scan.places),
            "complete": scan.complete,
            "failure": scan.failure,
            "counts": scan.failure.is_none().then(|| counts(&scan.counts)),
        }),
        Happening::Vulnerability(change) => json!({
            "id": change.id,
            "aliases": change.aliases,
            "change": change.change.as_str(),
            "reason": change.reason.as_str(),
            "severity": change.severity.as_str(),
            "description": change.description,
            "packages": change.packages.iter().map(package).collect::<Vec<_>>(),
            "images": places(&change.places),
            "complete": change.complete,
            "database_revision": change.database_revision,
        }),
    }
}

fn action_view(action: &ImageAction) -> Value {
    json!({
        "repository": action.repository.as_str(),
        "digest": action.digest.as_str(),
        "tag": action.tag.as_ref().map(|tag| tag.as_str()),
        "media_type": action.media_type,
        "artifact_type": action.artifact_type,
    })
}

fn places(places: &[ImagePlace]) -> Value {
    let view = |place: &ImagePlace| {
        let tags: Vec<&str> = place.tags.iter().map(|tag| tag.as_str()).collect();
        json!({
            "repository": place.repository.as_str(),
            "digest": place.digest.as_str(),
            "tags": tags,
        })
    };
    places.iter().map(view).collect()
}

fn package(package: &ChangedPackage) -> Value {
    json!({
        "type": package.kind,
        "name": package.name,
        "version": package.version,
        "fixed_in": package.fixed_in,
    })
}

/// Numbers by the words of severities.
pub fn counts(counts: &[u64; 6]) -> Value {
    let pairs = Severity::ALL.into_iter().zip(counts);
    let pair = |(severity, count): (Severity, &u64)| (severity.as_str().to_owned(), json!(count));
    Value::Object(pairs.map(pair).collect())
}

fn digest_view(digest: &Digest) -> Value {
    let listed = |listed: &Listed| {
        json!({
            "id": listed.id,
            "change": listed.change.as_str(),
            "severity": listed.severity.as_str(),
            "fixable": listed.fixable,
            "images": places(&listed.places),
            "image_count": listed.images,
            "complete": listed.complete,
        })
    };
    json!({
        "from": digest.from.to_string(),
        "to": digest.to.to_string(),
        "pushed": digest.pushed,
        "deleted": digest.deleted,
        "scanned": digest.scanned,
        "scans_failed": digest.scans_failed,
        "found": counts(&digest.found),
        "altered": counts(&digest.altered),
        "gone": counts(&digest.gone),
        "vulnerabilities": digest.listed.iter().map(listed).collect::<Vec<_>>(),
        "complete": digest.complete,
    })
}
