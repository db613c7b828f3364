//! One transaction on one connection.

use deadpool_postgres::Object;
use futures_executor::block_on;
use futures_util::future::try_join_all;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Row as SqlRow, Statement};

use super::{dialect, error};
use crate::StoreError;
use crate::metadata::Answer;
use crate::sql::Transaction;
use crate::sql::row::{Row, Value};

/// How many statements are on their way at one time: their answers wait in memory.
const PIPELINE: usize = 500;

/// A transaction that is under way. Dropped, it is undone with its connection.
pub struct Open {
    client: Option<Object>,
}

impl Open {
    pub fn begin(client: Object, begin: &str) -> Answer<Open> {
        let mut open = Open {
            client: Some(client),
        };
        open.batch(begin)?;
        Ok(open)
    }

    /// Statements without arguments.
    pub fn batch(&mut self, sql: &str) -> Answer<()> {
        block_on(self.client()?.batch_execute(sql)).map_err(error::from)
    }

    pub fn commit(mut self) -> Answer<()> {
        self.batch("COMMIT")?;
        // The connection goes back to the pool.
        drop(self.client.take());
        Ok(())
    }

    fn client(&self) -> Answer<&Object> {
        let ended = || StoreError::Database("the transaction has ended".to_owned());
        self.client.as_ref().ok_or_else(ended)
    }

    fn prepared(&self, sql: &str) -> Answer<(&Object, Statement)> {
        let client = self.client()?;
        let statement = block_on(client.prepare_cached(&dialect::statement(sql)));
        Ok((client, statement.map_err(error::from)?))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if block_on(client.batch_execute("ROLLBACK")).is_err() {
            // A connection in an unknown state must not serve anybody else.
            drop(Object::take(client));
        }
    }
}

impl Transaction for Open {
    fn query(&mut self, sql: &str, given: &[Value]) -> Answer<Vec<Row>> {
        let (client, statement) = self.prepared(sql)?;
        let rows = block_on(client.query(&statement, &arguments(given)));
        read(rows.map_err(error::from)?)
    }

    fn execute(&mut self, sql: &str, given: &[Value]) -> Answer<u64> {
        let (client, statement) = self.prepared(sql)?;
        block_on(client.execute(&statement, &arguments(given))).map_err(error::from)
    }

    fn query_each(&mut self, sql: &str, given: &[Vec<Value>]) -> Answer<Vec<Vec<Row>>> {
        let mut answers = Vec::with_capacity(given.len());
        if given.is_empty() {
            return Ok(answers);
        }
        let (client, statement) = self.prepared(sql)?;
        for part in given.chunks(PIPELINE) {
            // All are sent before the first is answered.
            let lists: Vec<Vec<&(dyn ToSql + Sync)>> =
                part.iter().map(|given| arguments(given)).collect();
            let sent = lists.iter().map(|list| client.query(&statement, list));
            let rows = block_on(try_join_all(sent)).map_err(error::from)?;
            for rows in rows {
                answers.push(read(rows)?);
            }
        }
        Ok(answers)
    }
}

fn arguments(given: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    given
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

fn read(rows: Vec<SqlRow>) -> Answer<Vec<Row>> {
    let value = |row: &SqlRow, column| row.try_get::<_, Value>(column).map_err(error::from);
    let read = |row: &SqlRow| {
        let values = (0..row.len()).map(|column| value(row, column));
        Ok(Row::new(values.collect::<Answer<_>>()?))
    };
    rows.iter().map(read).collect()
}

type Conversion<T> = Result<T, Box<dyn std::error::Error + Sync + Send>>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Conversion<IsNull> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(*number)?.to_sql(kind, out)
            }
            Value::Integer(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Conversion<Value> {
        Ok(match *kind {
            Type::INT4 => Value::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Value::Integer(i64::from_sql(kind, raw)?),
            Type::BYTEA => Value::Bytes(Vec::from_sql(kind, raw)?),
            _ => Value::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Conversion<Value> {
        Ok(Value::Null)
    }

    fn accepts(kind: &Type) -> bool {
        <Value as ToSql>::accepts(kind)
    }
}
