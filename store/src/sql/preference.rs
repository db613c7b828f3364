//! What was chosen for the whole registry.

use jiff::Timestamp;

use super::row::given;
use super::{Driver, Durability, job};
use crate::metadata::{Answer, Preferences};
use crate::record::JobKind;

impl<D: Driver> Preferences for D {
    fn preference(&self, name: &str) -> Answer<Option<String>> {
        let sql = "SELECT value FROM preference WHERE name = ?1";
        let row = self.read(|t| t.first(sql, &given![name]))?;
        row.map(|mut row| row.take(0)).transpose()
    }

    fn set_preference(
        &self,
        name: &str,
        value: &str,
        then: Option<(&JobKind, Timestamp)>,
    ) -> Answer<()> {
        self.write(Durability::Synced, |t| {
            let sql = "INSERT INTO preference (name, value) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            t.execute(sql, &given![name, value])?;
            match then {
                Some((kind, not_before)) => job::add(t, kind, not_before),
                None => Ok(()),
            }
        })
    }
}
