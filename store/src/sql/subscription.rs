//! Subscriptions: rows that are free from a time on, as jobs are, known by the number of their
//! lease.

use jiff::{SignedDuration, Timestamp};

use super::job::until;
use super::row::{Row, given};
use super::value::{from_json, json};
use super::{Driver, Durability, Transaction, event};
use crate::metadata::{Answer, Events};
use crate::record::{Event, Outbox, Progress, Subscription};

const COLUMNS: &str = "name, made_at, target, shape, filter, digest_minute, sealed, paused,
    delivered, delivered_at, digested_at, attempts, error, free_at, lease";

impl<D: Driver> Events for D {
    fn place_events(&self, limit: usize) -> Answer<Outbox> {
        // Most looks find nothing, and those need not write.
        let (waits, outbox) = self.read(|t| Ok((event::waits(t)?, event::outbox(t)?)))?;
        match waits {
            true => self.write(Durability::Unsynced, |t| event::place(t, limit)),
            false => Ok(outbox),
        }
    }

    fn outbox(&self) -> Answer<Outbox> {
        self.read(event::outbox)
    }

    fn events(&self, after: u64, limit: usize) -> Answer<Vec<Event>> {
        self.read(|t| event::list(t, after, limit))
    }

    fn forget_events(&self, before: Timestamp, limit: usize) -> Answer<u64> {
        self.write(Durability::Unsynced, |t| event::forget(t, before, limit))
    }

    fn create_subscription(&self, subscription: &Subscription) -> Answer<bool> {
        self.write(Durability::Synced, |t| create(t, subscription))
    }

    fn subscription(&self, name: &str) -> Answer<Option<Subscription>> {
        let sql = format!("SELECT {COLUMNS} FROM subscription WHERE name = ?1");
        let row = self.read(|t| t.first(&sql, &given![name]))?;
        row.map(read).transpose()
    }

    fn subscriptions(&self) -> Answer<Vec<Subscription>> {
        let sql = format!("SELECT {COLUMNS} FROM subscription ORDER BY name");
        let rows = self.read(|t| t.query(&sql, &[]))?;
        rows.into_iter().map(read).collect()
    }

    fn delete_subscription(&self, name: &str) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            Ok(t.execute("DELETE FROM subscription WHERE name = ?1", &given![name])? == 1)
        })
    }

    fn pause_subscription(&self, name: &str, paused: bool, now: Timestamp) -> Answer<bool> {
        // A new number: whoever delivers just now ends with what is under way.
        let sql = match paused {
            true => {
                "UPDATE subscription SET paused = 1, lease = lease + 1, free_at = ?2
                     WHERE name = ?1"
            }
            false => {
                "UPDATE subscription SET paused = 0, lease = lease + 1, free_at = ?2,
                     attempts = 0, error = NULL WHERE name = ?1"
            }
        };
        self.write(Durability::Synced, |t| {
            Ok(t.execute(sql, &given![name, now])? == 1)
        })
    }

    fn lease_subscription(
        &self,
        name: &str,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<Option<Subscription>> {
        let sql = format!(
            "UPDATE subscription SET lease = lease + 1, free_at = ?3
             WHERE name = ?1 AND free_at <= ?2 AND paused = 0 RETURNING {COLUMNS}"
        );
        self.write(Durability::Unsynced, |t| {
            let row = t.first(&sql, &given![name, now, until(now, lease)])?;
            row.map(read).transpose()
        })
    }

    fn advance_subscription(
        &self,
        leased: &Subscription,
        to: u64,
        taken: bool,
        digested_at: Timestamp,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Answer<bool> {
        let end = until(now, lease);
        let sql = match taken {
            true => {
                "UPDATE subscription SET delivered = ?3, digested_at = ?4, free_at = ?5,
                     delivered_at = ?6, attempts = 0, error = NULL
                 WHERE name = ?1 AND lease = ?2 AND delivered <= ?3"
            }
            false => {
                "UPDATE subscription SET delivered = ?3, digested_at = ?4, free_at = ?5
                 WHERE name = ?1 AND lease = ?2 AND delivered <= ?3"
            }
        };
        let mut given = given![&leased.name, leased.progress.lease, to, digested_at, end].to_vec();
        given.extend(taken.then(|| now.into()));
        // Lost, it is delivered once more.
        self.write(Durability::Unsynced, |t| Ok(t.execute(sql, &given)? == 1))
    }

    fn fail_subscription(
        &self,
        leased: &Subscription,
        error: &str,
        pause: bool,
        not_before: Timestamp,
    ) -> Answer<bool> {
        let sql = "UPDATE subscription SET attempts = attempts + 1, error = ?3, paused = ?4,
                       free_at = ?5, lease = lease + 1
                   WHERE name = ?1 AND lease = ?2";
        let given = given![
            &leased.name,
            leased.progress.lease,
            error,
            pause,
            not_before
        ];
        self.write(Durability::Synced, |t| Ok(t.execute(sql, &given)? == 1))
    }

    fn release_subscription(&self, leased: &Subscription, now: Timestamp) -> Answer<()> {
        let sql = "UPDATE subscription SET free_at = ?3, lease = lease + 1
                   WHERE name = ?1 AND lease = ?2";
        let given = given![&leased.name, leased.progress.lease, now];
        self.write(Durability::Unsynced, |t| t.execute(sql, &given).map(drop))
    }
}

fn create(t: &mut dyn Transaction, subscription: &Subscription) -> Answer<bool> {
    // What happened before must not be told, so it needs its place first.
    let outbox = event::place(t, usize::MAX)?;
    let sql = format!(
        "INSERT INTO subscription ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, ?10, 0, NULL, ?11, 0)
         ON CONFLICT DO NOTHING"
    );
    let progress = &subscription.progress;
    let given = given![
        &subscription.name,
        subscription.made_at,
        &subscription.target,
        &subscription.shape,
        json(&subscription.filter)?,
        subscription.digest_minute.map(u64::from),
        subscription.sealed.clone(),
        progress.paused,
        outbox.placed,
        progress.digested_at,
        progress.free_at,
    ];
    Ok(t.execute(&sql, &given)? == 1)
}

fn read(mut row: Row) -> Answer<Subscription> {
    let name: String = row.take(0)?;
    let filter: String = row.take(4)?;
    Ok(Subscription {
        filter: from_json(&format!("the filter of subscription {name}"), &filter)?,
        name,
        made_at: row.take(1)?,
        target: row.take(2)?,
        shape: row.take(3)?,
        digest_minute: row.take(5)?,
        sealed: row.take(6)?,
        progress: Progress {
            paused: row.take(7)?,
            delivered: row.take(8)?,
            delivered_at: row.take(9)?,
            digested_at: row.take(10)?,
            attempts: row.take(11)?,
            error: row.take(12)?,
            free_at: row.take(13)?,
            lease: row.take(14)?,
        },
    })
}
