//! The backend for S3: the suite of every store of blobs over memory, and against a real server;
//! and what only a bucket that several servers share must do.
//!
//! The real server's tests are ignored unless asked for, and fail where `LAZARET_TEST_S3` is
//! missing: `http://KEY:SECRET@HOST:PORT/BUCKET`. Each uses a prefix of its own.

#[path = "s3/dying.rs"]
mod dying;
#[path = "s3/memory.rs"]
mod memory;
#[path = "s3/shared.rs"]
mod shared;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use object_store::memory::InMemory;
use store::s3::{Objects, PART_BYTES};
use store::{Blobs, S3, S3Settings};

/// Parts so small that a blob of some thousand bytes has more than one object may have.
const SMALL: usize = 7;
/// Parts of which the large blobs of the shared cases have many.
const MANY: usize = 100_000;

/// A server of its own over shared objects.
pub fn over(objects: &Arc<InMemory>, part_bytes: usize) -> S3 {
    let objects: Arc<dyn Objects> = objects.clone();
    S3::over(objects, "some/prefix", part_bytes).unwrap()
}

/// The bucket that the environment names, below a prefix of the test's own.
pub fn real_settings(case: &str) -> S3Settings {
    let Ok(text) = std::env::var("LAZARET_TEST_S3") else {
        panic!("LAZARET_TEST_S3 must be http://KEY:SECRET@HOST:PORT/BUCKET");
    };
    let (scheme, rest) = text.split_once("://").unwrap();
    let (credentials, rest) = rest.split_once('@').unwrap();
    let (key, secret) = credentials.split_once(':').unwrap();
    let (host, bucket) = rest.split_once('/').unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    S3Settings {
        endpoint: Some(format!("{scheme}://{host}")),
        region: "us-east-1".to_owned(),
        bucket: bucket.to_owned(),
        prefix: format!("test-{}-{case}", now.as_nanos()),
        access_key_id: key.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: None,
        path_style: true,
        allow_http: scheme == "http",
    }
}

/// One test per case for memory, for memory with small parts, and for the real server.
macro_rules! suites {
    ($contract:ident, $size:ident, $memory:ident, $small:ident, $real:ident, [$($case:ident),* $(,)?]) => {
        mod $memory {
            $(#[test]
            fn $case() {
                let objects = std::sync::Arc::default();
                let open = || Box::new(super::over(&objects, super::PART_BYTES)) as _;
                super::$contract::$case(&open);
            })*
        }
        mod $small {
            $(#[test]
            fn $case() {
                let objects = std::sync::Arc::default();
                let open = || Box::new(super::over(&objects, super::$size)) as _;
                super::$contract::$case(&open);
            })*
        }
        mod $real {
            $(#[test]
            #[ignore = "needs an S3 server"]
            fn $case() {
                let settings = super::real_settings(stringify!($case));
                let open = || Box::new(store::S3::open(&settings).unwrap()) as _;
                super::$contract::$case(&open);
            })*
        }
    };
}

use super::blobs;

blob_cases!(
    suites,
    blobs,
    SMALL,
    memory_blobs,
    small_parts_blobs,
    real_s3_blobs
);

suites!(
    shared,
    MANY,
    memory_shared,
    small_parts_shared,
    real_s3_shared,
    [
        another_server_goes_on,
        the_slower_of_two_servers_destroys_nothing,
        a_server_that_was_overtaken_learns_of_it,
        what_rested_outlives_the_server,
        a_large_blob_is_pushed_again_under_its_readers,
        a_blob_of_many_chunks_is_read_at_any_place,
        a_wrong_digest_ends_a_large_upload,
        a_large_blob_can_have_a_sha512_digest,
        a_commit_that_came_too_late_is_told,
    ]
);

#[test]
#[ignore = "needs an S3 server"]
fn real_s3_refuses_a_wrong_secret_in_words() {
    let mut settings = real_settings("secret");
    settings.secret_access_key.push('x');
    let error = S3::open(&settings).err().unwrap().to_string();
    assert!(error.contains("check the access key"), "{error}");
    settings.bucket.push_str("-that-is-not-there");
    assert!(S3::open(&settings).is_err());
}

/// `dyn Blobs` of one server more.
type Server = Box<dyn Blobs>;

/// Prints how fast a blob of 500 MB goes up and comes down, and this process's peak memory:
/// run it alone, in release mode.
#[test]
#[ignore = "needs an S3 server, and prints figures"]
fn measure_a_large_blob() {
    let blobs = S3::open(&real_settings("measure")).unwrap();
    let batch = shared::bytes(1, 1 << 20);
    let batches = 500_000_000 / batch.len();
    let mut hasher = model::digest::Hasher::new(model::digest::Algorithm::Sha256);
    (0..batches).for_each(|_| hasher.update(&batch));
    let digest = hasher.finish();
    let before = peak_memory();
    let begun = std::time::Instant::now();
    let name = blobs::id(1);
    blobs.create_upload(&name).unwrap();
    let mut upload = blobs.open_upload(&name).unwrap().unwrap();
    (0..batches).for_each(|_| upload.write(&batch).unwrap());
    upload.rest().unwrap();
    let upload = blobs.open_upload(&name).unwrap().unwrap();
    let length = upload.commit(&digest).unwrap();
    let up = begun.elapsed();
    println!(
        "memory: {before} before, {} after the upload",
        peak_memory()
    );
    let begun = std::time::Instant::now();
    let mut blob = blobs.open(&digest).unwrap().unwrap();
    let (mut buffer, mut found) = (vec![0; 1 << 20], 0);
    while let count @ 1.. = std::io::Read::read(&mut blob, &mut buffer).unwrap() {
        found += count as u64;
    }
    let down = begun.elapsed();
    assert_eq!((length, found), (batches as u64 * 1024 * 1024, length));
    let speed = |time: std::time::Duration| length as f64 / time.as_secs_f64() / 1e6;
    println!("up {:.0} MB/s, down {:.0} MB/s", speed(up), speed(down));
    println!("memory: {} at the end", peak_memory());
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("unknown").replace('\t', " ")
}
