//! What every store of blobs must do.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Barrier;

use model::Digest;
use model::digest::{Algorithm, Hasher};
use store::{Blobs, CommitError, UploadId};

pub type Open<'a> = &'a dyn Fn() -> Box<dyn Blobs>;

pub fn id(byte: u8) -> UploadId {
    UploadId::from_random([byte; 16])
}

pub fn write(blobs: &dyn Blobs, id: &UploadId, bytes: &[u8]) {
    let mut upload = blobs.open_upload(id).unwrap().unwrap();
    upload.write(bytes).unwrap();
}

pub fn commit(blobs: &dyn Blobs, id: &UploadId, digest: &Digest) -> Result<u64, CommitError> {
    blobs.open_upload(id).unwrap().unwrap().commit(digest)
}

pub fn put(blobs: &dyn Blobs, byte: u8, bytes: &[u8]) -> Digest {
    blobs.create_upload(&id(byte)).unwrap();
    write(blobs, &id(byte), bytes);
    let digest = Digest::of(bytes);
    commit(blobs, &id(byte), &digest).unwrap();
    digest
}

pub fn read(blobs: &dyn Blobs, digest: &Digest) -> Option<Vec<u8>> {
    let mut blob = blobs.open(digest).unwrap()?;
    let mut bytes = Vec::new();
    blob.read_to_end(&mut bytes).unwrap();
    assert_eq!(blob.length(), bytes.len() as u64);
    assert_eq!(blobs.length(digest).unwrap(), Some(blob.length()));
    Some(bytes)
}

pub fn resting(blobs: &dyn Blobs) -> Vec<UploadId> {
    let uploads = blobs.uploads().unwrap().into_iter();
    uploads.map(|upload| upload.id).collect()
}

pub fn an_upload_becomes_a_blob(open: Open) {
    let blobs = open();
    let digest = put(&*blobs, 1, b"hello");
    assert_eq!(read(&*blobs, &digest).unwrap(), b"hello");
    assert!(blobs.uploads().unwrap().is_empty());
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), None);
    let empty = put(&*blobs, 2, b"");
    assert_eq!(read(&*blobs, &empty).unwrap(), b"");
}

pub fn pieces_are_joined_across_openings(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    for (piece, length) in [("ab", 0), ("", 2), ("cde", 2), ("f", 5)] {
        let mut upload = blobs.open_upload(&id(1)).unwrap().unwrap();
        assert_eq!(upload.length(), length);
        upload.write(piece.as_bytes()).unwrap();
    }
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), Some(6));
    assert_eq!(commit(&*blobs, &id(1), &Digest::of(b"abcdef")).unwrap(), 6);
}

pub fn a_wrong_digest_ends_the_upload(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), b"abc");
    let wrong = Digest::of(b"abd");
    match commit(&*blobs, &id(1), &wrong) {
        Err(CommitError::DigestMismatch { expected, actual }) => {
            assert_eq!((expected, actual), (wrong.clone(), Digest::of(b"abc")));
        }
        other => panic!("{other:?}"),
    }
    assert!(blobs.open_upload(&id(1)).unwrap().is_none());
    for digest in [wrong, Digest::of(b"abc")] {
        assert!(blobs.open(&digest).unwrap().is_none());
    }
}

pub fn a_sha512_digest_is_checked_by_its_own_hash(open: Open) {
    let blobs = open();
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(b"abc");
    let digest = hasher.finish();
    for (byte, bytes, right) in [(1, b"abc", true), (2, b"abd", false)] {
        blobs.create_upload(&id(byte)).unwrap();
        write(&*blobs, &id(byte), bytes);
        assert_eq!(commit(&*blobs, &id(byte), &digest).is_ok(), right);
    }
    assert_eq!(read(&*blobs, &digest).unwrap(), b"abc");
    assert_eq!(blobs.list(None, 9).unwrap(), [digest]);
}

pub fn an_upload_has_one_holder(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    let held = blobs.open_upload(&id(1)).unwrap().unwrap();
    assert!(blobs.open_upload(&id(1)).unwrap().is_none());
    drop(held);
    assert!(blobs.open_upload(&id(1)).unwrap().is_some());
    assert!(blobs.open_upload(&id(1)).unwrap().is_some());
}

pub fn a_crash_keeps_what_was_written(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), b"abc");
    drop(blobs);
    let blobs = open();
    assert_eq!(resting(&*blobs), [id(1)]);
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), Some(3));
    assert!(blobs.list(None, 9).unwrap().is_empty());
    write(&*blobs, &id(1), b"def");
    assert_eq!(commit(&*blobs, &id(1), &Digest::of(b"abcdef")).unwrap(), 6);
}

pub fn what_rests_is_there_at_once(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(2)).unwrap();
    blobs.create_upload(&id(1)).unwrap();
    let mut upload = blobs.open_upload(&id(2)).unwrap().unwrap();
    upload.write(b"abc").unwrap();
    assert_eq!(upload.rest().unwrap(), 3);
    let upload = blobs.open_upload(&id(2)).unwrap().unwrap();
    assert_eq!((upload.length(), upload.rest().unwrap()), (3, 3));
    assert_eq!(resting(&*blobs), [id(1), id(2)]);
    let now = jiff::Timestamp::now();
    for upload in blobs.uploads().unwrap() {
        let age = now.duration_since(upload.changed_at);
        assert!(age.abs() < jiff::SignedDuration::from_hours(1), "{age}");
    }
}

pub fn a_commit_survives_reopening(open: Open) {
    let blobs = open();
    let digest = put(&*blobs, 1, b"hello");
    drop(blobs);
    let blobs = open();
    assert_eq!(read(&*blobs, &digest).unwrap(), b"hello");
    assert!(blobs.uploads().unwrap().is_empty());
}

pub fn two_uploads_commit_the_same_blob_at_once(open: Open) {
    let blobs = open();
    let bytes = vec![7; 100_000];
    let digest = Digest::of(&bytes);
    let ids: Vec<UploadId> = (0..8).map(id).collect();
    for id in &ids {
        blobs.create_upload(id).unwrap();
        write(&*blobs, id, &bytes);
    }
    let barrier = Barrier::new(ids.len());
    std::thread::scope(|scope| {
        for id in &ids {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(commit(&*blobs, id, &digest).unwrap(), 100_000);
                assert_eq!(read(&*blobs, &digest).unwrap(), bytes);
            });
        }
    });
    assert_eq!(blobs.list(None, 9).unwrap(), [digest]);
    assert!(blobs.uploads().unwrap().is_empty());
}

pub fn a_committed_blob_heals_a_damaged_one(open: Open) {
    let blobs = open();
    let digest = put(&*blobs, 1, b"hello");
    let mut before = blobs.open(&digest).unwrap().unwrap();
    assert_eq!(put(&*blobs, 2, b"hello"), digest);
    let mut bytes = String::new();
    before.read_to_string(&mut bytes).unwrap();
    assert_eq!(bytes, "hello", "a reader is not disturbed");
    assert_eq!(read(&*blobs, &digest).unwrap(), b"hello");
}

pub fn absent_things_are_no_errors(open: Open) {
    let blobs = open();
    let digest = Digest::of(b"absent");
    assert!(blobs.open(&digest).unwrap().is_none());
    assert_eq!(blobs.length(&digest).unwrap(), None);
    assert!(blobs.open_upload(&id(1)).unwrap().is_none());
    assert!(
        blobs.open_upload(&id(1)).unwrap().is_none(),
        "and none is held"
    );
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), None);
    blobs.delete(&digest).unwrap();
    blobs.delete_upload(&id(1)).unwrap();
}

pub fn a_deleted_upload_is_gone(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), b"abc");
    blobs.delete_upload(&id(1)).unwrap();
    assert!(blobs.open_upload(&id(1)).unwrap().is_none());
    assert!(blobs.uploads().unwrap().is_empty());
    blobs.create_upload(&id(1)).unwrap();
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), Some(0));
    let held = blobs.open_upload(&id(1)).unwrap().unwrap();
    blobs.delete_upload(&id(1)).unwrap();
    assert!(
        held.commit(&Digest::of(b"")).is_err(),
        "deleted while it was held"
    );
    assert!(blobs.open(&Digest::of(b"")).unwrap().is_none());
}

pub fn lists_are_in_order_and_paged(open: Open) {
    let blobs = open();
    let mut digests: Vec<Digest> = (0..40).map(|byte| put(&*blobs, byte, &[byte])).collect();
    digests.sort();
    assert_eq!(blobs.list(None, 100).unwrap(), digests);
    let mut paged = Vec::new();
    while let page = blobs.list(paged.last(), 7).unwrap()
        && !page.is_empty()
    {
        assert!(page.len() <= 7);
        paged.extend(page);
    }
    assert_eq!(paged, digests);
    assert!(blobs.list(None, 0).unwrap().is_empty());
    blobs.delete(&digests[0]).unwrap();
    assert_eq!(blobs.list(None, 1).unwrap(), digests[1..2]);
}

pub fn blobs_are_read_at_any_place(open: Open) {
    let blobs = open();
    let digest = put(&*blobs, 1, b"0123456789");
    let mut blob = blobs.open(&digest).unwrap().unwrap();
    let mut two = [0; 2];
    for (at, expected) in [(8, b"89"), (0, b"01"), (4, b"45")] {
        blob.seek(SeekFrom::Start(at)).unwrap();
        blob.read_exact(&mut two).unwrap();
        assert_eq!(&two, expected);
    }
}

pub fn names_of_uploads_are_taken_once(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), b"abc");
    assert!(blobs.create_upload(&id(1)).is_err());
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), Some(3));
}
