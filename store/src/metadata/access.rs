//! Users with what they may do, their access keys, and registry tokens.
//!
//! Secrets come here sealed or hashed: who steals the database can log in nowhere.

use jiff::Timestamp;
use model::Digest;

use super::Answer;
use crate::record::{AccessKey, Grant, Token, User};

/// The contract for access.
pub trait Access {
    /// Makes a user; `false` where one of that name is there already.
    fn create_user(&self, user: &User) -> Answer<bool>;
    /// The user of that name.
    fn user(&self, name: &str) -> Answer<Option<User>>;
    /// All users, by name.
    fn users(&self) -> Answer<Vec<User>>;
    /// Sets what a user may do; `false` where there is no such user.
    fn set_grants(&self, name: &str, grants: &[Grant]) -> Answer<bool>;
    /// Sets or removes a user's password, as its hash; `false` where there is no such user. The
    /// tokens of the old one end.
    fn set_password(&self, name: &str, hash: Option<&str>) -> Answer<bool>;
    /// Removes a user with keys and tokens; `false` where there is none.
    fn delete_user(&self, name: &str) -> Answer<bool>;

    /// Keeps a key; `false` where the identifier is taken or the user is not there.
    fn create_access_key(&self, key: &AccessKey) -> Answer<bool>;
    /// The key of that identifier.
    fn access_key(&self, id: &str) -> Answer<Option<AccessKey>>;
    /// All keys, by identifier.
    fn access_keys(&self) -> Answer<Vec<AccessKey>>;
    /// Revokes a key, and its tokens with it; `false` where there is none.
    fn delete_access_key(&self, id: &str) -> Answer<bool>;
    /// Keys that an earlier version kept in the clear, with their secrets.
    fn unsealed_access_keys(&self) -> Answer<Vec<(String, String)>>;
    /// Keeps a key's secret sealed and forgets it in the clear.
    fn seal_access_key(&self, id: &str, sealed: &[u8]) -> Answer<()>;

    /// Keeps a token's SHA-256 with whose it is and until when it holds. Nothing is kept for a
    /// user or key that is not there any more.
    fn create_token(&self, token: &Token) -> Answer<()>;
    /// The token of that SHA-256.
    fn token(&self, hash: &Digest) -> Answer<Option<Token>>;
    /// Removes tokens that ran out before `now`.
    fn delete_expired_tokens(&self, now: Timestamp) -> Answer<()>;
}
