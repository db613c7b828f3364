//! One suite per contract, run by every backend. A backend is a way to open a store over a fresh
//! directory: a case opens it, drops it and opens it again to see what lasted.

#[path = "conformance/blobs.rs"]
mod blobs;

use std::path::Path;

/// Makes one test per case for a backend.
macro_rules! suite {
    ($backend:ident, $contract:ident, $open:expr, [$($case:ident),* $(,)?]) => {
        mod $backend {
            $(#[test]
            fn $case() {
                let dir = tempfile::tempdir().unwrap();
                super::$contract::$case(&|| $open(dir.path()));
            })*
        }
    };
}

fn disk(dir: &Path) -> Box<dyn store::Blobs> {
    Box::new(store::Disk::open(&dir.join("data")).unwrap())
}

suite!(
    disk_blobs,
    blobs,
    super::disk,
    [
        an_upload_becomes_a_blob,
        pieces_are_joined_across_openings,
        a_wrong_digest_ends_the_upload,
        a_sha512_digest_is_checked_by_its_own_hash,
        an_upload_has_one_holder,
        a_crash_keeps_what_was_written,
        a_commit_survives_reopening,
        two_uploads_commit_the_same_blob_at_once,
        a_committed_blob_heals_a_damaged_one,
        absent_things_are_no_errors,
        a_deleted_upload_is_gone,
        lists_are_in_order_and_paged,
        blobs_are_read_at_any_place,
        names_of_uploads_are_taken_once,
    ]
);
