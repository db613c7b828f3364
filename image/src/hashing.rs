//! Hashing beside what else is done: on a thread of its own once there is much of it, since
//! inflating keeps the other one busy.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use model::Digest;
use model::digest::{Algorithm, Hasher};

/// Up to so many bytes a thread is not worth its while.
const FEW: u64 = 1 << 20;
/// How many bytes go to the thread at once, and how many such pieces may wait there.
const PIECE: usize = 256 << 10;
const WAITING: usize = 4;

/// A SHA-256 of bytes that pass.
pub struct Hashing {
    place: Place,
    seen: u64,
}

enum Place {
    Here(Hasher),
    There(Thread),
}

struct Thread {
    pieces: SyncSender<Vec<u8>>,
    used: Receiver<Vec<u8>>,
    piece: Vec<u8>,
    ended: JoinHandle<Hasher>,
}

impl Hashing {
    /// Of no bytes yet.
    pub fn new() -> Hashing {
        Hashing {
            place: Place::Here(Hasher::new(Algorithm::Sha256)),
            seen: 0,
        }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        match &mut self.place {
            Place::There(thread) => thread.update(bytes),
            Place::Here(hasher) => {
                hasher.update(bytes);
                if self.seen > FEW
                    && let Some(thread) = Thread::start(hasher)
                {
                    self.place = Place::There(thread);
                }
            }
        }
    }

    /// The digest of all.
    ///
    /// # Errors
    ///
    /// Where the thread broke down.
    pub fn finish(self) -> io::Result<Digest> {
        let hasher = match self.place {
            Place::Here(hasher) => hasher,
            Place::There(thread) => thread.finish()?,
        };
        Ok(hasher.finish())
    }
}

impl Thread {
    /// Goes on with a hash elsewhere; `None` where there can be no more threads.
    fn start(hasher: &Hasher) -> Option<Thread> {
        let mut hasher = hasher.clone();
        let (pieces, coming) = sync_channel::<Vec<u8>>(WAITING);
        let (back, used) = sync_channel(WAITING + 2);
        let work = move || {
            for mut piece in coming {
                hasher.update(&piece);
                piece.clear();
                // Nobody may want it back any more.
                drop(back.try_send(piece));
            }
            hasher
        };
        let named = std::thread::Builder::new().name("hash".to_owned());
        Some(Thread {
            ended: named.spawn(work).ok()?,
            pieces,
            used,
            piece: Vec::with_capacity(PIECE),
        })
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = PIECE.saturating_sub(self.piece.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() >= PIECE {
                let next = self.used.try_recv();
                let next = next.unwrap_or_else(|_| Vec::with_capacity(PIECE));
                // A thread that broke down says so at the end.
                drop(self.pieces.send(std::mem::replace(&mut self.piece, next)));
            }
        }
    }

    fn finish(self) -> io::Result<Hasher> {
        drop(self.pieces.send(self.piece));
        drop(self.pieces);
        let ended = self.ended.join();
        ended.map_err(|_| io::Error::other("the thread that hashes broke down"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_all_bytes_wherever_they_are_hashed() {
        for length in [0, 1, FEW as usize, FEW as usize + 1, 3 * FEW as usize + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * at / 3) as u8).collect();
            for step in [1000, PIECE - 1, PIECE + 1, 5 << 20] {
                let mut hashing = Hashing::new();
                bytes.chunks(step).for_each(|part| hashing.update(part));
                assert_eq!(
                    hashing.finish().unwrap(),
                    Digest::of(&bytes),
                    "{length} by {step}"
                );
            }
        }
    }

    #[test]
    fn one_that_is_not_finished_leaves_no_thread_behind() {
        let mut hashing = Hashing::new();
        hashing.update(&vec![0; 4 << 20]);
        let Place::There(thread) = hashing.place else {
            panic!("4 MiB are much");
        };
        let Thread { pieces, ended, .. } = thread;
        drop(pieces);
        ended.join().unwrap();
    }
}
