//! Passwords: their form at rest, and what is remembered of them.

use super::*;
use crate::testing::Server;
use store::record::User;

const RIGHT: &str = "correct horse battery";

fn with_user(server: &Server, name: &str) -> String {
    let stored = hash(&server.app, RIGHT).unwrap_or_default();
    let user = User {
        name: name.to_owned(),
        password: Some(stored.clone()),
        grants: vec!["pull".parse().unwrap()],
        created_at: server.app.clock.now(),
    };
    assert!(server.app.store.metadata.create_user(&user).unwrap());
    stored
}

fn let_in(server: &Server, name: &str, password: &str) -> bool {
    check(&server.app, name, password).unwrap().is_some()
}

#[test]
fn passwords_are_kept_as_argon2id_with_the_parameters_above() {
    let server = Server::with(|_| {});
    let stored = with_user(&server, "bob");
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    assert!(!stored.contains(RIGHT));
    assert_ne!(
        hash(&server.app, RIGHT).unwrap(),
        stored,
        "each has its own salt"
    );
    assert!(let_in(&server, "bob", RIGHT));
    assert!(!let_in(&server, "bob", "correct horse batterY"));
    assert!(!let_in(&server, "bob", ""));
    assert!(!let_in(&server, "nobody", RIGHT));
    let principal = check(&server.app, "bob", RIGHT).unwrap().unwrap();
    assert_eq!(
        (principal.name.as_str(), principal.proof),
        ("bob", Proof::Password)
    );
}

#[test]
fn what_is_remembered_is_worth_nothing_once_the_user_changes() {
    let server = Server::with(|_| {});
    let stored = with_user(&server, "bob");
    let remembered = |stored: &str, password: &str| {
        let now = server.app.clock.now();
        server.app.passwords.remembers("bob", stored, password, now)
    };
    assert!(!remembered(&stored, RIGHT), "nothing was checked yet");
    assert!(let_in(&server, "bob", RIGHT));
    assert!(remembered(&stored, RIGHT));
    assert!(!remembered(&stored, "another"));
    let other = hash(&server.app, "another one, and long").unwrap();
    let metadata = &server.app.store.metadata;
    assert!(metadata.set_password("bob", Some(&other)).unwrap());
    assert!(!let_in(&server, "bob", RIGHT));
    assert!(let_in(&server, "bob", "another one, and long"));
    server.pass(5 * 60);
    assert!(!remembered(&other, "another one, and long"), "time is up");
    metadata.delete_user("bob").unwrap();
    assert!(!let_in(&server, "bob", "another one, and long"));
}

#[test]
fn a_crowd_is_turned_away_instead_of_taking_all_memory() {
    let server = Server::with(|_| {});
    let passwords = &server.app.passwords;
    let places = [passwords.place().ok(), passwords.place().ok()];
    lock(&passwords.crowd).waiting = MAX_WAITING;
    assert!(matches!(passwords.place(), Err(Refused::Busy)));
    drop(places);
    assert!(passwords.place().is_ok());
}

#[test]
fn short_passwords_are_refused() {
    assert!(fits("fifteen letters").is_ok());
    assert!(fits("fourteen lette").is_err());
    assert!(fits(&"x".repeat(1025)).is_err());
}
