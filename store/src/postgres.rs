//! Metadata in PostgreSQL, for several servers that share the work. The tables are those of
//! [`crate::sql`]; two servers know nothing of each other but what stands there.
//!
//! Transactions that write are SERIALIZABLE: PostgreSQL undoes one of two that do not go
//! together, and it is run again here. Those that only read see one snapshot.
//!
//! The contract is blocking, the client is not: a small runtime of its own drives the connections,
//! and the calling thread waits.

mod connect;
mod dialect;
mod error;
mod transaction;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool};
use futures_executor::block_on;
use tokio::runtime::Runtime;

use crate::StoreError;
use crate::metadata::Answer;
use crate::sql::{Driver, Durability, Transaction, schema};
use transaction::Open;

/// How often a transaction that was undone is run again before the caller is told.
const TRIES: u32 = 100;
/// How long a transaction is run again in total: the caller holds a thread while it waits.
const DEADLINE: Duration = Duration::from_secs(30);
/// The longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_millis(50);
/// What keeps two servers from changing the schema at once: any number that nobody else takes.
const SCHEMA_LOCK: i64 = 0x006c_617a_6172_6574;

const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const WRITE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";
/// Answered before the log is on the medium: a failure of the database's machine may take it.
const WRITE_UNSYNCED: &str =
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = off";

/// The shared store of metadata.
pub struct Postgres {
    pool: Pool,
    /// Behind an option only so that it can be let go without waiting.
    runtime: Option<Runtime>,
    /// Spreads the pauses of transactions that got into each other's way.
    tries: AtomicU64,
}

impl Postgres {
    /// Connects to the database of a URL (`postgresql://user:password@host/name?sslmode=…`, or
    /// the key=value form of libpq) and brings its schema up to date. At most `connections` are
    /// open at one time.
    ///
    /// Without `sslmode`, TLS is demanded unless the host is this machine. Certificates are
    /// checked against the system's, or those in the file that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    ///
    /// [`StoreError::Database`] where the URL is none, the database cannot be reached or refuses,
    /// or a newer program wrote its schema.
    pub fn open(url: &str, connections: usize) -> Result<Postgres, StoreError> {
        let runtime = connect::runtime()?;
        let pool = connect::pool(url, connections, &runtime)?;
        let postgres = Postgres {
            pool,
            runtime: Some(runtime),
            tries: AtomicU64::new(0),
        };
        postgres.migrate(schema::MIGRATIONS)?;
        Ok(postgres)
    }

    /// Takes the steps of the schema that the database has not seen, all in one transaction.
    fn migrate(&self, steps: &[&str]) -> Answer<()> {
        let client = self.client()?;
        let mut open = Open::begin(client, "BEGIN")?;
        // A step over large tables, and the wait for another server's, take as long as they take.
        open.batch("SET LOCAL statement_timeout = 0")?;
        open.batch(&format!(
            "SELECT pg_advisory_xact_lock({SCHEMA_LOCK});
             CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"
        ))?;
        let mut row = open
            .first("SELECT COUNT(*) FROM schema_version", &[])?
            .unwrap_or_default();
        let taken = usize::try_from(row.take::<u64>(0)?).unwrap_or(usize::MAX);
        if taken > steps.len() {
            return Err(schema::newer(taken, steps.len()));
        }
        for (number, step) in steps.iter().enumerate().skip(taken) {
            open.batch(&dialect::schema(step))?;
            open.batch(&format!(
                "INSERT INTO schema_version VALUES ({})",
                number + 1
            ))?;
        }
        open.commit()
    }

    fn client(&self) -> Answer<Object> {
        let _context = self.runtime.as_ref().map(Runtime::enter);
        block_on(self.pool.get()).map_err(error::from_pool)
    }

    /// Runs a transaction until it is not undone by others, or [`TRIES`] or [`DEADLINE`] are over.
    fn run<T>(&self, begin: &str, work: impl Fn(&mut dyn Transaction) -> Answer<T>) -> Answer<T> {
        let once = || {
            let mut open = Open::begin(self.client()?, begin)?;
            let answer = work(&mut open)?;
            open.commit()?;
            Ok(answer)
        };
        again(DEADLINE, |number| self.pause(number), once)
    }

    /// Longer each time, and not the same for two that met.
    fn pause(&self, number: u32) -> Duration {
        let spread = self.tries.fetch_add(1, Ordering::Relaxed) % 7 + 1;
        let micros = 200 * spread * u64::from(number);
        Duration::from_micros(micros).min(MAX_PAUSE)
    }
}

/// Does something until it is not [`StoreError::Busy`], at most [`TRIES`] times, and never begins
/// again once `deadline` is over.
fn again<T>(
    deadline: Duration,
    pause: impl Fn(u32) -> Duration,
    once: impl Fn() -> Answer<T>,
) -> Answer<T> {
    let begun = Instant::now();
    for number in 1..TRIES {
        match once() {
            Err(StoreError::Busy(_)) if begun.elapsed() < deadline => {
                std::thread::sleep(pause(number));
            }
            answer => return answer,
        }
    }
    once()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime may not be waited for by a thread of another one.
            runtime.shutdown_background();
        }
    }
}

impl Driver for Postgres {
    fn read<T>(&self, work: impl Fn(&mut dyn Transaction) -> Answer<T>) -> Answer<T> {
        self.run(READ, work)
    }

    /// PostgreSQL checks its pages as it reads them, where its checksums are switched on.
    fn check(&self) -> Answer<Vec<String>> {
        Ok(Vec::new())
    }

    /// PostgreSQL's log and its dead rows are its own affair: what this program kept in the clear
    /// was never in PostgreSQL.
    fn settle(&self) -> Answer<()> {
        Ok(())
    }

    fn number_on(&self, table: &str) -> Answer<()> {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'),
                 (SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)"
        );
        self.run(WRITE, |t| t.query(&sql, &[]).map(drop))
    }

    fn write<T>(
        &self,
        durability: Durability,
        work: impl Fn(&mut dyn Transaction) -> Answer<T>,
    ) -> Answer<T> {
        let begin = match durability {
            Durability::Synced => WRITE,
            Durability::Unsynced => WRITE_UNSYNCED,
        };
        self.run(begin, work)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_is_undone_is_run_again_until_tries_or_time_are_over() {
        let day = Duration::from_secs(24 * 60 * 60);
        for (deadline, expected) in [(day, TRIES), (Duration::ZERO, 1)] {
            let count = Cell::new(0);
            let answer: Answer<()> = again(
                deadline,
                |_| Duration::ZERO,
                || {
                    count.set(count.get() + 1);
                    Err(StoreError::Busy("undone".to_owned()))
                },
            );
            assert!(matches!(answer, Err(StoreError::Busy(_))), "{answer:?}");
            assert_eq!(count.get(), expected);
        }
    }
}
