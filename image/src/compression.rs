//! Compressed bytes to plain ones, within limits. What they are is told by their first bytes,
//! never by their name or media type, as runtimes do it.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::bufread::MultiGzDecoder;
use model::{Problem, ProblemKind};

use crate::Limits;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// RFC 1952, of any number of members.
    Gzip,
    /// RFC 8878, of any number of frames.
    Zstd,
    /// Known, but not read here: bzip2 or xz, which no image specification allows.
    Unsupported(&'static str),
}

/// How many bytes [`Compression::of`] looks at.
pub const MAGIC_BYTES: usize = 6;

impl Compression {
    /// Tells it by the first bytes.
    pub fn of(first: &[u8]) -> Compression {
        match first {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Unsupported("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Unsupported("xz"),
            _ => Compression::Plain,
        }
    }
}

/// What the compressed side saw: how much was read, and how it failed.
#[derive(Default)]
struct Seen {
    bytes: u64,
    error: Option<io::Error>,
}

/// Counts what is read, and keeps the reason where the reader itself fails.
struct Source<R> {
    reader: R,
    seen: Arc<Mutex<Seen>>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = self.reader.read(buffer);
        let mut seen = lock(&self.seen);
        match answer {
            Ok(read) => {
                seen.bytes += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                seen.error = Some(error);
                Err(kind.into())
            }
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

type Packed<R> = BufReader<io::Chain<io::Cursor<Vec<u8>>, Source<R>>>;

enum Decoder<R: Read> {
    Plain(Packed<R>),
    Gzip(Box<MultiGzDecoder<Packed<R>>>),
    Zstd(zstd::stream::read::Decoder<'static, Packed<R>>),
    Nothing,
}

/// Plain bytes out of packed ones. It never fails to read: it ends, and [`Inflate::finish`] says
/// whether it ended well.
pub struct Inflate<R: Read> {
    decoder: Decoder<R>,
    compression: Compression,
    seen: Arc<Mutex<Seen>>,
    inflated: u64,
    bytes_limit: u64,
    ratio_limit: u64,
    ratio_floor: u64,
    problem: Option<Problem>,
}

/// How an [`Inflate`] ended.
#[derive(Debug)]
pub struct Ended {
    /// Bytes read, packed.
    pub packed: u64,
    /// Bytes given, plain.
    pub inflated: u64,
    /// Why it ended early, if it did.
    pub problem: Option<Problem>,
}

const BUFFER: usize = 128 << 10;

impl<R: Read> Inflate<R> {
    /// Looks at the first bytes and begins. `bytes_limit` bounds what comes out.
    ///
    /// # Errors
    ///
    /// Where the reader itself fails, or there is no memory.
    pub fn new(reader: R, bytes_limit: u64, limits: &Limits) -> io::Result<Inflate<R>> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut source = Source {
            reader,
            seen: Arc::clone(&seen),
        };
        let mut first = Vec::new();
        source
            .by_ref()
            .take(MAGIC_BYTES as u64)
            .read_to_end(&mut first)?;
        let compression = Compression::of(&first);
        let packed = BufReader::with_capacity(BUFFER, io::Cursor::new(first).chain(source));
        let mut problem = None;
        let decoder = match compression {
            Compression::Plain => Decoder::Plain(packed),
            Compression::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(packed))),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
                decoder.window_log_max(limits.zstd_window_log)?;
                Decoder::Zstd(decoder)
            }
            Compression::Unsupported(name) => {
                let detail = format!("is compressed with {name}, which is not read here");
                problem = Some(of_stream(ProblemKind::Unsupported, detail));
                Decoder::Nothing
            }
        };
        Ok(Inflate {
            decoder,
            compression,
            seen,
            inflated: 0,
            bytes_limit,
            ratio_limit: limits.inflate_ratio,
            ratio_floor: limits.ratio_floor,
            problem,
        })
    }

    /// How the bytes are packed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Ends it, wherever it stands.
    ///
    /// # Errors
    ///
    /// Where the reader itself failed: that says nothing about the bytes.
    pub fn finish(self) -> io::Result<Ended> {
        let mut seen = lock(&self.seen);
        match seen.error.take() {
            Some(error) => Err(error),
            None => Ok(Ended {
                packed: seen.bytes,
                inflated: self.inflated,
                problem: self.problem,
            }),
        }
    }

    fn end(&mut self, kind: ProblemKind, detail: String) {
        self.decoder = Decoder::Nothing;
        self.problem = Some(of_stream(kind, detail));
    }

    fn check_limits(&mut self) -> bool {
        let packed = lock(&self.seen).bytes;
        if self.inflated > self.bytes_limit {
            let limit = self.bytes_limit;
            self.end(
                ProblemKind::Limit,
                format!("inflates to more than {limit} bytes"),
            );
            return false;
        }
        let allowed = packed
            .saturating_mul(self.ratio_limit)
            .max(self.ratio_floor);
        if self.inflated > allowed {
            let (inflated, ratio) = (self.inflated, self.ratio_limit);
            let detail = format!("{packed} bytes inflate to {inflated}, more than {ratio} to one");
            self.end(ProblemKind::Limit, detail);
            return false;
        }
        true
    }
}

fn of_stream(kind: ProblemKind, detail: String) -> Problem {
    Problem::new(kind, "compressed data", detail)
}

impl<R: Read> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let answer = match &mut self.decoder {
            Decoder::Plain(reader) => reader.read(buffer),
            Decoder::Gzip(reader) => reader.read(buffer),
            Decoder::Zstd(reader) => reader.read(buffer),
            Decoder::Nothing => Ok(0),
        };
        match answer {
            Ok(read) => {
                self.inflated += read as u64;
                Ok(if self.check_limits() { read } else { 0 })
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.end(ProblemKind::Truncated, "ends early".to_owned());
                Ok(0)
            }
            Err(error) => {
                self.end(
                    ProblemKind::Malformed,
                    format!("cannot be inflated: {error}"),
                );
                Ok(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(bytes: &[u8], limits: &Limits) -> (Vec<u8>, Ended) {
        let mut inflate = Inflate::new(bytes, limits.layer_bytes, limits).unwrap();
        let mut out = Vec::new();
        inflate.read_to_end(&mut out).unwrap();
        (out, inflate.finish().unwrap())
    }

    #[test]
    fn what_it_is_is_told_by_its_bytes() {
        let text = b"hello hello hello".as_slice();
        let zstd = zstd::encode_all(text, 3).unwrap();
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], zstd.as_slice()].concat();
        let members = [gzip(b"hello "), gzip(b"hello hello")].concat();
        let frames = [zstd::encode_all(&b"hello "[..], 3).unwrap(), {
            zstd::encode_all(&b"hello hello"[..], 3).unwrap()
        }];
        for packed in [
            text.to_vec(),
            gzip(text),
            zstd,
            skippable,
            members,
            frames.concat(),
        ] {
            let (out, ended) = inflate(&packed, &Limits::default());
            assert_eq!(out, text);
            assert_eq!(ended.packed, packed.len() as u64);
            assert!(ended.problem.is_none());
        }
        assert_eq!(inflate(b"", &Limits::default()).0, b"");
    }

    #[test]
    fn what_is_broken_is_a_problem_and_the_rest_counts() {
        let text: Vec<u8> = (0..200_000u32)
            .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
            .collect();
        let zstd = zstd::encode_all(text.as_slice(), 3).unwrap();
        for packed in [gzip(&text), zstd] {
            let half = packed.get(..packed.len() / 2).unwrap();
            let (out, ended) = inflate(half, &Limits::default());
            assert!(!out.is_empty() && text.starts_with(&out));
            assert_eq!(ended.problem.unwrap().kind, ProblemKind::Truncated);
        }
        let mut wrong = gzip(&text);
        let middle = wrong.len() / 2;
        wrong[middle] ^= 0xff;
        assert!(inflate(&wrong, &Limits::default()).1.problem.is_some());
        let tail = [gzip(b"text"), b"tail".to_vec()].concat();
        let (out, ended) = inflate(&tail, &Limits::default());
        assert_eq!(out, b"text");
        assert!(ended.problem.is_some());
        let (_, ended) = inflate(b"BZh91AY", &Limits::default());
        assert_eq!(ended.problem.unwrap().kind, ProblemKind::Unsupported);
    }

    #[test]
    fn limits_end_it() {
        let zeroes = vec![0; 1 << 20];
        let bomb = gzip(&zeroes);
        let bytes = Limits {
            layer_bytes: 1000,
            ..Limits::default()
        };
        let ratio = Limits {
            inflate_ratio: 10,
            ratio_floor: 1 << 16,
            ..Limits::default()
        };
        for limits in [bytes, ratio] {
            let (out, ended) = inflate(&bomb, &limits);
            assert!(out.len() < 1 << 18);
            assert_eq!(ended.problem.unwrap().kind, ProblemKind::Limit);
        }
        assert!(inflate(&bomb, &Limits::default()).1.problem.is_none());
    }

    #[test]
    fn a_reader_that_fails_is_no_fault_of_the_bytes() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("disk"))
            }
        }
        let half = gzip(b"hello");
        let reader = half.get(..9).unwrap().chain(Broken);
        let mut inflate = Inflate::new(reader, 100, &Limits::default()).unwrap();
        assert_eq!(io::copy(&mut inflate, &mut io::sink()).unwrap(), 0);
        assert_eq!(inflate.finish().unwrap_err().to_string(), "disk");
    }
}
