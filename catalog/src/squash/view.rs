//! The file system that a stack of layers makes, as far as it matters here: links, and the files
//! that a cataloger knows.

use std::collections::BTreeMap;

use crate::report::{Contents, FileReport};

/// A file's states, layer by layer; `None` where a layer removed it.
type History<'a> = Vec<(usize, Option<&'a FileReport>)>;

/// The view from the top. Its paths lead through no links.
#[derive(Default)]
pub struct View<'a> {
    symlinks: BTreeMap<String, String>,
    found: BTreeMap<String, &'a FileReport>,
    history: BTreeMap<String, History<'a>>,
}

/// Links that may be followed for one path: Linux' own limit.
const MAX_LINKS: usize = 40;

impl<'a> View<'a> {
    /// The view of layers, lowest first.
    pub fn of(layers: &[&'a Contents]) -> View<'a> {
        let mut view = View::default();
        for (at, layer) in layers.iter().enumerate() {
            view.add(at, layer);
        }
        view
    }

    /// The files that a cataloger knows, sorted.
    pub fn found(&self) -> impl Iterator<Item = (&str, &'a FileReport)> {
        self.found
            .iter()
            .map(|(path, report)| (path.as_str(), *report))
    }

    /// What became of a file.
    pub fn history(&self, path: &str) -> &[(usize, Option<&'a FileReport>)] {
        self.history
            .get(path)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The report of the file that a path leads to.
    pub fn report(&self, path: &str) -> Option<&'a FileReport> {
        self.found.get(&self.resolve(path)?).copied()
    }

    /// Where a path leads, every link followed; `None` where links lead in a circle.
    pub fn resolve(&self, path: &str) -> Option<String> {
        let mut left: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut real: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    real.pop();
                    continue;
                }
                _ => real.push(part),
            }
            let Some(target) = self.symlinks.get(&real.join("/")) else {
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            match target.starts_with('/') {
                true => real.clear(),
                false => drop(real.pop()),
            }
            left.extend(target.rsplit('/').map(str::to_owned));
        }
        Some(real.join("/"))
    }

    /// Where something is put: links on the way are followed, the last part is taken as it is.
    fn place(&self, path: &str) -> String {
        let (directory, name) = image::path::split(path);
        if directory.is_empty() || self.symlinks.is_empty() {
            return path.to_owned();
        }
        match self.resolve(directory) {
            Some(directory) if directory.is_empty() => name.to_owned(),
            Some(directory) => format!("{directory}/{name}"),
            None => path.to_owned(),
        }
    }

    fn add(&mut self, at: usize, layer: &'a Contents) {
        for path in &layer.opaque {
            let path = match path.as_str() {
                "" => String::new(),
                path => self.place(path),
            };
            self.remove_below(at, &path);
        }
        for path in &layer.removed {
            let path = self.place(path);
            self.remove(at, &path);
        }
        for path in &layer.directories {
            let path = self.place(path);
            self.symlinks.remove(&path);
            self.forget(at, &path);
        }
        for (path, target) in &layer.symlinks {
            let path = self.place(path);
            self.remove(at, &path);
            self.symlinks.insert(path, target.clone());
        }
        for path in &layer.touched {
            let path = self.place(path);
            self.remove(at, &path);
        }
        for (path, report) in &layer.found {
            let path = self.place(path);
            self.remove(at, &path);
            self.found.insert(path.clone(), report);
            self.note(at, path, Some(report));
        }
    }

    /// Removes what is at a path and below it.
    fn remove(&mut self, at: usize, path: &str) {
        self.symlinks.remove(path);
        self.forget(at, path);
        self.remove_below(at, path);
    }

    fn remove_below(&mut self, at: usize, path: &str) {
        let below = match path {
            "" => String::new(),
            path => format!("{path}/"),
        };
        for path in keys_below(&self.symlinks, &below) {
            self.symlinks.remove(&path);
        }
        for path in keys_below(&self.found, &below) {
            self.forget(at, &path);
        }
    }

    fn forget(&mut self, at: usize, path: &str) {
        if self.found.remove(path).is_some() {
            self.note(at, path.to_owned(), None);
        }
    }

    /// What a layer leaves at a path is one state, however it came to be.
    fn note(&mut self, at: usize, path: String, report: Option<&'a FileReport>) {
        let history = self.history.entry(path).or_default();
        match history.last_mut() {
            Some((layer, state)) if *layer == at => *state = report,
            _ => history.push((at, report)),
        }
    }
}

fn keys_below<T>(map: &BTreeMap<String, T>, below: &str) -> Vec<String> {
    let range = map.range::<str, _>((std::ops::Bound::Included(below), std::ops::Bound::Unbounded));
    let keys = range.map(|(path, _)| path);
    keys.take_while(|path| path.starts_with(below))
        .cloned()
        .collect()
}
