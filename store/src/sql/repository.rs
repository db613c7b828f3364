//! Repositories.

use jiff::Timestamp;
use model::{Digest, RepositoryName, Wildcard};

use super::row::{Row, given};
use super::value::{from_json, json};
use super::{Driver, Durability, Transaction, event, scan};
use crate::StoreError;
use crate::metadata::{Answer, Repositories};
use crate::record::{Mutability, Repository, TagRule};

const COLUMNS: &str =
    "SELECT name, created_at, tag_mutability, tag_exclusions, scan_on_push FROM repository";

impl<D: Driver> Repositories for D {
    fn create_repository(&self, repository: &Repository) -> Answer<bool> {
        self.write(Durability::Synced, |t| create(t, repository))
    }

    fn repository(&self, name: &RepositoryName) -> Answer<Option<Repository>> {
        self.read(|t| get(t, name))
    }

    fn repositories(
        &self,
        after: Option<&RepositoryName>,
        limit: usize,
    ) -> Answer<Vec<Repository>> {
        self.read(|t| {
            let sql = format!("{COLUMNS} WHERE name > ?1 ORDER BY name LIMIT ?2");
            let after = after.map_or("", RepositoryName::as_str);
            t.query(&sql, &given![after, limit])?
                .into_iter()
                .map(read)
                .collect()
        })
    }

    fn set_scan_on_push(&self, name: &RepositoryName, scan_on_push: bool) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "UPDATE repository SET scan_on_push = ?2 WHERE name = ?1";
            Ok(t.execute(sql, &given![name, scan_on_push])? == 1)
        })
    }

    fn set_tag_rule(&self, name: &RepositoryName, rule: &TagRule) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "UPDATE repository SET tag_mutability = ?2, tag_exclusions = ?3
                       WHERE name = ?1";
            let exclusions = json(&rule.exclusions)?;
            Ok(t.execute(sql, &given![name, rule.mutability.as_str(), exclusions])? == 1)
        })
    }

    fn delete_repository(&self, name: &RepositoryName, now: Timestamp) -> Answer<bool> {
        self.write(Durability::Synced, |t| delete(t, name, now))
    }
}

fn read(mut row: Row) -> Answer<Repository> {
    Ok(Repository {
        name: row.parse(0)?,
        created_at: row.take(1)?,
        tag_rule: tag_rule(row.take(2)?, &row.take::<String>(3)?)?,
        scan_on_push: row.take(4)?,
    })
}

fn tag_rule(word: String, exclusions: &str) -> Answer<TagRule> {
    let mutability = Mutability::from_word(&word)
        .ok_or_else(|| StoreError::Damaged(format!("'{word}' is no mutability of tags")))?;
    let exclusions: Vec<Wildcard> = from_json("the filters on tags", exclusions)?;
    Ok(TagRule {
        mutability,
        exclusions,
    })
}

/// The row number of a repository.
pub fn id(t: &mut dyn Transaction, name: &RepositoryName) -> Answer<Option<i64>> {
    let row = t.first("SELECT id FROM repository WHERE name = ?1", &given![name])?;
    row.map(|mut row| row.take(0)).transpose()
}

/// The row number of a repository, and which of its tags may move.
pub fn with_tag_rule(
    t: &mut dyn Transaction,
    name: &RepositoryName,
) -> Answer<Option<(i64, TagRule)>> {
    let sql = "SELECT id, tag_mutability, tag_exclusions FROM repository WHERE name = ?1";
    let Some(mut row) = t.first(sql, &given![name])? else {
        return Ok(None);
    };
    let rule = tag_rule(row.take(1)?, &row.take::<String>(2)?)?;
    Ok(Some((row.take(0)?, rule)))
}

fn get(t: &mut dyn Transaction, name: &RepositoryName) -> Answer<Option<Repository>> {
    let sql = format!("{COLUMNS} WHERE name = ?1");
    t.first(&sql, &given![name])?.map(read).transpose()
}

fn create(t: &mut dyn Transaction, repository: &Repository) -> Answer<bool> {
    let sql = "INSERT INTO repository
                   (name, created_at, tag_mutability, tag_exclusions, scan_on_push)
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let rule = &repository.tag_rule;
    let given = given![
        &repository.name,
        repository.created_at,
        rule.mutability.as_str(),
        json(&rule.exclusions)?,
        repository.scan_on_push,
    ];
    Ok(t.execute(sql, &given)? == 1)
}

fn delete(t: &mut dyn Transaction, name: &RepositoryName, now: Timestamp) -> Answer<bool> {
    let Some(id) = id(t, name)? else {
        return Ok(false);
    };
    let rows = t.query(
        "SELECT digest FROM manifest WHERE repository_id = ?1",
        &given![id],
    )?;
    let digests: Vec<Digest> = rows
        .into_iter()
        .map(|mut row| row.parse(0))
        .collect::<Answer<_>>()?;
    event::add_deleted(t, name, None, now)?;
    t.execute("DELETE FROM repository WHERE id = ?1", &given![id])?;
    for digest in &digests {
        scan::forget_if_unheld(t, digest)?;
    }
    Ok(true)
}
