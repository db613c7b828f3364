//! The least that a scan of a layer takes: it is inflated and hashed, on one thread, and nothing
//! else is done. `bench/push-to-findings` runs this beside a server. Prints milliseconds.

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use image::Limits;
use image::compression::Inflate;
use model::digest::{Algorithm, Hasher};

fn main() -> io::Result<()> {
    let Some(path) = std::env::args().nth(1) else {
        return Err(io::Error::other("usage: inflate FILE"));
    };
    let started = Instant::now();
    let limits = Limits::default();
    let mut inflate = Inflate::new(File::open(path)?, limits.layer_bytes, &limits)?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 128 << 10];
    loop {
        let read = inflate.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    let digest = hasher.finish();
    println!("{:.1} {digest}", started.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
