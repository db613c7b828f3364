//! The least that reading an image can cost: inflating and hashing its layers, one after the other,
//! for `bench/catalog`.

use std::io::{Read, Write};

use image::{Limits, Source};
use model::digest::{Algorithm, Hasher};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args().nth(1).ok_or("usage: inflate TARGET")?;
    let limits = Limits::default();
    let source = Source::open(&target, None, &limits)?;
    let mut buffer = vec![0; 256 << 10];
    for layer in source.layers() {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut reader = flate2::read::MultiGzDecoder::new(layer.open()?);
        loop {
            let read = reader.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            hasher.update(bytes);
        }
        writeln!(std::io::stdout(), "{}", hasher.finish())?;
    }
    Ok(())
}
