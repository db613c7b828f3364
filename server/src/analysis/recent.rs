//! Reports of layers that were read a moment ago: a push asks for them next.

use std::collections::VecDeque;
use std::sync::Arc;

use catalog::LayerReport;
use model::Digest;

/// The reports that were kept last, up to a weight.
pub struct Recent {
    kept: VecDeque<(Digest, Arc<LayerReport>)>,
    weight: usize,
    most: usize,
}

impl Recent {
    /// Room for reports of so many paths altogether.
    pub fn new(most: usize) -> Recent {
        Recent {
            kept: VecDeque::new(),
            weight: 0,
            most,
        }
    }

    /// The report of a layer, if it is there.
    pub fn get(&self, layer: &Digest) -> Option<Arc<LayerReport>> {
        let found = self.kept.iter().find(|(known, _)| known == layer);
        found.map(|(_, report)| report.clone())
    }

    /// Keeps a report, and forgets the oldest until there is room. One that is larger than all of
    /// it is not kept.
    pub fn put(&mut self, layer: Digest, report: Arc<LayerReport>) {
        let weight = weigh(&report);
        if weight > self.most || self.get(&layer).is_some() {
            return;
        }
        self.kept.push_back((layer, report));
        self.weight += weight;
        while self.weight > self.most {
            let Some((_, oldest)) = self.kept.pop_front() else {
                break;
            };
            self.weight -= weigh(&oldest);
        }
    }
}

/// How many things a report names: about a hundred bytes each.
fn weigh(report: &LayerReport) -> usize {
    let contents = &report.contents;
    let packages = |file: &catalog::FileReport| 1 + file.found.packages.len();
    let found: usize = contents.found.values().map(packages).sum();
    1 + found
        + contents.symlinks.len()
        + contents.touched.len()
        + contents.directories.len()
        + contents.removed.len()
        + contents.opaque.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(paths: usize) -> Arc<LayerReport> {
        let mut bytes = Vec::new();
        std::io::Write::write_all(&mut bytes, &[0; 1024]).unwrap();
        let limits = image::Limits::default();
        let mut report = catalog::catalogue(bytes.as_slice(), &limits).unwrap();
        report.contents.touched = (0..paths).map(|path| path.to_string()).collect();
        Arc::new(report)
    }

    #[test]
    fn the_oldest_make_room_and_giants_are_not_kept() {
        let mut recent = Recent::new(10);
        let digest = |text: &str| Digest::of(text.as_bytes());
        recent.put(digest("a"), report(4));
        recent.put(digest("b"), report(4));
        assert!(recent.get(&digest("a")).is_some());
        recent.put(digest("c"), report(1));
        let there = |recent: &Recent| ["a", "b", "c"].map(|one| recent.get(&digest(one)).is_some());
        assert_eq!(there(&recent), [false, true, true]);
        recent.put(digest("d"), report(10));
        assert_eq!(there(&recent), [false, true, true]);
        assert_eq!(recent.weight, 7);
    }
}
