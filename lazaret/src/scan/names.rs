//! What an image is called, as VEX documents may name it.

use image::Source;
use model::Digest;

/// Names of a target, in the parts by which documents speak of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Its digest, those under which archives and indexes know it.
    pub digests: Vec<Digest>,
    /// Repositories, with the registry's host where the target has it.
    pub images: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What processor it is for.
    pub architecture: Option<String>,
}

impl Names {
    /// The names of a target.
    pub fn of(source: &Source) -> Names {
        let (target, known) = (source.target(), source.known_as());
        let mut names = Names {
            digests: target
                .digest
                .into_iter()
                .chain(known.digests.clone())
                .collect(),
            architecture: target.platform.map(|platform| platform.architecture),
            ..Names::default()
        };
        for reference in &known.references {
            names.add(reference);
        }
        for list in [&mut names.images, &mut names.tags] {
            list.sort();
            list.dedup();
        }
        names.digests.sort();
        names.digests.dedup();
        names
    }

    /// `host/repository:tag@digest`, of which all but one part may be missing. A word alone is a
    /// tag: so layouts call an image of theirs.
    fn add(&mut self, reference: &str) {
        let reference = reference.split('@').next().unwrap_or_default();
        let (image, tag) = match reference.rsplit_once(':') {
            Some((image, tag)) if !tag.contains('/') => (image, Some(tag)),
            _ if reference.contains('/') => (reference, None),
            _ => ("", Some(reference)),
        };
        self.tags.extend(tag.map(str::to_owned));
        if image.is_empty() {
            return;
        }
        self.images.push(image.to_owned());
        let (host, rest) = image.split_once('/').unwrap_or(("", image));
        // Docker leaves its own registry out, and of its own images the place in it.
        match host.contains(['.', ':']) || host == "localhost" {
            true => {}
            false if rest == image => self.images.push(format!("docker.io/library/{image}")),
            false => self.images.push(format!("docker.io/{image}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let cases = [
            ("v1", "", "v1"),
            ("app:v1", "app docker.io/library/app", "v1"),
            ("shop/app:v1", "shop/app docker.io/shop/app", "v1"),
            (
                "registry.example:5000/shop/app",
                "registry.example:5000/shop/app",
                "",
            ),
            (
                "registry.example/app:v1@sha256:ab",
                "registry.example/app",
                "v1",
            ),
            ("localhost/app:v1", "localhost/app", "v1"),
        ];
        for (reference, images, tags) in cases {
            let mut names = Names::default();
            names.add(reference);
            assert_eq!(names.images.join(" "), images, "{reference}");
            assert_eq!(names.tags.join(" "), tags, "{reference}");
        }
    }
}
