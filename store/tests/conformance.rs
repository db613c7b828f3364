//! One suite per contract, run by every backend. A backend is a way to open a store over a fresh
//! directory: a case opens it, drops it and opens it again to see what lasted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

/// All cases of the contract for blobs, handed to the macro that makes a backend's tests of them.
macro_rules! blob_cases {
    ($make:ident, $($given:tt)*) => {
        $make!(
            $($given)*,
            [
                an_upload_becomes_a_blob,
                pieces_are_joined_across_openings,
                a_wrong_digest_ends_the_upload,
                a_sha512_digest_is_checked_by_its_own_hash,
                an_upload_has_one_holder,
                a_crash_keeps_what_was_written,
                what_rests_is_there_at_once,
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
    };
}

#[path = "conformance/audit.rs"]
mod audit;
#[path = "conformance/blobs.rs"]
mod blobs;
#[path = "conformance/events.rs"]
mod events;
#[path = "conformance/gate.rs"]
mod gate;
#[path = "conformance/house.rs"]
mod house;
#[path = "conformance/matching.rs"]
mod matching;
#[path = "conformance/metadata.rs"]
mod metadata;
#[path = "conformance/s3.rs"]
mod s3;
#[path = "conformance/scans.rs"]
mod scans;

use std::path::Path;

/// Makes one test per case for a backend. Where there are attributes, each test has them.
macro_rules! suite {
    ($backend:ident, $contract:ident, $open:expr, $(#[$attribute:meta])* [$($case:ident),* $(,)?]) => {
        suite!(@each $backend, $contract, $open, [$(#[$attribute])*] $($case)*);
    };
    (@each $backend:ident, $contract:ident, $open:expr, $attributes:tt $($case:ident)*) => {
        mod $backend {
            $(suite!(@case $contract, $open, $attributes $case);)*
        }
    };
    (@case $contract:ident, $open:expr, [$(#[$attribute:meta])*] $case:ident) => {
        #[test]
        $(#[$attribute])*
        fn $case() {
            let dir = tempfile::tempdir().unwrap();
            crate::$contract::$case(&|| $open(dir.path()));
        }
    };
}

/// All cases of the contract for metadata, for a backend.
macro_rules! metadata_suites {
    ($backend:ident, $open:expr $(, #[$attribute:meta])?) => {
        mod $backend {
        suite!(
            metadata,
            metadata,
            $open,
            $(#[$attribute])?
            [
                repositories_are_kept_and_paged,
                a_deleted_repository_takes_all_with_it,
                blobs_belong_to_their_repositories,
                uploads_belong_to_their_repository,
                a_manifest_comes_back_as_it_was_put,
                a_manifest_must_find_what_it_names,
                a_manifest_put_again_is_the_same_one,
                tags_move_and_are_paged,
                a_tag_that_may_not_move_stays,
                a_deleted_manifest_takes_its_tags,
                manifests_and_referrers_are_in_order,
                a_manifest_has_the_names_of_its_indexes,
                a_manifest_is_found_in_each_repository_that_holds_it,
                users_are_kept_with_their_grants,
                keys_end_with_their_user,
                tokens_end_with_their_key,
                preferences_are_kept_with_the_job_they_ask_for,
                a_job_is_queued_once_and_leased_in_order,
                an_expired_lease_is_given_again,
                leases_end_with_whoever_had_the_store,
                a_job_is_claimed_by_its_kind,
                one_of_eight_threads_gets_the_job,
                threads_push_to_one_tag_at_once,
                layer_reports_are_of_one_revision,
            ]
        );
        suite!(
            audit,
            audit,
            $open,
            $(#[$attribute])?
            [
                entries_come_back_in_order_and_paged,
                entries_are_found_by_all_that_is_said,
                entries_go_by_their_age_only,
            ]
        );
        suite!(
            house,
            house,
            $open,
            $(#[$attribute])?
            [
                links_without_a_manifest_are_unused,
                a_wanted_link_is_not_written_twice,
                a_doomed_blob_can_be_had_again_when_it_is_gone,
                a_collector_that_lost_its_job_dooms_nothing,
                bytes_without_a_row_are_doomed_first,
                a_damaged_blob_is_not_there_until_it_is_pushed_again,
                layer_reports_go_with_their_layer,
                room_is_accounted_for,
                a_push_and_the_collector_do_not_miss_each_other,
            ]
        );
        suite!(
            scans,
            scans,
            $open,
            $(#[$attribute])?
            [
                a_scan_is_seen_from_the_push_on,
                a_complete_scan_answers_everything,
                a_new_scan_replaces_the_old_one_at_its_end,
                a_failed_scan_says_why,
                a_scan_goes_with_its_last_manifest,
                a_push_stores_its_scan_with_it,
                images_of_another_catalogue_are_behind,
                affected_images_are_found_by_every_name,
                an_untagged_image_is_affected_too,
                all_rows_come_over_from_an_embedded_store,
            ]
        );
        suite!(
            matching,
            matching,
            $open,
            $(#[$attribute])?
            [
                a_change_reaches_every_image_and_no_other,
                what_is_known_of_a_package_stays,
                packages_of_one_name_and_version_count_once,
                sets_are_shared_and_go_with_their_last_image,
                who_lost_the_job_changes_nothing,
                a_match_that_never_ends_leaves_no_revision,
                a_package_of_another_revision_is_unsettled,
                packages_are_found_by_key_name_and_number,
            ]
        );
        suite!(
            gate,
            gate,
            $open,
            $(#[$attribute])?
            [
                a_document_keeps_all_its_versions,
                documents_are_in_order_by_kind_and_paged,
                passes_hold_until_their_end,
                every_change_of_the_gate_is_counted,
                threads_that_change_one_document_at_once_all_count,
            ]
        );
        suite!(
            events,
            events,
            $open,
            $(#[$attribute])?
            [
                events_get_their_places_in_order,
                eight_threads_give_no_place_twice,
                what_is_removed_is_told,
                old_events_are_forgotten_from_the_first_on,
                a_subscription_begins_where_it_was_made,
                a_lease_is_held_by_one,
                one_of_eight_threads_gets_the_lease,
                a_place_never_goes_back,
                a_failure_waits_or_pauses,
            ]
        );
        }
    };
}

fn disk(dir: &Path) -> Box<dyn store::Blobs> {
    Box::new(store::Disk::open(&dir.join("data")).unwrap())
}

blob_cases!(suite, disk_blobs, blobs, super::disk);

fn sqlite(dir: &Path) -> Box<dyn store::Metadata> {
    Box::new(store::Sqlite::open(&dir.join("metadata.sqlite")).unwrap())
}

metadata_suites!(sqlite_suites, crate::sqlite);

/// PostgreSQL, where `LAZARET_TEST_POSTGRES` says (a URL of a role that may create schemas). Each
/// directory has a schema of its own. Run with `--ignored`; without a server these tests fail.
fn postgres(dir: &Path) -> Box<dyn store::Metadata> {
    let url = std::env::var("LAZARET_TEST_POSTGRES")
        .expect("LAZARET_TEST_POSTGRES must hold the URL of a PostgreSQL database");
    let name = dir.file_name().unwrap().to_str().unwrap();
    let schema = format!("t{}", name.trim_start_matches('.').to_lowercase());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .unwrap();
        let serving = tokio::spawn(connection);
        let sql = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
        client.batch_execute(&sql).await.unwrap();
        drop(client);
        serving.await.unwrap().unwrap();
    });
    let joint = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{joint}options=-c%20search_path%3D{schema}");
    Box::new(store::Postgres::open(&url, 10).unwrap())
}

metadata_suites!(
    postgres_suites,
    crate::postgres,
    #[ignore = "needs LAZARET_TEST_POSTGRES"]
);
