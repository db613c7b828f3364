//! The forms in which a message is sent. A form is one file and one line in [`ALL`].

mod cloudevents;
mod eventbridge;

use crate::Settings;
use crate::events::message::Message;

/// A form.
#[derive(Debug)]
pub struct Shape {
    /// Its word.
    pub name: &'static str,
    /// The media type of what is sent.
    pub content_type: &'static str,
    /// Writes a message as one or several documents, to be sent in this order.
    pub write: fn(&Settings, &Message) -> Vec<Document>,
}

/// What is sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its identifier, the same when it is sent again.
    pub id: String,
    /// JSON in one line.
    pub body: String,
}

/// Every form.
pub const ALL: &[Shape] = &[cloudevents::SHAPE, eventbridge::SHAPE];

/// The form of files, streams, and of subscriptions that name none.
pub const DEFAULT: &Shape = &cloudevents::SHAPE;

/// The form of that word.
pub fn named(name: &str) -> Option<&'static Shape> {
    ALL.iter().find(|shape| shape.name == name)
}

/// A message as the one document of CloudEvents.
pub fn cloud_event(settings: &Settings, message: &Message) -> serde_json::Value {
    cloudevents::view(settings, message)
}
