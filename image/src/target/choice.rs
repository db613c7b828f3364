//! One image out of several, by platform.

use model::Platform;

use super::{Opening, TargetError};

/// What an image calls itself, and the image.
pub(super) struct Candidate<T> {
    pub(super) label: String,
    pub(super) platform: Option<Platform>,
    pub(super) image: T,
}

/// The only one; or, of several or where a platform is asked for, the only one that fits.
pub(super) fn choose<T>(
    opening: &Opening<'_>,
    mut candidates: Vec<Candidate<T>>,
) -> Result<T, TargetError> {
    if opening.platform.is_none() && candidates.len() == 1 {
        return candidates
            .pop()
            .map(|only| only.image)
            .ok_or_else(|| no_image(opening));
    }
    if candidates.is_empty() {
        return Err(no_image(opening));
    }
    let wanted = opening.platform.map_or_else(of_this_machine, str::to_owned);
    let words = candidates.iter().map(Candidate::words).collect::<Vec<_>>();
    let mut fitting: Vec<_> = candidates
        .into_iter()
        .filter(|candidate| candidate.fits(&wanted))
        .collect();
    let fits = fitting.len();
    match (fitting.pop(), fits) {
        (Some(only), 1) => Ok(only.image),
        _ => Err(TargetError::Choice {
            path: opening.shown(),
            found: words.join(", "),
            wanted,
            fits,
        }),
    }
}

fn no_image(opening: &Opening<'_>) -> TargetError {
    TargetError::NoImage {
        path: opening.shown(),
        what: "its index names none".to_owned(),
    }
}

impl<T> Candidate<T> {
    /// `linux/arm` fits every variant of it; an image that says no platform fits nothing.
    fn fits(&self, wanted: &str) -> bool {
        let Some(platform) = &self.platform else {
            return false;
        };
        let full = platform.to_string();
        full == wanted || format!("{}/{}", platform.os, platform.architecture) == wanted
    }

    fn words(&self) -> String {
        match &self.platform {
            Some(platform) => format!("{} ({platform})", self.label),
            None => self.label.clone(),
        }
    }
}

/// Linux on this machine's architecture, in Go's words.
fn of_this_machine() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    format!("linux/{architecture}")
}
