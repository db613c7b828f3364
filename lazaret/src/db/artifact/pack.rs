//! Sections to blobs and back: zstd, whole or as what has changed since another one.
//!
//! A source's segment travels as records (`advisory::database::exchange`): what has changed there
//! is as long as the change. Everything else travels as it is.

use std::io::{self, Read, Write};

use advisory::Limits;
use advisory::database::exchange;
use anyhow::{Context, bail};
use zstd::zstd_safe::CParameter;

/// The number of a source's segment in the file.
pub const SEGMENT: u32 = 2;
/// What is read once by everybody may cost whoever writes it.
const LEVEL: i32 = 19;
/// A change is small; looking for it in the old one is the work.
const CHANGE_LEVEL: i32 = 12;
/// How far back repetitions are looked for, as a power of two: 128 MiB, which every reader takes.
const WINDOW: u32 = 27;
/// The same where the old one is looked into: all of it has to be in reach.
const MOST_WINDOW: u32 = 31;

/// A section in the form in which it travels.
///
/// # Errors
///
/// Where it contradicts itself.
pub fn outward(kind: u32, section: &[u8]) -> anyhow::Result<Vec<u8>> {
    match kind {
        SEGMENT => Ok(exchange::of_segment(section)?),
        _ => Ok(section.to_vec()),
    }
}

/// The section of a form in which it travels.
///
/// # Errors
///
/// Where it is none.
pub fn inward(kind: u32, form: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    match kind {
        SEGMENT => Ok(exchange::to_segment(&form, &Limits::default())?),
        _ => Ok(form),
    }
}

/// A blob that holds a form whole.
///
/// # Errors
///
/// Where the packer refuses.
pub fn whole(form: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.set_parameter(CParameter::WindowLog(WINDOW))?;
    encoder.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
    encoder.write_all(form)?;
    encoder.finish()
}

/// A blob that makes a form out of an older one.
///
/// # Errors
///
/// Where the packer refuses.
pub fn change(old: &[u8], form: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), CHANGE_LEVEL, old)?;
    encoder.set_parameter(CParameter::WindowLog(window(old.len() + form.len())))?;
    encoder.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
    encoder.write_all(form)?;
    encoder.finish()
}

/// The smallest window that holds so many bytes.
fn window(bytes: usize) -> u32 {
    let needed = usize::BITS - bytes.leading_zeros();
    needed.clamp(20, MOST_WINDOW)
}

/// The form in a blob, which may need the older one, up to a limit.
///
/// # Errors
///
/// Where the blob is broken or holds more.
pub fn unpacked(blob: &[u8], old: Option<&[u8]>, limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut form = Vec::new();
    let broken = "a step cannot be unpacked";
    match old {
        Some(old) => {
            let mut decoder = zstd::stream::read::Decoder::with_ref_prefix(blob, old)?;
            decoder.window_log_max(MOST_WINDOW)?;
            decoder.take(limit.saturating_add(1)).read_to_end(&mut form)
        }
        None => {
            let mut decoder = zstd::Decoder::new(blob)?;
            decoder.window_log_max(WINDOW)?;
            decoder.take(limit.saturating_add(1)).read_to_end(&mut form)
        }
    }
    .context(broken)?;
    if form.len() as u64 > limit {
        bail!("a step unpacks to more than {limit} bytes");
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: impl Iterator<Item = u64>) -> Vec<u8> {
        let line = |number: u64| {
            let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("{number}: {noise:x} {:x}\n", noise.rotate_left(17))
        };
        lines.map(line).collect::<String>().into_bytes()
    }

    #[test]
    fn what_is_packed_comes_back() {
        let old = text(0..20_000);
        let new = text((0..10_000).chain(30_000..30_010).chain(10_000..19_990));
        let blob = whole(&old).unwrap();
        assert_eq!(unpacked(&blob, None, 1 << 30).unwrap(), old);
        let step = change(&old, &new).unwrap();
        assert_eq!(unpacked(&step, Some(&old), 1 << 30).unwrap(), new);
        assert!(step.len() < 2_000, "{} bytes for ten lines", step.len());
        assert!(
            unpacked(&step, None, 1 << 30).is_err(),
            "it needs the old one"
        );
        assert!(unpacked(&blob, None, 1000).is_err(), "past the limit");
        assert!(unpacked(&blob[..blob.len() / 2], None, 1 << 30).is_err());
        assert!(unpacked(b"no zstd", None, 9).is_err());
    }

    #[test]
    fn windows_hold_both() {
        assert_eq!(
            [0, 1 << 20, (1 << 27) + 1, usize::MAX].map(window),
            [20, 21, 28, 31]
        );
    }
}
