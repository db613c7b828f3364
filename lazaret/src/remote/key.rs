//! `lazaret key`: access keys.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{list, say, segment, show, text};
use crate::cli::ListFormat;
use crate::cli::remote::{Key, KeyCreate, KeyList, KeyRotate};
use crate::client::{Client, Credentials, run as with_runtime};
use crate::key;

/// Runs one of the commands.
///
/// # Errors
///
/// Where the server cannot be reached or refuses, or a key cannot be written.
pub fn run(command: &Key) -> anyhow::Result<u8> {
    with_runtime(async {
        match command {
            Key::List(flags) => show_all(flags).await?,
            Key::Create(flags) => create(flags).await?,
            Key::Rotate(flags) => rotate(flags).await?,
            Key::Delete(flags) => {
                let client = Client::open(&flags.remote)?;
                let document = client.delete(&path(&flags.id)).await?;
                let line = format!("Access key {} is deleted, and its tokens end.", flags.id);
                say(flags.remote.format, &document, &line)?;
            }
        }
        Ok(0)
    })
}

async fn show_all(flags: &KeyList) -> anyhow::Result<()> {
    let client = Client::open(&flags.remote)?;
    let query = flags
        .user
        .as_deref()
        .map(|user| format!("?user={}", segment(user)));
    let document = client
        .get(&format!("/api/v1/keys{}", query.unwrap_or_default()))
        .await?;
    let row = |key: &Value| ["access_key_id", "user", "created_at"].map(|name| text(key, name));
    let rows: Vec<Vec<String>> = list(&document, "keys")?
        .iter()
        .map(|key| row(key).to_vec())
        .collect();
    show(
        flags.remote.format,
        &document,
        &["KEY", "USER", "SINCE"],
        rows,
    )
}

async fn create(flags: &KeyCreate) -> anyhow::Result<()> {
    let client = Client::open(&flags.remote)?;
    let body = match &flags.user {
        Some(user) => json!({ "user": user }),
        None => json!({}),
    };
    make(&client, &body, flags.remote.format, flags.output.as_deref()).await?;
    Ok(())
}

/// Makes a key and hands it over; a key that nobody got is taken back.
async fn make(
    client: &Client,
    body: &Value,
    format: ListFormat,
    output: Option<&Path>,
) -> anyhow::Result<Value> {
    let made = client.post("/api/v1/keys", body).await?;
    if let Err(error) = hand_over(format, &made, output) {
        client.delete(&path(&text(&made, "access_key_id"))).await?;
        return Err(error.context("no key was made"));
    }
    Ok(made)
}

/// The new key is in its owner's hands before the old one ends. Who replaces the key that they ask
/// with deletes the old one with the new one, which shows that it works.
async fn rotate(flags: &KeyRotate) -> anyhow::Result<()> {
    let client = Client::open(&flags.remote)?;
    let document = client.get("/api/v1/keys").await?;
    let old = list(&document, "keys")?
        .iter()
        .find(|key| text(key, "access_key_id") == flags.id);
    let Some(old) = old else {
        bail!("there is no access key '{}'", flags.id);
    };
    let body = json!({ "user": text(old, "user") });
    let (format, output) = (flags.remote.format, flags.output.as_deref());
    let made = make(&client, &body, format, output).await?;
    let client = match client.key_id() == Some(flags.id.as_str()) {
        true => client.with(Credentials {
            id: text(&made, "access_key_id"),
            secret: text(&made, "secret_access_key"),
        }),
        false => client,
    };
    let deleted = client.delete(&path(&flags.id)).await;
    deleted.with_context(|| {
        format!(
            "the new key holds, but the old one, {}, still does as well: delete it",
            flags.id
        )
    })?;
    if flags.remote.format == ListFormat::Table {
        eprintln!("Access key {} is deleted, and its tokens end.", flags.id);
    }
    Ok(())
}

/// Shows a key this once, or writes it to a file.
fn hand_over(format: ListFormat, made: &Value, output: Option<&Path>) -> anyhow::Result<()> {
    let (id, user) = (text(made, "access_key_id"), text(made, "user"));
    let Some(output) = output else {
        let secret = text(made, "secret_access_key");
        let line = format!(
            "An access key of {user}, shown this once:\n\n  access key id      {id}\n  \
             secret access key  {secret}"
        );
        return say(format, made, &line);
    };
    key::write(output, &(serde_json::to_string_pretty(made)? + "\n"))?;
    let told = json!({ "access_key_id": id, "user": user, "file": output });
    let line = format!("Access key {id} of {user} is in {}.", output.display());
    say(format, &told, &line)
}

fn path(id: &str) -> String {
    format!("/api/v1/keys/{}", segment(id))
}
