//! What is seen only from inside the bucket: damage, leftovers, and event loops around it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use model::Digest;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use store::Blobs;

use super::super::blobs::{commit, id, put, read, write};
use super::shared::bytes;
use super::{SMALL, Server, over};

/// The objects of a bucket that are no layout, by name.
pub fn names(objects: &InMemory) -> Vec<String> {
    let listed = objects.list(None).try_collect::<Vec<ObjectMeta>>();
    let found = futures_executor(listed).unwrap();
    let names = found.iter().map(|object| object.location.to_string());
    let names = names.filter(|name| !name.ends_with("/layout"));
    names.map(|name| name.replace("some/prefix/", "")).collect()
}

fn futures_executor<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

#[test]
fn a_small_blob_is_one_object_and_a_large_one_two() {
    let objects = Arc::default();
    let blobs = over(&objects, SMALL);
    blobs.create_upload(&id(1)).unwrap();
    let mut upload = blobs.open_upload(&id(1)).unwrap().unwrap();
    upload.write(b"1234567").unwrap();
    upload.commit(&Digest::of(b"1234567")).unwrap();
    assert_eq!(names(&objects).len(), 1);
    put(&blobs, 2, b"12345678");
    let found = names(&objects);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[2].starts_with("data/02020202-"), "{found:?}");
}

#[test]
fn damage_of_every_kind_is_healed_by_a_push() {
    let objects: Arc<InMemory> = Arc::default();
    let blobs = over(&objects, SMALL);
    let whole = bytes(1, 50);
    let digest = put(&blobs, 1, &whole);
    for (byte, damaged) in [(2, Some(vec![0; 50])), (3, Some(vec![0; 10])), (4, None)] {
        let name = names(&objects).pop().unwrap();
        let path = Path::from(format!("some/prefix/{name}"));
        futures_executor(async {
            match damaged {
                Some(bytes) => drop(objects.put(&path, bytes.into()).await.unwrap()),
                None => objects.delete(&path).await.unwrap(),
            }
        });
        let mut found = Vec::new();
        let mut blob = blobs.open(&digest).unwrap().unwrap();
        let outcome = std::io::Read::read_to_end(&mut blob, &mut found);
        assert!(outcome.is_err() || found != whole);
        put(&blobs, byte, &whole);
        assert_eq!(read(&blobs, &digest).unwrap(), whole);
        assert_eq!(names(&objects).len(), 2, "the damaged bytes are gone");
    }
}

#[test]
fn uploads_leave_nothing_behind() {
    let objects = Arc::default();
    let blobs = over(&objects, SMALL);
    blobs.create_upload(&id(1)).unwrap();
    for chunk in [b"abc".as_slice(), b"d", b"efghijklmnopqrstuvwxyz", b"!"] {
        write(&blobs, &id(1), chunk);
    }
    let digest = Digest::of(b"abcdefghijklmnopqrstuvwxyz!");
    commit(&blobs, &id(1), &digest).unwrap();
    assert_eq!(names(&objects).len(), 3, "a name and two segments");
    blobs.create_upload(&id(2)).unwrap();
    write(&blobs, &id(2), b"abcdefghijkl");
    blobs.delete_upload(&id(2)).unwrap();
    blobs.delete(&digest).unwrap();
    assert!(names(&objects).is_empty());
}

#[test]
fn it_can_be_used_and_dropped_beside_an_event_loop() {
    let objects = Arc::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let blobs: Arc<dyn Blobs> = Arc::new(over_blocking(&objects).await);
        let shared = blobs.clone();
        let begun = tokio::task::spawn_blocking(move || {
            shared.create_upload(&id(1)).unwrap();
            let mut upload = shared.open_upload(&id(1)).unwrap().unwrap();
            upload.write(b"abcdefghijkl").unwrap();
            upload
        });
        drop(begun.await.unwrap());
        drop(blobs);
    });
    let blobs = over(&objects, SMALL);
    assert_eq!(blobs.upload_length(&id(1)).unwrap(), Some(12));
}

async fn over_blocking(objects: &Arc<InMemory>) -> store::S3 {
    let objects = objects.clone();
    tokio::task::spawn_blocking(move || over(&objects, SMALL))
        .await
        .unwrap()
}

#[test]
fn a_bucket_of_another_layout_is_refused() {
    let objects: Arc<InMemory> = Arc::default();
    let path = Path::from("some/prefix/layout");
    futures_executor(objects.put(&path, "lazaret blobs 2\n".into())).unwrap();
    let refused = store::S3::over(objects, "/some/prefix/", SMALL)
        .err()
        .unwrap();
    assert!(refused.to_string().contains("a newer one's"), "{refused}");
}

#[test]
fn prefixes_are_apart() {
    let objects: Arc<InMemory> = Arc::default();
    let servers: Vec<Server> = ["a", "a/b", ""]
        .into_iter()
        .map(|prefix| Box::new(store::S3::over(objects.clone(), prefix, SMALL).unwrap()) as _)
        .collect();
    for (byte, server) in (1..).zip(&servers) {
        put(&**server, byte, &[byte; 20]);
    }
    for server in &servers {
        assert_eq!(server.list(None, 9).unwrap().len(), 1);
    }
}
