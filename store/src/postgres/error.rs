//! What PostgreSQL's errors mean for the caller.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::StoreError;

/// States that say: others were faster, run it again. With serializable transactions a row that
/// another one has just made or removed may also show as a violated key.
const UNDONE: [SqlState; 4] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::UNIQUE_VIOLATION,
    SqlState::FOREIGN_KEY_VIOLATION,
];

pub fn from(error: tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code() else {
        return StoreError::Database(format!("the connection to the database failed: {error}"));
    };
    let text = error.as_db_error().map_or_else(String::new, |error| {
        format!("{} ({})", error.message(), error.code().code())
    });
    match state {
        state if UNDONE.contains(state) => StoreError::Busy(text),
        &SqlState::DISK_FULL => StoreError::Full(text),
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => StoreError::Damaged(text),
        _ => StoreError::Database(text),
    }
}

pub fn from_pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => match error.as_db_error() {
            Some(_) => from(error),
            None => StoreError::Database(format!(
                "the database cannot be reached: {}; check that it runs and that the URL is right",
                in_words(&error)
            )),
        },
        // Not `Busy`: who has waited this long is told, not made to wait again and again.
        PoolError::Timeout(_) => StoreError::Database(
            "no connection to the database came free or was made in time; check that the \
             database answers, or allow more connections"
                .to_owned(),
        ),
        error => StoreError::Database(error.to_string()),
    }
}

/// An error with its causes: the outermost says only where it happened.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use deadpool_postgres::TimeoutType;

    use super::*;

    #[test]
    fn a_wait_for_a_connection_is_not_begun_again() {
        for kind in [TimeoutType::Wait, TimeoutType::Create, TimeoutType::Recycle] {
            let error = from_pool(PoolError::Timeout(kind));
            assert!(matches!(error, StoreError::Database(_)), "{error:?}");
        }
    }
}
