//! What a bucket that several servers share must do. Each opening is another server; all of them
//! live at once. Uploads are larger than two parts of the usual size.

use std::io::{Read, Seek, SeekFrom};

use model::Digest;
use model::digest::{Algorithm, Hasher};
use store::s3::PART_BYTES;
use store::{CommitError, StoreError};

use super::super::blobs::{Open, commit, id, put, read, resting, write};

/// Bytes of no pattern, from a seed, as many as are wanted.
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(next());
    }
    bytes.truncate(length);
    bytes
}

/// A little more than two parts, or few bytes where parts are tiny: the length tells.
fn large(seed: u64) -> Vec<u8> {
    bytes(seed, 2 * PART_BYTES + 1000)
}

fn is_conflict<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

pub fn another_server_goes_on(open: Open) {
    let (one, two) = (open(), open());
    let (first, second) = (bytes(1, 50_000), bytes(2, 30_000));
    one.create_upload(&id(1)).unwrap();
    let mut upload = one.open_upload(&id(1)).unwrap().unwrap();
    upload.write(&first).unwrap();
    assert_eq!(upload.rest().unwrap(), 50_000);
    assert_eq!(two.upload_length(&id(1)).unwrap(), Some(50_000));
    let mut upload = two.open_upload(&id(1)).unwrap().unwrap();
    assert_eq!(upload.length(), 50_000);
    upload.write(&second).unwrap();
    assert_eq!(upload.rest().unwrap(), 80_000);
    let whole = [first, second].concat();
    let digest = Digest::of(&whole);
    assert_eq!(commit(&*one, &id(1), &digest).unwrap(), 80_000);
    assert_eq!(read(&*two, &digest).unwrap(), whole);
    assert!(resting(&*two).is_empty());
    assert!(two.open_upload(&id(1)).unwrap().is_none());
}

pub fn the_slower_of_two_servers_destroys_nothing(open: Open) {
    let (one, two) = (open(), open());
    one.create_upload(&id(1)).unwrap();
    write(&*one, &id(1), b"begun");
    one.upload_length(&id(1)).unwrap();
    let mut winner = one.open_upload(&id(1)).unwrap().unwrap();
    let mut loser = two.open_upload(&id(1)).unwrap().unwrap();
    let (good, bad) = (large(1), bytes(9, 40_000));
    winner.write(&good).unwrap();
    let length = winner.rest().unwrap();
    assert_eq!(length, 5 + good.len() as u64);
    let lost = loser.write(&bad).and_then(|()| loser.rest());
    assert!(is_conflict(lost));
    assert_eq!(two.upload_length(&id(1)).unwrap(), Some(length));
    let whole = [b"begun".to_vec(), good].concat();
    let digest = Digest::of(&whole);
    commit(&*two, &id(1), &digest).unwrap();
    assert_eq!(read(&*one, &digest).unwrap(), whole);
}

pub fn a_server_that_was_overtaken_learns_of_it(open: Open) {
    let (one, two) = (open(), open());
    one.create_upload(&id(1)).unwrap();
    let mut slow = one.open_upload(&id(1)).unwrap().unwrap();
    slow.write(&large(1)).unwrap();
    let good = large(2);
    let mut quick = two.open_upload(&id(1)).unwrap().unwrap();
    assert_eq!(quick.length(), 0, "what does not rest is not there");
    quick.write(&good).unwrap();
    quick.rest().unwrap();
    let lost = slow.write(&large(3)).and_then(|()| slow.rest());
    assert!(is_conflict(lost));
    let digest = Digest::of(&good);
    commit(&*one, &id(1), &digest).unwrap();
    assert_eq!(read(&*two, &digest).unwrap(), good);
}

pub fn what_rested_outlives_the_server(open: Open) {
    let one = open();
    one.create_upload(&id(1)).unwrap();
    let first = large(1);
    let mut upload = one.open_upload(&id(1)).unwrap().unwrap();
    upload.write(&first).unwrap();
    upload.rest().unwrap();
    let mut upload = one.open_upload(&id(1)).unwrap().unwrap();
    upload.write(&large(2)).unwrap();
    // Killed: nothing of it is told to the bucket.
    std::mem::forget(upload);
    let two = open();
    let mut upload = two.open_upload(&id(1)).unwrap().unwrap();
    assert_eq!(upload.length(), first.len() as u64);
    upload.write(b"end").unwrap();
    let whole = [first, b"end".to_vec()].concat();
    let digest = Digest::of(&whole);
    upload.commit(&digest).unwrap();
    assert_eq!(read(&*two, &digest).unwrap(), whole);
}

pub fn a_large_blob_is_pushed_again_under_its_readers(open: Open) {
    let blobs = open();
    let whole = large(1);
    let digest = put(&*blobs, 1, &whole);
    let mut reader = blobs.open(&digest).unwrap().unwrap();
    let mut begin = vec![0; 1000];
    reader.read_exact(&mut begin).unwrap();
    put(&*blobs, 2, &whole);
    reader.seek(SeekFrom::Start(500)).unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!(begin == whole[..1000] && rest == whole[500..]);
    assert_eq!(read(&*open(), &digest).unwrap(), whole);
    blobs.delete(&digest).unwrap();
    assert!(blobs.open(&digest).unwrap().is_none());
    assert_eq!(put(&*blobs, 3, &whole), digest);
    assert_eq!(read(&*blobs, &digest).unwrap(), whole);
}

pub fn a_blob_of_many_chunks_is_read_at_any_place(open: Open) {
    let blobs = open();
    let chunks = [3, PART_BYTES, 1, PART_BYTES + 5, 2 * PART_BYTES, 10];
    let chunks: Vec<Vec<u8>> = (1..)
        .zip(chunks)
        .map(|(seed, length)| bytes(seed, length))
        .collect();
    blobs.create_upload(&id(1)).unwrap();
    for chunk in &chunks {
        write(&*blobs, &id(1), chunk);
    }
    let whole = chunks.concat();
    let digest = Digest::of(&whole);
    commit(&*blobs, &id(1), &digest).unwrap();
    assert!(read(&*blobs, &digest).unwrap() == whole);
    let mut blob = blobs.open(&digest).unwrap().unwrap();
    let mut piece = vec![0; 100];
    for at in [PART_BYTES - 50, 0, whole.len() - 100, 2 * PART_BYTES - 7] {
        blob.seek(SeekFrom::Start(at as u64)).unwrap();
        blob.read_exact(&mut piece).unwrap();
        assert!(piece == whole[at..at + 100], "{at}");
    }
    assert_eq!(blob.seek(SeekFrom::End(5)).unwrap(), whole.len() as u64 + 5);
    assert_eq!(blob.read(&mut piece).unwrap(), 0);
    assert!(blob.seek(SeekFrom::End(-i64::MAX)).is_err());
}

pub fn a_wrong_digest_ends_a_large_upload(open: Open) {
    let blobs = open();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), &large(1));
    let mut upload = blobs.open_upload(&id(1)).unwrap().unwrap();
    upload.write(&large(2)).unwrap();
    let ended = upload.commit(&Digest::of(b"other"));
    assert!(matches!(ended, Err(CommitError::DigestMismatch { .. })));
    assert!(blobs.open_upload(&id(1)).unwrap().is_none());
    assert!(resting(&*blobs).is_empty() && blobs.list(None, 9).unwrap().is_empty());
}

pub fn a_large_blob_can_have_a_sha512_digest(open: Open) {
    let blobs = open();
    let whole = large(1);
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(&whole);
    let digest = hasher.finish();
    blobs.create_upload(&id(1)).unwrap();
    write(&*blobs, &id(1), &whole);
    commit(&*blobs, &id(1), &digest).unwrap();
    assert!(read(&*blobs, &digest).unwrap() == whole);
}

pub fn a_commit_that_came_too_late_is_told(open: Open) {
    let (one, two) = (open(), open());
    one.create_upload(&id(1)).unwrap();
    let slow = one.open_upload(&id(1)).unwrap().unwrap();
    write(&*two, &id(1), b"abc");
    two.upload_length(&id(1)).unwrap();
    let late = slow.commit(&Digest::of(b""));
    assert!(matches!(
        late,
        Err(CommitError::Store(StoreError::Conflict(_)))
    ));
    assert_eq!(two.upload_length(&id(1)).unwrap(), Some(3));
    assert!(two.open(&Digest::of(b"")).unwrap().is_none());
}
