//! Which images an index names, directly or by an index that it names.

use std::collections::BTreeSet;

use image::manifest::{Index, IndexEntry};
use image::{Limits, Manifest};
use model::{Digest, Gap, GapKind, Platform, RepositoryName};
use store::StoreError;
use store::record::ScanState;

use super::{Member, is_index, stored};
use crate::app::App;
use crate::{facts, scan};

/// The images of an index.
pub struct Members {
    /// By name, then by digest.
    pub images: Vec<Member>,
    /// What was not looked at, because a limit was reached.
    pub gaps: Vec<Gap>,
}

/// The images that an index names in a repository, or in any. Of all that is named, up to
/// `limits.index_members` entries are looked at, and up to `limits.index_depth` indexes inside each
/// other.
///
/// # Errors
///
/// Where the store fails.
pub fn of(
    app: &App,
    place: Option<&RepositoryName>,
    index: &Index,
    limits: &Limits,
) -> Result<Members, StoreError> {
    let mut walk = Walk {
        app,
        place,
        limits,
        left: limits.index_members,
        known: BTreeSet::new(),
        images: Vec::new(),
        gaps: Vec::new(),
    };
    walk.follow(index, None, 1)?;
    let mut images = walk.images;
    images.sort_by(|one, other| (&one.name, &one.digest).cmp(&(&other.name, &other.digest)));
    Ok(Members {
        images,
        gaps: walk.gaps,
    })
}

struct Walk<'a> {
    app: &'a App,
    place: Option<&'a RepositoryName>,
    limits: &'a Limits,
    left: usize,
    known: BTreeSet<(Option<Platform>, Digest)>,
    images: Vec<Member>,
    gaps: Vec<Gap>,
}

impl Walk<'_> {
    fn follow(
        &mut self,
        index: &Index,
        outer: Option<&Platform>,
        depth: usize,
    ) -> Result<(), StoreError> {
        for entry in &index.manifests {
            let Some(left) = self.left.checked_sub(1) else {
                let most = self.limits.index_members;
                let detail = format!("the index names more than {most} manifests");
                self.miss(GapKind::Limit, detail);
                return Ok(());
            };
            self.left = left;
            self.look_at(entry, outer, depth)?;
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        entry: &IndexEntry,
        outer: Option<&Platform>,
        depth: usize,
    ) -> Result<(), StoreError> {
        let platform = entry.platform.as_ref().or(outer);
        // No runtime asks for it. The annotation alone hides nothing: runtimes pass over it.
        if platform.is_some_and(|platform| platform.os == "unknown") {
            return Ok(());
        }
        let digest = &entry.descriptor.digest;
        let Some(manifest) = stored(self.app, self.place, digest)? else {
            let is_artifact = entry.is_attestation() || entry.descriptor.artifact_type.is_some();
            return match is_artifact {
                true => Ok(()),
                false => self.add(digest, platform, false),
            };
        };
        let hint = Some(manifest.media_type.as_str());
        match Manifest::parse(&manifest.bytes, hint, self.limits) {
            Ok(Manifest::Index(_)) if depth >= self.limits.index_depth => {
                let detail = format!("{digest} is an index too deep in others to be looked into");
                self.miss(GapKind::Limit, detail);
                Ok(())
            }
            Ok(Manifest::Index(nested)) => self.follow(&nested, platform, depth + 1),
            Ok(parsed) if !parsed.is_image() => Ok(()),
            Err(error) if is_index(&manifest.media_type) => {
                self.miss(GapKind::Unreadable, format!("{digest}: {error}"));
                Ok(())
            }
            // What cannot be read any more was read when it was pushed, and counts as an image.
            Ok(_) | Err(_) => self.add(digest, platform, true),
        }
    }

    fn miss(&mut self, kind: GapKind, detail: String) {
        let gap = Gap::new(kind, detail);
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    fn add(
        &mut self,
        digest: &Digest,
        platform: Option<&Platform>,
        is_there: bool,
    ) -> Result<(), StoreError> {
        let platform = match platform {
            None if is_there => scan::platform(self.app, digest),
            said => said.cloned(),
        };
        if !self.known.insert((platform.clone(), digest.clone())) {
            return Ok(());
        }
        let row = match is_there {
            true => self.app.store.metadata.scan(digest)?,
            false => None,
        };
        let found = match row.as_ref().map(|row| row.state) {
            None | Some(ScanState::Failed) => None,
            Some(_) => facts::of(self.app, digest)?,
        };
        self.images.push(Member {
            name: match &platform {
                Some(platform) => platform.to_string(),
                None => digest.to_string(),
            },
            digest: digest.clone(),
            platform,
            is_there,
            row,
            facts: found.filter(|facts| facts.is_scanned),
        });
        Ok(())
    }
}
