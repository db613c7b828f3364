//! `lazaret user`: who may log in, and what they may do.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use store::record::Grant;

use super::{list, say, segment, show, text};
use crate::cli::remote::{User, UserCreate, UserGrant, UserPassword};
use crate::client::{Client, run as with_runtime};

/// Runs one of the commands.
///
/// # Errors
///
/// Where the server cannot be reached or refuses, or no password can be read.
pub fn run(command: &User) -> anyhow::Result<u8> {
    with_runtime(async {
        match command {
            User::List(flags) => {
                let client = Client::open(&flags.remote)?;
                let document = client.get("/api/v1/users").await?;
                let rows: Vec<Vec<String>> = list(&document, "users")?.iter().map(row).collect();
                let heading = ["NAME", "PASSWORD", "SINCE", "GRANTS"];
                show(flags.remote.format, &document, &heading, rows)?;
            }
            User::Create(flags) => create(flags).await?,
            User::Grant(flags) => grant(flags).await?,
            User::Password(flags) => password(flags).await?,
            User::Delete(flags) => {
                let client = Client::open(&flags.remote)?;
                let document = client.delete(&path(&flags.name)).await?;
                let line = format!("User {} is removed, with keys and tokens.", flags.name);
                say(flags.remote.format, &document, &line)?;
            }
        }
        Ok(0)
    })
}

async fn create(flags: &UserCreate) -> anyhow::Result<()> {
    let client = Client::open(&flags.remote)?;
    let path = path(&flags.name);
    if client.get(&path).await.is_ok() {
        bail!(
            "user '{}' is there already; see 'lazaret user grant'",
            flags.name
        );
    }
    let mut body = json!({ "grants": words(&flags.grants) });
    if let (true, Some(members)) = (flags.password, body.as_object_mut()) {
        members.insert("password".to_owned(), json!(read_password(&flags.name)?));
    }
    let document = client.put(&path, &body).await?;
    let next = match flags.password || flags.name == server::auth::ANONYMOUS {
        true => String::new(),
        false => format!(
            " To log in: lazaret key create --user {0}, or lazaret user password {0}.",
            flags.name
        ),
    };
    let line = format!("User {} may: {}.{next}", flags.name, grants(&document));
    say(flags.remote.format, &document, &line)
}

async fn grant(flags: &UserGrant) -> anyhow::Result<()> {
    if flags.grants.is_empty() && !flags.replace {
        bail!("say what is granted, for example push:team/*; --replace alone takes all away");
    }
    let client = Client::open(&flags.remote)?;
    let path = path(&flags.name);
    let user = client.get(&path).await?;
    let mut wanted = words(&flags.grants);
    if !flags.replace {
        let has = list(&user, "grants")?.iter().filter_map(Value::as_str);
        wanted.extend(has.map(str::to_owned));
    }
    wanted.sort();
    wanted.dedup();
    let document = client.put(&path, &json!({ "grants": wanted })).await?;
    let line = format!("User {} may: {}.", flags.name, grants(&document));
    say(flags.remote.format, &document, &line)
}

async fn password(flags: &UserPassword) -> anyhow::Result<()> {
    let client = Client::open(&flags.remote)?;
    let path = path(&flags.name);
    // A name that was mistyped must not become a user.
    client.get(&path).await?;
    let (password, line) = match flags.remove {
        true => (None, "cannot log in with a password any more"),
        false => (Some(read_password(&flags.name)?), "has another password"),
    };
    let document = client.put(&path, &json!({ "password": password })).await?;
    say(
        flags.remote.format,
        &document,
        &format!("User {} {line}.", flags.name),
    )
}

/// A password from the terminal, twice and without echo, or the first line of standard input.
fn read_password(name: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            bail!("standard input brings no password");
        }
        return Ok(line.to_owned());
    }
    let ask = |words: &str| rpassword::prompt_password(words).context("no password was read");
    let password = ask(&format!("Password for {name}: "))?;
    if ask("Once more: ")? != password {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(password)
}

fn path(name: &str) -> String {
    format!("/api/v1/users/{}", segment(name))
}

fn words(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(Grant::to_string).collect()
}

fn grants(user: &Value) -> String {
    let grants = user.get("grants").and_then(Value::as_array);
    let words: Vec<&str> = grants
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match words.is_empty() {
        true => "nothing".to_owned(),
        false => words.join(", "),
    }
}

fn row(user: &Value) -> Vec<String> {
    let password = user.get("password").and_then(Value::as_bool) == Some(true);
    let word = if password { "yes" } else { "no" };
    let since = text(user, "created_at");
    vec![text(user, "name"), word.to_owned(), since, grants(user)]
}
