//! Tidy: the house rules that a machine can hold. A failure names the line and the rule.

#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/words.rs"]
mod words;
