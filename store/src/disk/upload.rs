//! An upload: bytes that arrive piece by piece under a temporary name, hashed on the way.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Digest;
use model::digest::{Algorithm, Hasher};

use super::{Places, failed, present, private_file, remove, sync_directory};
use crate::{CommitError, StoreError, Upload, UploadId};

/// How many hash states of resting uploads are kept; those beyond are read again when resumed.
const MAX_RESTING: usize = 4096;
/// How much of a file is read at once.
const BUFFER: usize = 1 << 20;

/// Which uploads are held open, and the hash states of those that rest.
#[derive(Clone, Default)]
pub struct Holds(Arc<Mutex<HashMap<UploadId, Hold>>>);

enum Hold {
    Open,
    Resting(Hashed),
}

/// What is known of an upload's bytes.
#[derive(Clone)]
struct Hashed {
    hasher: Hasher,
    length: u64,
}

impl Holds {
    fn map(&self) -> MutexGuard<'_, HashMap<UploadId, Hold>> {
        // Each change of the map is one call, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes hold of an upload, with its hash state if it is known; `None` while another has it.
    fn take(&self, id: &UploadId) -> Option<Option<Hashed>> {
        match self.map().insert(id.clone(), Hold::Open) {
            Some(Hold::Open) => None,
            Some(Hold::Resting(hashed)) => Some(Some(hashed)),
            None => Some(None),
        }
    }

    /// Lets an upload go, keeping its hash state where there is one and room for it.
    fn release(&self, id: &UploadId, hashed: Option<Hashed>) {
        let mut map = self.map();
        map.remove(id);
        if let Some(hashed) = hashed.filter(|_| map.len() < MAX_RESTING) {
            map.insert(id.clone(), Hold::Resting(hashed));
        }
    }

    /// Drops the hash state of a resting upload.
    pub fn forget(&self, id: &UploadId) {
        let mut map = self.map();
        if matches!(map.get(id), Some(Hold::Resting(_))) {
            map.remove(id);
        }
    }
}

/// Gives an upload free when the caller lets go of it, whatever happened.
struct Held {
    holds: Holds,
    id: UploadId,
    /// What to remember; nothing once the upload has ended.
    hashed: Option<Hashed>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.holds.release(&self.id, self.hashed.take());
    }
}

/// An upload under way, held by one caller.
pub struct DiskUpload {
    places: Places,
    path: PathBuf,
    file: File,
    hashed: Hashed,
    held: Held,
}

impl DiskUpload {
    /// Opens an upload; `None` where there is none, or another caller holds it.
    pub fn open(
        places: &Places,
        holds: &Holds,
        id: &UploadId,
    ) -> Result<Option<DiskUpload>, StoreError> {
        let Some(known) = holds.take(id) else {
            return Ok(None);
        };
        let held = Held {
            holds: holds.clone(),
            id: id.clone(),
            hashed: None,
        };
        let path = places.upload(id);
        let fail = |cause| failed("open the upload", &path, cause);
        let opened = private_file().read(true).write(true).open(&path);
        let Some(file) = present(opened).map_err(fail)? else {
            return Ok(None);
        };
        let length = file.metadata().map_err(fail)?.len();
        let hashed = match known.filter(|known| known.length == length) {
            Some(known) => known,
            None => hash(&file, Algorithm::Sha256).map_err(fail)?,
        };
        Ok(Some(DiskUpload {
            places: places.clone(),
            path,
            file,
            hashed,
            held,
        }))
    }

    /// The digest of the bytes, by the algorithm that the client chose.
    fn digest(&self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        let fail = |cause| failed("read the upload", &self.path, cause);
        match algorithm {
            Algorithm::Sha256 => Ok(self.hashed.hasher.clone().finish()),
            Algorithm::Sha512 => Ok(hash(&self.file, algorithm).map_err(fail)?.hasher.finish()),
        }
    }

    /// Makes the bytes durable and gives them the digest's name.
    fn publish(&self, digest: &Digest) -> Result<(), StoreError> {
        let fail = |cause| failed("sync the upload", &self.path, cause);
        self.file.sync_all().map_err(fail)?;
        let shard = self.places.shard(digest);
        let blob = self.places.blob(digest);
        fs::rename(&self.path, &blob).map_err(|cause| failed("name the blob", &blob, cause))?;
        sync_directory(&shard)
    }
}

impl Upload for DiskUpload {
    fn length(&self) -> u64 {
        self.hashed.length
    }

    fn file(&self) -> Option<File> {
        self.file.try_clone().ok()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        append(&self.file, &self.path, self.hashed.length, bytes)?;
        self.hashed.hasher.update(bytes);
        self.hashed.length += bytes.len() as u64;
        Ok(())
    }

    fn rest(self: Box<Self>) -> Result<u64, StoreError> {
        Ok(self.hashed.length)
    }

    fn commit(self: Box<Self>, expected: &Digest) -> Result<u64, CommitError> {
        let actual = self.digest(expected.algorithm())?;
        if actual != *expected {
            remove(&self.path)?;
            let expected = expected.clone();
            return Err(CommitError::DigestMismatch { expected, actual });
        }
        self.publish(expected)?;
        Ok(self.hashed.length)
    }
}

impl Drop for DiskUpload {
    fn drop(&mut self) {
        // An upload that has ended has no file any more; its state is found useless and dropped
        // at once, so that the table holds living uploads only.
        let ended = !self.path.exists();
        self.held.hashed = (!ended).then(|| self.hashed.clone());
    }
}

/// What a file must be able to do to be appended to and rolled back.
trait Medium {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    fn set_length(&self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, at)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Writes all bytes at the end, or none of them: half a write is cut off again.
fn append(file: &dyn Medium, path: &Path, end: u64, bytes: &[u8]) -> Result<(), StoreError> {
    let Err(cause) = file.write_all_at(bytes, end) else {
        return Ok(());
    };
    let undone = file.set_length(end);
    undone.map_err(|cause| failed("cut off half a write of", path, cause))?;
    Err(failed("write to", path, cause))
}

/// Hashes a file from its beginning.
fn hash(file: &File, algorithm: Algorithm) -> io::Result<Hashed> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; BUFFER];
    let mut length = 0;
    loop {
        let read = match file.read_at(&mut buffer, length) {
            Ok(0) => return Ok(Hashed { hasher, length }),
            Ok(read) => read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause),
        };
        hasher.update(buffer.get(..read).unwrap_or_default());
        length += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A medium with room for so many bytes.
    struct Small(RefCell<Vec<u8>>, usize);

    impl Medium for Small {
        fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
            let mut content = self.0.borrow_mut();
            assert_eq!(content.len() as u64, at);
            let room = bytes.len().min(self.1 - content.len());
            content.extend(&bytes[..room]);
            match room == bytes.len() {
                true => Ok(()),
                false => Err(io::ErrorKind::StorageFull.into()),
            }
        }

        fn set_length(&self, length: u64) -> io::Result<()> {
            self.0.borrow_mut().truncate(length as usize);
            Ok(())
        }
    }

    #[test]
    fn half_a_write_is_cut_off() {
        let medium = Small(RefCell::default(), 6);
        let write = |end, bytes| append(&medium, Path::new("x"), end, bytes);
        write(0, b"abcd").unwrap();
        assert!(matches!(write(4, b"efgh"), Err(StoreError::Full(_))));
        assert_eq!(*medium.0.borrow(), b"abcd");
        write(4, b"ef").unwrap();
        assert_eq!(*medium.0.borrow(), b"abcdef");
    }

    #[test]
    fn resting_states_are_bounded() {
        let holds = Holds::default();
        for number in 0..=MAX_RESTING {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            let id = UploadId::from_random(bytes);
            assert!(holds.take(&id).is_some());
            let hasher = Hasher::new(Algorithm::Sha256);
            holds.release(&id, Some(Hashed { hasher, length: 0 }));
        }
        assert_eq!(holds.map().len(), MAX_RESTING);
    }
}
