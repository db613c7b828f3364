//! The file system that a stack of layers makes, as far as it matters here: links, and the files
//! that a cataloger knows.

use std::cell::{Cell, RefCell};
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
    /// What following links has cost.
    work: Cell<u64>,
    /// The directory that was resolved last: paths come sorted, so the next one is often in it.
    last: RefCell<Option<(String, Option<String>)>>,
}

/// Links that may be followed for one path: Linux' own limit.
const MAX_LINKS: usize = 40;

/// What looking at one directory on the way costs, beside the bytes of its path.
const STEP: u64 = 64;

/// More than following the links of any honest image costs; some seconds.
const MOST_WORK: u64 = 8 << 30;

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

    /// Whether so many links had to be followed that some were not.
    pub fn is_exhausted(&self) -> bool {
        self.work.get() > MOST_WORK
    }

    /// Where a path leads, every link followed; `None` where links lead in a circle, or the view
    /// is exhausted.
    pub fn resolve(&self, path: &str) -> Option<String> {
        let mut left: Vec<&str> = path.rsplit('/').collect();
        let mut real = String::new();
        let mut links = 0;
        while let Some(part) = left.pop() {
            match part {
                "" | "." => continue,
                ".." => {
                    pop(&mut real);
                    continue;
                }
                _ => push(&mut real, part),
            }
            self.work.set(self.work.get() + STEP + real.len() as u64);
            if self.is_exhausted() {
                return None;
            }
            let Some(target) = self.symlinks.get(&real) else {
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            match target.starts_with('/') {
                true => real.clear(),
                false => pop(&mut real),
            }
            left.extend(target.rsplit('/'));
        }
        Some(real)
    }

    /// Where something is put: links on the way are followed, the last part is taken as it is.
    pub fn place(&self, path: &str) -> String {
        let (directory, name) = image::path::split(path);
        if directory.is_empty() || self.symlinks.is_empty() {
            return path.to_owned();
        }
        let mut last = self.last.borrow_mut();
        let known = last.take().filter(|(known, _)| known == directory);
        let (_, real) =
            last.insert(known.unwrap_or_else(|| (directory.to_owned(), self.resolve(directory))));
        match real {
            Some(real) => {
                let mut placed = real.clone();
                push(&mut placed, name);
                placed
            }
            None => path.to_owned(),
        }
    }

    fn link(&mut self, path: String, target: String) {
        self.last.take();
        self.symlinks.insert(path, target);
    }

    fn unlink(&mut self, path: &str) {
        if self.symlinks.remove(path).is_some() {
            self.last.take();
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
            self.unlink(&path);
            self.forget(at, &path);
        }
        for (path, target) in &layer.symlinks {
            let path = self.place(path);
            self.remove(at, &path);
            self.link(path, target.clone());
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
        self.unlink(path);
        self.forget(at, path);
        self.remove_below(at, path);
    }

    fn remove_below(&mut self, at: usize, path: &str) {
        let below = match path {
            "" => String::new(),
            path => format!("{path}/"),
        };
        for path in keys_below(&self.symlinks, &below) {
            self.unlink(&path);
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

fn push(path: &mut String, part: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(part);
}

fn pop(path: &mut String) {
    path.truncate(path.rfind('/').unwrap_or(0));
}

fn keys_below<T>(map: &BTreeMap<String, T>, below: &str) -> Vec<String> {
    let range = map.range::<str, _>((std::ops::Bound::Included(below), std::ops::Bound::Unbounded));
    let keys = range.map(|(path, _)| path);
    keys.take_while(|path| path.starts_with(below))
        .cloned()
        .collect()
}
