//! A hash over sources, for crates whose results are kept: nothing outlives the code that made it,
//! and nobody has to bump a number. Shared by build scripts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Sets an environment variable of the compiler to a hash of everything in these directories,
/// which are given from the crate's own.
///
/// # Errors
///
/// Where a file cannot be read.
pub fn set_revision(variable: &str, directories: &[&str]) -> io::Result<()> {
    let mut files = Vec::new();
    for directory in directories {
        println!("cargo:rerun-if-changed={directory}");
        collect(Path::new(directory), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        let bytes = fs::read(&file)?;
        hasher.update(file.to_string_lossy().as_bytes());
        hasher.update([0]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    let hash = hasher.finalize();
    let digits = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
    println!("cargo:rustc-env={variable}={}", digits.collect::<String>());
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}
