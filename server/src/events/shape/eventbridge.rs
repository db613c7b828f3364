//! Amazon EventBridge's envelope, with ECR's events where there is one: `ECR Image Scan` and `ECR
//! Image Action`. What ECR has no event for has a detail type of ours, under a source of ours.
//!
//! ECR's events are about one repository: the scan of an image that several hold is as many
//! documents.

use jiff::Timestamp;
use model::{Digest, Severity};
use serde_json::{Value, json};
use store::record::{Happening, ImageAction, ImagePlace, ScanEnded};

use super::{Document, Shape};
use crate::Settings;
use crate::events::message::{Message, What};
use crate::events::view;

/// The form.
pub const SHAPE: Shape = Shape {
    name: "eventbridge",
    content_type: "application/json",
    write,
};

const ECR: &str = "aws.ecr";
const OURS: &str = "dev.lazaret";

/// What differs from event to event.
struct Entry {
    detail_type: &'static str,
    source: &'static str,
    resources: Vec<String>,
    detail: Value,
}

fn write(settings: &Settings, message: &Message) -> Vec<Document> {
    let entries = match &message.what {
        What::Event(Happening::Pushed(action)) => vec![action_entry("PUSH", action)],
        What::Event(Happening::Deleted(action)) => vec![action_entry("DELETE", action)],
        What::Event(Happening::Scanned(scan)) => {
            let entry = |place| scan_entry(settings, scan, place);
            scan.places.iter().map(entry).collect()
        }
        What::Event(Happening::Vulnerability(change)) => {
            let mut names: Vec<&str> = change
                .places
                .iter()
                .map(|place| place.repository.as_str())
                .collect();
            names.sort_unstable();
            names.dedup();
            let arn = |name| settings.repository_arn(name);
            vec![Entry {
                resources: names.into_iter().map(arn).collect(),
                ..ours("Lazaret Vulnerability Change", &message.what)
            }]
        }
        What::Gap { .. } => vec![ours("Lazaret Event Gap", &message.what)],
        What::Digest(_) => vec![ours("Lazaret Digest", &message.what)],
        What::Test { .. } => vec![ours("Lazaret Test", &message.what)],
    };
    let documents = entries.into_iter().enumerate();
    documents
        .map(|(number, entry)| document(settings, message, number, entry))
        .collect()
}

fn document(settings: &Settings, message: &Message, number: usize, entry: Entry) -> Document {
    let id = identifier(&settings.endpoint(), &message.id, number);
    let body = json!({
        "version": "0",
        "id": id,
        "detail-type": entry.detail_type,
        "source": entry.source,
        "account": settings.account,
        "time": whole_seconds(message.at),
        "region": settings.region,
        "resources": entry.resources,
        "detail": entry.detail,
    });
    Document {
        id,
        body: body.to_string(),
    }
}

fn ours(detail_type: &'static str, what: &What) -> Entry {
    Entry {
        detail_type,
        source: OURS,
        resources: Vec::new(),
        detail: view::data(what),
    }
}

/// ECR leaves members out that do not apply, and names no resource here.
fn action_entry(word: &str, action: &ImageAction) -> Entry {
    let mut detail = json!({
        "action-type": word,
        "result": "SUCCESS",
        "repository-name": action.repository.as_str(),
        "image-digest": action.digest.as_str(),
        "manifest-media-type": action.media_type,
    });
    let optional = [
        ("image-tag", action.tag.as_ref().map(|tag| tag.as_str())),
        ("artifact-media-type", action.artifact_type.as_deref()),
    ];
    if let Some(members) = detail.as_object_mut() {
        for (name, value) in optional {
            members.extend(value.map(|value| (name.to_owned(), value.into())));
        }
    }
    Entry {
        detail_type: "ECR Image Action",
        source: ECR,
        resources: Vec::new(),
        detail,
    }
}

fn scan_entry(settings: &Settings, scan: &ScanEnded, place: &ImagePlace) -> Entry {
    let tags: Vec<&str> = place.tags.iter().map(|tag| tag.as_str()).collect();
    let status = match scan.failure {
        Some(_) => "FAILED",
        None => "COMPLETE",
    };
    let mut detail = json!({
        "scan-status": status,
        "repository-name": place.repository.as_str(),
        "image-digest": scan.image.as_str(),
        "image-tags": tags,
    });
    if let (Some(members), None) = (detail.as_object_mut(), &scan.failure) {
        members.insert("finding-severity-counts".to_owned(), counts(&scan.counts));
    }
    Entry {
        detail_type: "ECR Image Scan",
        source: ECR,
        resources: vec![settings.repository_arn(place.repository.as_str())],
        detail,
    }
}

/// ECR's words; a severity without findings is left out.
fn counts(counts: &[u64; 6]) -> Value {
    let word = |severity| match severity {
        Severity::Critical => "CRITICAL",
        Severity::High => "HIGH",
        Severity::Medium => "MEDIUM",
        Severity::Low => "LOW",
        Severity::Negligible => "INFORMATIONAL",
        Severity::Unknown => "UNDEFINED",
    };
    let pairs = Severity::ALL.into_iter().zip(counts);
    let found = pairs.filter(|(_, count)| **count > 0);
    let member = |(severity, count): (Severity, &u64)| (word(severity).to_owned(), json!(count));
    Value::Object(found.map(member).collect())
}

/// ECR's times have no fraction.
fn whole_seconds(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_millisecond().div_euclid(1000));
    whole.unwrap_or(time).to_string()
}

/// A UUID of version 8 (RFC 9562): the SHA-256 of registry, message and number.
fn identifier(registry: &str, message: &str, number: usize) -> String {
    let hash = Digest::of(format!("{registry}\n{message}\n{number}").as_bytes());
    let hex: Vec<char> = hash.hex().chars().collect();
    let part =
        |from: usize, length: usize| -> String { hex.iter().skip(from).take(length).collect() };
    // The variant's two bits are 10: one of 8, 9, a and b.
    let variant = match part(16, 1).as_str() {
        "0" | "4" | "8" | "c" => '8',
        "1" | "5" | "9" | "d" => '9',
        "2" | "6" | "a" | "e" => 'a',
        _ => 'b',
    };
    let (first, second, third) = (part(0, 8), part(8, 4), part(13, 3));
    format!(
        "{first}-{second}-8{third}-{variant}{}-{}",
        part(17, 3),
        part(20, 12)
    )
}
