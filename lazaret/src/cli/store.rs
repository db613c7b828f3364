//! Where everything is kept: embedded in a directory, or shared by several servers.

use std::path::PathBuf;

use clap::Args;

/// The flags that every command has that opens the stores.
#[derive(Clone, Debug, Args)]
pub struct Stores {
    /// Where everything is kept, and the first key
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./lazaret-data",
        env = "LAZARET_DATA"
    )]
    pub data: PathBuf,
    /// Keep metadata in PostgreSQL, shared by several servers: postgresql://USER@HOST/NAME
    #[arg(
        long,
        value_name = "URL",
        env = "LAZARET_METADATA",
        hide_env_values = true,
        requires = "blobs"
    )]
    pub metadata: Option<String>,
    /// Connections to PostgreSQL at one time
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub metadata_connections: usize,
    /// Keep blobs in a bucket, shared by several servers: s3://BUCKET[/PREFIX]
    #[arg(long, value_name = "URL", env = "LAZARET_BLOBS", value_parser = bucket)]
    pub blobs: Option<Bucket>,
    /// The S3-compatible server of the bucket [default: Amazon's]
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_S3")]
    pub s3_endpoint: Option<String>,
    /// The region of the bucket
    #[arg(
        long,
        value_name = "REGION",
        env = "AWS_REGION",
        default_value = "us-east-1"
    )]
    pub s3_region: String,
    /// Let the credentials of the bucket travel over plain http
    #[arg(long)]
    pub s3_allow_http: bool,
    /// The key that stored secrets are sealed under; all servers of a shared store need the same
    /// [default: secret.key in the data directory]
    #[arg(long, value_name = "FILE", env = "LAZARET_SEALING_KEY")]
    pub sealing_key: Option<PathBuf>,
}

/// A bucket, and what all names in it begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The prefix; may be empty.
    pub prefix: String,
}

fn bucket(text: &str) -> Result<Bucket, String> {
    let rest = text.strip_prefix("s3://").unwrap_or_default();
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    match name.is_empty() {
        false => Ok(Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        }),
        true => Err("expected s3://BUCKET or s3://BUCKET/PREFIX".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_may_have_a_prefix() {
        let read = |text| bucket(text).map(|bucket| (bucket.name, bucket.prefix));
        let pair = |name: &str, prefix: &str| Ok((name.to_owned(), prefix.to_owned()));
        assert_eq!(read("s3://b"), pair("b", ""));
        assert_eq!(read("s3://b/"), pair("b", ""));
        assert_eq!(read("s3://b/a/c/"), pair("b", "a/c"));
        for text in ["", "s3://", "s3:///x", "file:///x", "b"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
