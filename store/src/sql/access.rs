//! Users, access keys and registry tokens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::Digest;

use super::row::{Row, Value, given};
use super::{Driver, Durability, Transaction};
use crate::StoreError;
use crate::metadata::{Access, Answer};
use crate::record::{AccessKey, Grant, Role, Token, User};

const KEY: &str = "SELECT id, user_name, sealed, created_at FROM access_key
    WHERE sealed IS NOT NULL";

impl<D: Driver> Access for D {
    fn create_user(&self, user: &User) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "INSERT INTO user_account (name, password, created_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO NOTHING";
            let given = given![&user.name, user.password.as_ref(), user.created_at];
            let made = t.execute(sql, &given)? == 1;
            if made {
                put_grants(t, &user.name, &user.grants)?;
            }
            Ok(made)
        })
    }

    fn user(&self, name: &str) -> Answer<Option<User>> {
        self.read(|t| Ok(users(t, Some(name))?.pop()))
    }

    fn users(&self) -> Answer<Vec<User>> {
        self.read(|t| users(t, None))
    }

    fn set_grants(&self, name: &str, grants: &[Grant]) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            if !is_user(t, name)? {
                return Ok(false);
            }
            t.execute("DELETE FROM user_grant WHERE user_name = ?1", &given![name])?;
            put_grants(t, name, grants)?;
            Ok(true)
        })
    }

    fn set_password(&self, name: &str, hash: Option<&str>) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let tokens = "DELETE FROM token WHERE user_name = ?1 AND key_id IS NULL";
            t.execute(tokens, &given![name])?;
            let sql = "UPDATE user_account SET password = ?2 WHERE name = ?1";
            Ok(t.execute(sql, &given![name, hash])? == 1)
        })
    }

    fn delete_user(&self, name: &str) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            let sql = "DELETE FROM user_account WHERE name = ?1";
            Ok(t.execute(sql, &given![name])? == 1)
        })
    }

    fn create_access_key(&self, key: &AccessKey) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            if !is_user(t, &key.user)? {
                return Ok(false);
            }
            let sql = "INSERT INTO access_key (id, user_name, sealed, created_at)
                       VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
            let given = given![&key.id, &key.user, key.sealed.as_slice(), key.created_at];
            Ok(t.execute(sql, &given)? == 1)
        })
    }

    fn access_key(&self, id: &str) -> Answer<Option<AccessKey>> {
        let sql = format!("{KEY} AND id = ?1");
        let row = self.read(|t| t.first(&sql, &given![id]))?;
        row.map(read_key).transpose()
    }

    fn access_keys(&self) -> Answer<Vec<AccessKey>> {
        let sql = format!("{KEY} ORDER BY id");
        let rows = self.read(|t| t.query(&sql, &[]))?;
        rows.into_iter().map(read_key).collect()
    }

    fn delete_access_key(&self, id: &str) -> Answer<bool> {
        self.write(Durability::Synced, |t| {
            Ok(t.execute("DELETE FROM access_key WHERE id = ?1", &given![id])? == 1)
        })
    }

    fn unsealed_access_keys(&self) -> Answer<Vec<(String, String)>> {
        let sql = "SELECT id, secret FROM access_key WHERE secret IS NOT NULL ORDER BY id";
        let rows = self.read(|t| t.query(sql, &[]))?;
        let pair = |mut row: Row| Ok((row.take(0)?, row.take(1)?));
        rows.into_iter().map(pair).collect()
    }

    fn seal_access_key(&self, id: &str, sealed: &[u8]) -> Answer<()> {
        self.write(Durability::Synced, |t| {
            let sql = "UPDATE access_key SET sealed = ?2, secret = NULL WHERE id = ?1";
            t.execute(sql, &given![id, sealed]).map(drop)
        })?;
        self.settle()
    }

    fn create_token(&self, token: &Token) -> Answer<()> {
        self.write(Durability::Synced, |t| {
            let sql = "INSERT INTO token (hash, user_name, key_id, expires_at)
                       SELECT ?1, u.name, ?3, ?4 FROM user_account u WHERE u.name = ?2
                           AND (CAST(?3 AS TEXT) IS NULL
                               OR EXISTS (SELECT 1 FROM access_key WHERE id = ?3))
                       ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at";
            let key = token.key_id.as_ref();
            t.execute(
                sql,
                &given![&token.hash, &token.user, key, token.expires_at],
            )
            .map(drop)
        })
    }

    fn token(&self, hash: &Digest) -> Answer<Option<Token>> {
        let sql = "SELECT user_name, key_id, expires_at FROM token WHERE hash = ?1";
        let Some(mut row) = self.read(|t| t.first(sql, &given![hash]))? else {
            return Ok(None);
        };
        Ok(Some(Token {
            hash: hash.clone(),
            user: row.take(0)?,
            key_id: row.take(1)?,
            expires_at: row.take(2)?,
        }))
    }

    fn delete_expired_tokens(&self, now: Timestamp) -> Answer<()> {
        self.write(Durability::Unsynced, |t| {
            t.execute("DELETE FROM token WHERE expires_at < ?1", &given![now])
                .map(drop)
        })
    }
}

fn is_user(t: &mut dyn Transaction, name: &str) -> Answer<bool> {
    let sql = "SELECT 1 FROM user_account WHERE name = ?1";
    Ok(t.first(sql, &given![name])?.is_some())
}

fn put_grants(t: &mut dyn Transaction, name: &str, grants: &[Grant]) -> Answer<()> {
    let sql = "INSERT INTO user_grant (user_name, role, pattern) VALUES (?1, ?2, ?3)
               ON CONFLICT DO NOTHING";
    let given: Vec<Vec<Value>> = grants
        .iter()
        .map(|grant| given![name, grant.role.as_str(), grant.pattern.as_str()].to_vec())
        .collect();
    t.query_each(sql, &given).map(drop)
}

/// Users by name: one of them, or all.
fn users(t: &mut dyn Transaction, name: Option<&str>) -> Answer<Vec<User>> {
    let (which, given) = match name {
        Some(name) => ("WHERE u.name = ?1", given![name].to_vec()),
        None => ("", Vec::new()),
    };
    let sql = format!(
        "SELECT u.name, u.password, u.created_at, g.role, g.pattern FROM user_account u
         LEFT JOIN user_grant g ON g.user_name = u.name {which} ORDER BY u.name"
    );
    let mut found: BTreeMap<String, User> = BTreeMap::new();
    for mut row in t.query(&sql, &given)? {
        let name: String = row.take(0)?;
        let user = found.entry(name.clone()).or_insert(User {
            name,
            password: row.take(1)?,
            grants: Vec::new(),
            created_at: row.take(2)?,
        });
        user.grants.extend(read_grant(row)?);
    }
    let sorted = found.into_values().map(|mut user| {
        user.grants.sort();
        user
    });
    Ok(sorted.collect())
}

fn read_grant(mut row: Row) -> Answer<Option<Grant>> {
    let Some(word) = row.take::<Option<String>>(3)? else {
        return Ok(None);
    };
    let role = Role::from_word(&word);
    Ok(Some(Grant {
        role: role.ok_or_else(|| StoreError::Damaged(format!("'{word}' is no role")))?,
        pattern: row.parse(4)?,
    }))
}

fn read_key(mut row: Row) -> Answer<AccessKey> {
    Ok(AccessKey {
        id: row.take(0)?,
        user: row.take(1)?,
        sealed: row.take(2)?,
        created_at: row.take(3)?,
    })
}
