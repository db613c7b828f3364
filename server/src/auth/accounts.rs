//! Users and their keys: who may change them, and what must never be changed away.

use std::sync::PoisonError;

use model::Wildcard;
use store::StoreError;
use store::record::{AccessKey, Grant, Role, User};

use super::access::{Action, Denial, Resource, allows, require};
use super::key::{KEY_PREFIX, NewKey, generate};
use super::login::{Refused, TOKEN_USER};
use super::seal::SealError;
use super::{ANONYMOUS, Principal, Proof, password};
use crate::app::App;

/// How many keys a user may have: one in use and one that takes its place, as AWS has it.
pub const MAX_KEYS: usize = 2;
/// The longest name of a user, as IAM's.
pub const MAX_NAME: usize = 64;
/// How many grants a user may have: each is looked at with each request.
pub const MAX_GRANTS: usize = 100;

/// Why users or keys were not changed, or not shown.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is none of that name.
    #[error("there is no {0}")]
    Unknown(String),
    /// It cannot be what was asked for.
    #[error("{0}")]
    Invalid(String),
    /// It stands against what is there.
    #[error("{0}")]
    Conflict(String),
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Too many passwords at once.
    #[error("too many passwords at once: try again in a moment")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key's secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// What is to become of a user; what is not said stays as it is.
#[derive(Clone, Default)]
pub struct Change {
    /// What the user may do from now on.
    pub grants: Option<Vec<Grant>>,
    /// The new password; `Some(None)` takes the old one away.
    pub password: Option<Option<String>>,
}

type Answer<T> = Result<T, AccountError>;

/// All users, by name.
///
/// # Errors
///
/// Where the asker may not, or the store fails.
pub fn users(app: &App, asker: &Principal) -> Answer<Vec<User>> {
    require(asker, Action::ManageUsers, Resource::Registry)?;
    Ok(app.store.metadata.users()?)
}

/// One user: any for an administrator, oneself for everybody.
///
/// # Errors
///
/// Where the asker may not, there is none, or the store fails.
pub fn user(app: &App, asker: &Principal, name: &str) -> Answer<User> {
    require_own(asker, name)?;
    let user = app.store.metadata.user(name)?;
    user.ok_or_else(|| unknown_user(name))
}

/// Makes or changes a user; `true` where one was made. Everybody may change the own password.
///
/// # Errors
///
/// Where the asker may not, something cannot be, or no administrator would be left.
pub fn put_user(app: &App, asker: &Principal, name: &str, change: &Change) -> Answer<bool> {
    match change.grants {
        None => require_own(asker, name)?,
        Some(_) => require(asker, Action::ManageUsers, Resource::Registry)?,
    }
    require_strong(asker)?;
    check_change(name, change)?;
    let hash = match &change.password {
        Some(Some(text)) => Some(Some(password::hash(app, text).map_err(busy)?)),
        Some(None) => Some(None),
        None => None,
    };
    let _held = app.accounts.lock().unwrap_or_else(PoisonError::into_inner);
    let metadata = &app.store.metadata;
    if metadata.user(name)?.is_none() {
        require(asker, Action::ManageUsers, Resource::Registry)?;
        check_name(name)?;
        let user = User {
            name: name.to_owned(),
            password: hash.flatten(),
            grants: change.grants.clone().unwrap_or_default(),
            created_at: app.clock.now(),
        };
        metadata.create_user(&user)?;
        tracing::info!(user = name, by = asker.name, "a user was made");
        return Ok(true);
    }
    keep_a_way_in(app, |users, _| {
        for user in users.iter_mut().filter(|user| user.name == name) {
            user.grants = change.grants.clone().unwrap_or_else(|| user.grants.clone());
            user.password = hash.clone().unwrap_or_else(|| user.password.clone());
        }
    })?;
    if let Some(grants) = &change.grants {
        metadata.set_grants(name, grants)?;
    }
    if let Some(hash) = &hash {
        metadata.set_password(name, hash.as_deref())?;
    }
    tracing::info!(user = name, by = asker.name, "a user was changed");
    Ok(false)
}

/// Removes a user with keys and tokens.
///
/// # Errors
///
/// Where the asker may not, there is none, or no administrator would be left.
pub fn delete_user(app: &App, asker: &Principal, name: &str) -> Answer<()> {
    require(asker, Action::ManageUsers, Resource::Registry)?;
    require_strong(asker)?;
    let _held = app.accounts.lock().unwrap_or_else(PoisonError::into_inner);
    keep_a_way_in(app, |users, keys| {
        users.retain(|user| user.name != name);
        keys.retain(|key| key.user != name);
    })?;
    match app.store.metadata.delete_user(name)? {
        true => tracing::info!(user = name, by = asker.name, "a user was removed"),
        false => return Err(unknown_user(name)),
    }
    Ok(())
}

/// Keys by identifier: all for an administrator, the own ones for everybody else; of one user
/// where one is named.
///
/// # Errors
///
/// Where the asker may not, or the store fails.
pub fn keys(app: &App, asker: &Principal, of: Option<&str>) -> Answer<Vec<AccessKey>> {
    let all = allows(asker, Action::ManageUsers, Resource::Registry);
    let of = match of {
        None if all => None,
        of => Some(of.unwrap_or(&asker.name)),
    };
    if let Some(name) = of {
        require_own(asker, name)?;
    }
    let mut keys = app.store.metadata.access_keys()?;
    keys.retain(|key| of.is_none_or(|name| key.user == name));
    Ok(keys)
}

/// Makes a key for a user. Its secret is known this once.
///
/// # Errors
///
/// Where the asker may not, there is no such user, or the user has [`MAX_KEYS`].
pub fn create_key(app: &App, asker: &Principal, user: &str) -> Answer<NewKey> {
    require_own(asker, user)?;
    require_strong(asker)?;
    if user == ANONYMOUS {
        return Err(AccountError::Invalid(no_credentials()));
    }
    let _held = app.accounts.lock().unwrap_or_else(PoisonError::into_inner);
    let metadata = &app.store.metadata;
    if metadata.user(user)?.is_none() {
        return Err(unknown_user(user));
    }
    let keys = metadata.access_keys()?;
    if keys.iter().filter(|key| key.user == user).count() >= MAX_KEYS {
        let message = format!(
            "user '{user}' has {MAX_KEYS} keys, which is all that one may have: delete the one \
             that is not in use"
        );
        return Err(AccountError::Conflict(message));
    }
    let key = generate(app.random.as_ref(), app.clock.now());
    let sealed = key.seal(user, &app.seal, app.random.as_ref())?;
    match metadata.create_access_key(&sealed)? {
        true => {
            tracing::info!(
                user,
                key = key.id,
                by = asker.name,
                "an access key was made"
            );
            Ok(key)
        }
        false => Err(unknown_user(user)),
    }
}

/// Revokes a key, and the tokens that it was used for.
///
/// # Errors
///
/// Where there is none that the asker may revoke, or no administrator would be left.
pub fn delete_key(app: &App, asker: &Principal, id: &str) -> Answer<()> {
    require_strong(asker)?;
    let _held = app.accounts.lock().unwrap_or_else(PoisonError::into_inner);
    let metadata = &app.store.metadata;
    let all = allows(asker, Action::ManageUsers, Resource::Registry);
    let key = metadata.access_key(id)?;
    // Whose key it is, is nobody else's business: another's is as one that is not there.
    let key = key.filter(|key| all || (key.user == asker.name && !asker.is_anonymous()));
    let key = key.ok_or_else(|| AccountError::Unknown(format!("access key '{id}'")))?;
    keep_a_way_in(app, |_, keys| keys.retain(|other| other.id != key.id))?;
    metadata.delete_access_key(&key.id)?;
    tracing::info!(
        user = key.user,
        key = id,
        by = asker.name,
        "an access key was deleted"
    );
    Ok(())
}

/// Administrators manage everybody, and everybody who has logged in oneself.
fn require_own(asker: &Principal, name: &str) -> Answer<()> {
    match asker.name == name && !asker.is_anonymous() {
        true => Ok(()),
        false => Ok(require(asker, Action::ManageUsers, Resource::Registry)?),
    }
}

/// A token that leaked must not become a key, which holds until somebody deletes it.
fn require_strong(asker: &Principal) -> Answer<()> {
    match asker.proof {
        Proof::Token(_) => Err(AccountError::Conflict(
            "users and keys are changed with an access key or a password, not with a token: log \
             in with one of those"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Refuses a change after which nobody could manage users any more: `change` makes it in copies.
fn keep_a_way_in(app: &App, change: impl Fn(&mut Vec<User>, &mut Vec<AccessKey>)) -> Answer<()> {
    let metadata = &app.store.metadata;
    let (mut users, mut keys) = (metadata.users()?, metadata.access_keys()?);
    if app.settings.dev || !has_way_in(&users, &keys) {
        return Ok(());
    }
    change(&mut users, &mut keys);
    match has_way_in(&users, &keys) {
        true => Ok(()),
        false => Err(AccountError::Conflict(
            "this is the last way in for an administrator: first give another user the grant \
             admin:* with a key or a password, or this one another key"
                .to_owned(),
        )),
    }
}

/// Whether anybody who may manage users can log in.
fn has_way_in(users: &[User], keys: &[AccessKey]) -> bool {
    let all = Wildcard::any();
    let rules = |grant: &Grant| grant.role == Role::Admin && grant.pattern == all;
    users.iter().any(|user| {
        let proves = user.password.is_some() || keys.iter().any(|key| key.user == user.name);
        proves && user.grants.iter().any(rules)
    })
}

fn check_change(name: &str, change: &Change) -> Answer<()> {
    let grants = change.grants.as_deref().unwrap_or_default();
    if grants.len() > MAX_GRANTS {
        let message = format!("a user has at most {MAX_GRANTS} grants: use patterns");
        return Err(AccountError::Invalid(message));
    }
    if name == ANONYMOUS {
        let reads = |grant: &Grant| matches!(grant.role, Role::Pull | Role::ScanReader);
        if !grants.iter().all(reads) {
            let message = "without credentials one may read at most: give 'anonymous' grants of \
                           the roles pull and scan-reader";
            return Err(AccountError::Invalid(message.to_owned()));
        }
    }
    match &change.password {
        Some(Some(_)) if name == ANONYMOUS => Err(AccountError::Invalid(no_credentials())),
        Some(Some(text)) => {
            password::fits(text).map_err(|unfit| AccountError::Invalid(unfit.to_string()))
        }
        _ => Ok(()),
    }
}

fn no_credentials() -> String {
    "'anonymous' stands for those who have no credentials: it has neither keys nor a password"
        .to_owned()
}

/// A user's name: what IAM allows but for what a key, a token or a command line would read as
/// something else.
fn check_name(name: &str) -> Answer<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+=-".contains(&byte);
    let first = name.bytes().next();
    let well_formed = name.len() <= MAX_NAME
        && name.bytes().all(allowed)
        && first.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let upper = name.to_ascii_uppercase();
    if !well_formed || upper == TOKEN_USER || upper.starts_with(KEY_PREFIX) {
        let message = format!(
            "'{}' cannot be a user's name: expected 1 to {MAX_NAME} letters, digits and '._@+=-', \
             a letter or digit first, not '{TOKEN_USER}', and not as access keys begin \
             ('{KEY_PREFIX}')",
            name.chars().take(MAX_NAME).collect::<String>()
        );
        return Err(AccountError::Invalid(message));
    }
    Ok(())
}

fn unknown_user(name: &str) -> AccountError {
    AccountError::Unknown(format!("user '{name}'"))
}

fn busy(refused: Refused) -> AccountError {
    match refused {
        Refused::Busy => AccountError::Busy,
        refused => AccountError::Invalid(refused.to_string()),
    }
}

#[cfg(test)]
mod tests;
