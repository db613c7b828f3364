//! Passwords: kept as Argon2id (RFC 9106) in PHC form, checked on blocking threads.
//!
//! A check costs tens of milliseconds, and docker sends the password with each request: what was
//! found right is remembered for a short while, as a keyed hash in memory that is bound to the
//! stored hash. When the user gets another password, or goes, it is worth nothing at once.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use argon2::password_hash::phc::Salt;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use subtle::ConstantTimeEq;

use super::login::Refused;
use super::{Principal, Proof};
use crate::Random;
use crate::app::App;

/// Memory of one hash in KiB, passes over it, and lanes: the least that OWASP's Password Storage
/// Cheat Sheet has for Argon2id (19 MiB, 2, 1), so that some logins at once fit into a small
/// machine. A hash says itself what it was made with: these may be raised.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The shortest password, in characters: NIST SP 800-63B-4 asks for 15 where nothing else is asked
/// for.
pub const MIN_LENGTH: usize = 15;
/// The longest password, in bytes.
pub const MAX_LENGTH: usize = 1024;

/// How long a right password is remembered: one pull or push.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(5);
/// How many are remembered at most.
const MAX_REMEMBERED: usize = 4096;
/// How many hashes are made at once, and how many may wait: each takes 19 MiB and a processor.
const PLACES: usize = 2;
const MAX_WAITING: usize = 64;

/// A password that cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has at least {MIN_LENGTH} characters and at most {MAX_LENGTH} bytes")]
pub struct Unfit;

/// Right passwords of late, and the places where hashes are made.
#[derive(Default)]
pub struct Passwords {
    key: OnceLock<hmac::Key>,
    known: Mutex<HashMap<String, Known>>,
    crowd: Mutex<Crowd>,
    freed: Condvar,
}

/// A password that was right for a stored hash.
struct Known {
    tag: hmac::Tag,
    until: Timestamp,
}

#[derive(Default)]
struct Crowd {
    hashing: usize,
    waiting: usize,
}

/// A place to make a hash in, given back when dropped.
struct Place<'a>(&'a Passwords);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.0.crowd).hashing -= 1;
        self.0.freed.notify_one();
    }
}

/// The form in which a password is kept.
///
/// # Errors
///
/// [`Refused::Busy`] where too many wait, [`Refused::Wrong`] where it cannot be hashed.
pub fn hash(app: &App, password: &str) -> Result<String, Refused> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    app.random.fill(&mut salt);
    let _place = app.passwords.place()?;
    hash_with(password, &salt).ok_or(Refused::Wrong)
}

/// Whether a text can be a password.
///
/// # Errors
///
/// Where it is too short or too long.
pub fn fits(password: &str) -> Result<(), Unfit> {
    match password.chars().count() >= MIN_LENGTH && password.len() <= MAX_LENGTH {
        true => Ok(()),
        false => Err(Unfit),
    }
}

/// Whom a name and a password let in. A name that is nobody's takes as long as a wrong password.
///
/// # Errors
///
/// Where the store cannot be asked, or too many wait.
pub fn check(app: &App, name: &str, password: &str) -> Result<Option<Principal>, Refused> {
    let user = app.store.metadata.user(name)?;
    let (stored, now) = (
        user.as_ref().and_then(|user| user.password.as_deref()),
        app.clock.now(),
    );
    let right = match stored {
        Some(stored) if app.passwords.remembers(name, stored, password, now) => true,
        Some(stored) => {
            let place = app.passwords.place()?;
            let right = verify(password, stored);
            drop(place);
            if right {
                let random = app.random.as_ref();
                app.passwords.remember(name, stored, password, now, random);
            }
            right
        }
        None => {
            let _place = app.passwords.place()?;
            // Only for the time that it takes.
            drop(hash_with(password, &[0; Salt::RECOMMENDED_LENGTH]));
            false
        }
    };
    Ok(user.filter(|_| right).map(|user| Principal {
        name: user.name,
        key_id: None,
        grants: user.grants,
        proof: Proof::Password,
    }))
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_with(password: &str, salt: &[u8]) -> Option<String> {
    let hashed = argon2()?.hash_password_with_salt(password.as_bytes(), salt);
    Some(hashed.ok()?.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    argon2().is_some_and(|argon2| argon2.verify_password(password.as_bytes(), stored).is_ok())
}

impl Passwords {
    /// Waits for a place; [`Refused::Busy`] where too many wait already.
    fn place(&self) -> Result<Place<'_>, Refused> {
        let mut crowd = lock(&self.crowd);
        if crowd.hashing >= PLACES {
            if crowd.waiting >= MAX_WAITING {
                return Err(Refused::Busy);
            }
            crowd.waiting += 1;
            let full = |crowd: &mut Crowd| crowd.hashing >= PLACES;
            crowd = self
                .freed
                .wait_while(crowd, full)
                .unwrap_or_else(PoisonError::into_inner);
            crowd.waiting -= 1;
        }
        crowd.hashing += 1;
        Ok(Place(self))
    }

    fn remembers(&self, name: &str, stored: &str, password: &str, now: Timestamp) -> bool {
        let Some(key) = self.key.get() else {
            return false;
        };
        let tag = tag(key, stored, password);
        lock(&self.known)
            .get(name)
            .filter(|known| now < known.until)
            .is_some_and(|known| known.tag.as_ref().ct_eq(tag.as_ref()).into())
    }

    fn remember(
        &self,
        name: &str,
        stored: &str,
        password: &str,
        now: Timestamp,
        random: &dyn Random,
    ) {
        let key = self.key.get_or_init(|| {
            let mut bytes = [0; 32];
            random.fill(&mut bytes);
            hmac::Key::new(hmac::HMAC_SHA256, &bytes)
        });
        let tag = tag(key, stored, password);
        let until = now.saturating_add(REMEMBERED).unwrap_or(now);
        let mut known = lock(&self.known);
        known.retain(|_, known| now < known.until);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(name.to_owned(), Known { tag, until });
    }
}

/// The keyed hash of a password and of the stored hash that it was right for. That has a form of
/// its own without the zero byte, so that the two cannot run into each other.
fn tag(key: &hmac::Key, stored: &str, password: &str) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in [stored.as_bytes(), &[0], password.as_bytes()] {
        context.update(part);
    }
    context.sign()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
