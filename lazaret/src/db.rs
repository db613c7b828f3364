//! `lazaret db …`: make an advisory database, and say what is in one.

pub mod artifact;
pub mod browse;
pub mod build;
pub mod status;
pub mod update;
