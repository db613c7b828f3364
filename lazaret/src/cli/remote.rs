//! Flags of the commands that talk to a running server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use store::record::Grant;

use super::ListFormat;
use crate::remote::audit::Moment;

/// Where the server is and who asks.
#[derive(Debug, Args)]
pub struct Remote {
    /// The server's address
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:5000",
        env = "LAZARET_SERVER"
    )]
    pub server: String,
    /// A file with an access key [default: LAZARET_ACCESS_KEY_ID and LAZARET_SECRET_ACCESS_KEY,
    /// then DATA/admin-key.json]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The server's data directory, if it is on this machine
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./lazaret-data",
        env = "LAZARET_DATA"
    )]
    pub data: PathBuf,
    /// Trust the certificates of this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE", env = "LAZARET_CA")]
    pub ca: Option<PathBuf>,
    /// Send the access key unencrypted to a server that is not on this machine
    #[arg(long)]
    pub plain_http: bool,
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// Users.
#[derive(Debug, Subcommand)]
pub enum User {
    /// List users with what they may do
    List(UserList),
    /// Make a user
    Create(UserCreate),
    /// Give a user further grants, or others
    Grant(UserGrant),
    /// Set a user's password, read from a prompt or from standard input
    Password(UserPassword),
    /// Remove a user with keys and tokens
    Delete(UserDelete),
}

#[derive(Debug, Args)]
pub struct UserList {
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct UserCreate {
    /// The user's name
    pub name: String,
    /// What the user may do: admin, push, pull, scan-reader or break-glass, and where, for
    /// example push:team/*
    #[arg(value_name = "ROLE[:PATTERN]")]
    pub grants: Vec<Grant>,
    /// Ask for a password, or read it from standard input
    #[arg(long)]
    pub password: bool,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct UserGrant {
    /// The user's name
    pub name: String,
    /// What the user may do besides: admin, push, pull, scan-reader or break-glass, and where
    #[arg(value_name = "ROLE[:PATTERN]")]
    pub grants: Vec<Grant>,
    /// Take all other grants away; without any named, all
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct UserPassword {
    /// The user's name
    pub name: String,
    /// Take the password away instead: no login by password any more
    #[arg(long)]
    pub remove: bool,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct UserDelete {
    /// The user's name
    pub name: String,
    #[command(flatten)]
    pub remote: Remote,
}

/// Access keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// List access keys
    List(KeyList),
    /// Make an access key; its secret is shown this once
    Create(KeyCreate),
    /// Make another key for the same user, then delete the old one
    Rotate(KeyRotate),
    /// Delete an access key, and end its tokens
    Delete(KeyDelete),
}

#[derive(Debug, Args)]
pub struct KeyList {
    /// Of this user only
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct KeyCreate {
    /// Whose key it is to be [default: one's own]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Write the key to a file for its owner only instead of showing it
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct KeyRotate {
    /// The key to replace
    pub id: String,
    /// Write the new key to a file for its owner only instead of showing it
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Remote,
}

#[derive(Debug, Args)]
pub struct KeyDelete {
    /// The key to delete
    pub id: String,
    #[command(flatten)]
    pub remote: Remote,
}

/// The audit log.
#[derive(Debug, Args)]
pub struct Audit {
    /// Not before this time, or so long ago: 30m, 24h, 7d
    #[arg(long, value_name = "TIME|AGO", default_value = "24h")]
    pub since: Moment,
    /// Before this time, or so long ago
    #[arg(long, value_name = "TIME|AGO")]
    pub until: Option<Moment>,
    /// Of this user only
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Of this action only, for example ecr:PutImage or lazaret:Login
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// In this repository only
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// What was denied only
    #[arg(long)]
    pub denied: bool,
    #[command(flatten)]
    pub remote: Remote,
}
