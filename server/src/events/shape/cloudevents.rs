//! CloudEvents 1.0 in structured JSON.

use serde_json::{Value, json};

use super::{Document, Shape};
use crate::Settings;
use crate::events::message::Message;
use crate::events::view;

/// The form.
pub const SHAPE: Shape = Shape {
    name: "cloudevents",
    content_type: "application/cloudevents+json",
    write,
};

fn write(settings: &Settings, message: &Message) -> Vec<Document> {
    vec![Document {
        id: message.id.clone(),
        body: view(settings, message).to_string(),
    }]
}

/// A message with the attributes of CloudEvents. One that does not apply is left out.
pub fn view(settings: &Settings, message: &Message) -> Value {
    let mut event = json!({
        "specversion": "1.0",
        "id": message.id,
        "source": settings.endpoint(),
        "type": format!("dev.lazaret.{}.v1", message.kind()),
        "time": message.at.to_string(),
        "datacontenttype": "application/json",
        "data": view::data(&message.what),
    });
    if let (Some(members), Some(subject)) = (event.as_object_mut(), message.subject()) {
        members.insert("subject".to_owned(), subject.into());
    }
    event
}
