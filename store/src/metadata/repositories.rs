//! Repositories and how they are set.

use jiff::Timestamp;
use model::RepositoryName;

use super::Answer;
use crate::record::{Repository, TagRule};

/// The contract for repositories.
pub trait Repositories {
    /// Makes a repository; `false` where one of that name is there already.
    fn create_repository(&self, repository: &Repository) -> Answer<bool>;
    /// The repository of that name.
    fn repository(&self, name: &RepositoryName) -> Answer<Option<Repository>>;
    /// Up to `limit` repositories after a name, by name.
    fn repositories(&self, after: Option<&RepositoryName>, limit: usize)
    -> Answer<Vec<Repository>>;
    /// Sets `scanOnPush`; `false` where there is no such repository.
    fn set_scan_on_push(&self, name: &RepositoryName, scan_on_push: bool) -> Answer<bool>;
    /// Sets which tags may move from now on; `false` where there is no such repository.
    fn set_tag_rule(&self, name: &RepositoryName, rule: &TagRule) -> Answer<bool>;
    /// Removes a repository with all that is in it; `false` where there is none. What is removed
    /// are the same events as if its manifests were removed one by one.
    fn delete_repository(&self, name: &RepositoryName, now: Timestamp) -> Answer<bool>;
}
