//! Blobs as files of one local directory.
//!
//! ```text
//! DIR/lock                       held while a process has the directory open
//! DIR/blobs/sha256/ab/abcd…      one file per blob, named by the whole hexadecimal digest
//! DIR/uploads/<uuid>             what arrived of an upload so far
//! ```
//!
//! Directories are 0700, files 0600. A blob's file is synced before it gets its name, and its
//! directory after: a name that can be seen holds all its bytes. `docs/storage.md` has the rules.

mod list;
mod upload;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use model::Digest;
use model::digest::Algorithm;

use crate::{Blob, Blobs, RestingUpload, StoreError, Upload, UploadId};
use upload::{DiskUpload, Holds};

/// A directory of blobs, held by this process alone.
pub struct Disk {
    places: Places,
    holds: Holds,
    /// Dropped with the store, which gives the directory free.
    _lock: File,
}

impl Disk {
    /// Opens a directory of blobs, and makes it where it is not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] where it cannot be made or read, or another process has it open.
    pub fn open(dir: &Path) -> Result<Disk, StoreError> {
        let places = Places {
            root: dir.to_owned(),
        };
        make_directory(dir)?;
        let lock = lock(&places.root.join("lock"))?;
        places.make()?;
        Ok(Disk {
            places,
            holds: Holds::default(),
            _lock: lock,
        })
    }
}

impl Blobs for Disk {
    fn create_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        let path = self.places.upload(id);
        let made = private_file().create_new(true).write(true).open(&path);
        made.map(drop)
            .map_err(|cause| failed("make the upload", &path, cause))
    }

    fn open_upload(&self, id: &UploadId) -> Result<Option<Box<dyn Upload>>, StoreError> {
        let upload = DiskUpload::open(&self.places, &self.holds, id)?;
        Ok(upload.map(|upload| Box::new(upload) as Box<dyn Upload>))
    }

    fn upload_length(&self, id: &UploadId) -> Result<Option<u64>, StoreError> {
        length(&self.places.upload(id))
    }

    fn delete_upload(&self, id: &UploadId) -> Result<(), StoreError> {
        self.holds.forget(id);
        remove(&self.places.upload(id))
    }

    fn uploads(&self) -> Result<Vec<RestingUpload>, StoreError> {
        let mut uploads = Vec::new();
        for name in list::names(&self.places.uploads())? {
            let Ok(id) = name.parse() else { continue };
            // One that has ended since its name was read is no upload any more.
            if let Some(changed_at) = changed_at(&self.places.upload(&id))? {
                uploads.push(RestingUpload { id, changed_at });
            }
        }
        Ok(uploads)
    }

    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Blob>>, StoreError> {
        let path = self.places.blob(digest);
        let open = || {
            let file = File::open(&path)?;
            let length = file.metadata()?.len();
            Ok(DiskBlob { file, length })
        };
        let blob = present(open()).map_err(|cause| failed("open the blob", &path, cause))?;
        Ok(blob.map(|blob| Box::new(blob) as Box<dyn Blob>))
    }

    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        length(&self.places.blob(digest))
    }

    fn changed_at(&self, digest: &Digest) -> Result<Option<Timestamp>, StoreError> {
        changed_at(&self.places.blob(digest))
    }

    fn delete(&self, digest: &Digest) -> Result<(), StoreError> {
        remove(&self.places.blob(digest))
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Digest>, StoreError> {
        list::digests(&self.places, after, limit)
    }
}

struct DiskBlob {
    file: File,
    length: u64,
}

impl Read for DiskBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for DiskBlob {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Blob for DiskBlob {
    fn length(&self) -> u64 {
        self.length
    }
}

/// Where things lie.
#[derive(Clone)]
struct Places {
    root: PathBuf,
}

impl Places {
    /// Makes every directory and syncs them all, from the bottom up.
    ///
    /// What is there is synced too: it may be what a process made that was killed before it came
    /// to its own sync. An upload has then one directory less to think of.
    fn make(&self) -> Result<(), StoreError> {
        let blobs = self.root.join("blobs");
        for directory in [self.uploads(), blobs.clone()] {
            make_directory(&directory)?;
        }
        for algorithm in Algorithm::ALL {
            let directory = self.algorithm(algorithm);
            make_directory(&directory)?;
            for shard in 0..=u8::MAX {
                make_directory(&directory.join(format!("{shard:02x}")))?;
            }
            sync_directory(&directory)?;
        }
        sync_directory(&blobs)?;
        sync_directory(&self.root)?;
        let parent = self.root.parent();
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        match sync_directory(parent.unwrap_or(Path::new("."))) {
            // It was not made here then, or not by this user.
            Err(StoreError::Io { cause, .. })
                if cause.kind() == io::ErrorKind::PermissionDenied =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    fn upload(&self, id: &UploadId) -> PathBuf {
        self.uploads().join(id.as_str())
    }

    fn algorithm(&self, algorithm: Algorithm) -> PathBuf {
        self.root.join("blobs").join(algorithm.as_str())
    }

    /// The directory of a blob: the first two digits keep directories small.
    fn shard(&self, digest: &Digest) -> PathBuf {
        let first: String = digest.hex().chars().take(2).collect();
        self.algorithm(digest.algorithm()).join(first)
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.shard(digest).join(digest.hex())
    }
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Makes a directory for its owner alone, with those above it; each of these is synced.
///
/// # Errors
///
/// [`StoreError::Io`] where it cannot be made.
pub fn make_directory(path: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && path.parent().is_some() => {
            let parent = path.parent().unwrap_or(path);
            make_directory(parent)?;
            make_directory(path)?;
            sync_directory(parent)
        }
        Err(_) if path.is_dir() => Ok(()),
        made => made.map_err(|cause| failed("make the directory", path, cause)),
    }
}

fn sync_directory(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(|cause| failed("sync the directory", path, cause))
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let opened = private_file()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let file = opened.map_err(|cause| failed("make the lock", path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(cause)) => Err(failed("lock", path, cause)),
        Err(TryLockError::WouldBlock) => {
            let cause = "another process has this data directory open: end that one first";
            Err(failed("lock", path, io::Error::other(cause)))
        }
    }
}

fn length(path: &Path) -> Result<Option<u64>, StoreError> {
    let metadata = present(fs::metadata(path)).map_err(|cause| failed("look at", path, cause))?;
    Ok(metadata.map(|metadata| metadata.len()))
}

/// When a file's bytes last changed; `None` where it is not there.
fn changed_at(path: &Path) -> Result<Option<Timestamp>, StoreError> {
    let fail = |cause| failed("look at", path, cause);
    let Some(metadata) = present(fs::metadata(path)).map_err(fail)? else {
        return Ok(None);
    };
    let modified = metadata.modified().map_err(fail)?;
    let changed_at = Timestamp::try_from(modified);
    changed_at
        .map(Some)
        .map_err(|cause| fail(io::Error::other(cause)))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = present(fs::remove_file(path));
    removed
        .map(drop)
        .map_err(|cause| failed("remove", path, cause))
}

/// `None` where the system says that nothing is there.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// The error of an action at a place; a full medium and a used-up quota are [`StoreError::Full`].
fn failed(action: &str, path: &Path, cause: io::Error) -> StoreError {
    let action = format!("{action} {}", path.display());
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(format!("could not {action}: {cause}"))
        }
        _ => StoreError::Io { action, cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn id(byte: u8) -> UploadId {
        UploadId::from_random([byte; 16])
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        let disk = Disk::open(&root).unwrap();
        disk.create_upload(&id(1)).unwrap();
        assert_eq!(mode(&root.join("uploads").join(id(1).as_str())), 0o600);
        let mut upload = disk.open_upload(&id(1)).unwrap().unwrap();
        upload.write(b"x").unwrap();
        let digest = Digest::of(b"x");
        upload.commit(&digest).unwrap();
        let blob = root.join("blobs/sha256/2d").join(digest.hex());
        assert_eq!(mode(&blob), 0o600);
        for directory in ["", "uploads", "blobs", "blobs/sha256", "blobs/sha256/2d"] {
            assert_eq!(mode(&root.join(directory)), 0o700, "{directory}");
        }
    }

    #[test]
    fn an_upload_finds_its_directory_made() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("deep/down/data");
        let disk = Disk::open(&root).unwrap();
        for algorithm in Algorithm::ALL {
            let shards = fs::read_dir(disk.places.algorithm(algorithm)).unwrap();
            assert_eq!(shards.count(), 256);
        }
        let above = fs::metadata(dir.path().join("deep")).unwrap();
        assert_eq!(above.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_second_process_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let first = Disk::open(dir.path()).unwrap();
        let refused = Disk::open(dir.path()).err().unwrap().to_string();
        assert!(refused.contains("another process"), "{refused}");
        drop(first);
        assert!(Disk::open(dir.path()).is_ok());
    }

    #[test]
    fn foreign_files_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path()).unwrap();
        for place in ["uploads/.nfs1", "blobs/sha256/ab/short", "blobs/sha256/x"] {
            fs::write(dir.path().join(place), "x").unwrap();
        }
        assert!(disk.uploads().unwrap().is_empty());
        assert!(disk.list(None, 10).unwrap().is_empty());
    }

    #[test]
    fn a_full_medium_is_told_from_a_broken_one() {
        let of = |kind: io::ErrorKind| failed("write", Path::new("x"), kind.into());
        assert!(matches!(
            of(io::ErrorKind::StorageFull),
            StoreError::Full(_)
        ));
        assert!(matches!(
            of(io::ErrorKind::QuotaExceeded),
            StoreError::Full(_)
        ));
        assert!(matches!(of(io::ErrorKind::Other), StoreError::Io { .. }));
    }
}
