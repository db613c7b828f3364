//! The stores that flags name: embedded in a directory, or PostgreSQL and a bucket.

use std::sync::Arc;

use anyhow::{Context, bail};
use server::{App, Settings};
use store::{Postgres, S3, S3Settings, Store};

use crate::cli::store::{Bucket, Stores};
use crate::key;
use crate::system::{SystemClock, SystemRandom};

/// Opens the stores, and the key file with them.
///
/// # Errors
///
/// Where one of them cannot be opened, or an embedded one is open in another process.
pub fn open(flags: &Stores, settings: Settings) -> anyhow::Result<App> {
    let store = store(flags)?;
    let file = flags.sealing_key.clone();
    let file = file.unwrap_or_else(|| key::seal_path(&flags.data));
    let seal = key::seal(&file, &SystemRandom)?;
    let app = App::new(
        store,
        settings,
        Arc::new(SystemClock::start()),
        Arc::new(SystemRandom),
        seal,
    );
    key::check(&app, &file)?;
    key::seal_all(&app)?;
    Ok(app)
}

fn store(flags: &Stores) -> anyhow::Result<Store> {
    match (&flags.metadata, &flags.blobs) {
        (None, None) => Ok(Store::embedded(&flags.data)?),
        (Some(url), Some(bucket)) => {
            // It holds the keys in any case.
            store::disk::make_directory(&flags.data)?;
            let metadata = Arc::new(Postgres::open(url, flags.metadata_connections)?);
            let blobs = Arc::new(S3::open(&s3(flags, bucket)?)?);
            Ok(Store { blobs, metadata })
        }
        (Some(_), None) | (None, Some(_)) => bail!(
            "--metadata and --blobs go together: name both for a shared store, or none for one \
             that is embedded in the data directory"
        ),
    }
}

/// The bucket's settings; its credentials come from the environment, as everywhere.
fn s3(flags: &Stores, bucket: &Bucket) -> anyhow::Result<S3Settings> {
    let secret = |name: &'static str| {
        let value = std::env::var(name);
        value.with_context(|| format!("--blobs needs the credentials of the bucket: set {name}"))
    };
    Ok(S3Settings {
        endpoint: flags.s3_endpoint.clone(),
        region: flags.s3_region.clone(),
        bucket: bucket.name.clone(),
        prefix: bucket.prefix.clone(),
        access_key_id: secret("AWS_ACCESS_KEY_ID")?,
        secret_access_key: secret("AWS_SECRET_ACCESS_KEY")?,
        session_token: std::env::var("AWS_SESSION_TOKEN").ok(),
        path_style: flags.s3_endpoint.is_some(),
        allow_http: flags.s3_allow_http,
    })
}

/// The flags of a store that is embedded in a directory.
pub fn embedded(data: &std::path::Path) -> Stores {
    Stores {
        data: data.to_owned(),
        metadata: None,
        metadata_connections: 1,
        blobs: None,
        s3_endpoint: None,
        s3_region: String::new(),
        s3_allow_http: false,
        sealing_key: None,
    }
}
