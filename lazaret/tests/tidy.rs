//! Tidy: the house rules that a machine can hold. A failure names the line and the rule.

// A test that meets what it does not expect shall stop.
#![allow(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing)]

#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/words.rs"]
mod words;
