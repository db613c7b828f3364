//! A directory on disk as if it were a layer: the root file system of something unpacked.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use model::{Problem, ProblemKind};

use crate::layer::{Entry, Kind};
use crate::problems::Problems;
use crate::{Limits, path};

/// Shows each entry below a directory, sorted. No symbolic link is followed, no device opened; a
/// name that begins with `.wh.` is a name. What cannot be read is a problem.
///
/// # Errors
///
/// Where the directory itself cannot be read.
pub fn entries(
    root: &Path,
    limits: &Limits,
    visit: &mut dyn FnMut(Entry<'_>),
) -> io::Result<Vec<Problem>> {
    let mut walk = Walk {
        limits,
        problems: Problems::new(limits.problems),
        left: limits.entries,
        visit,
    };
    // Deepest last, so that the stack gives paths in order.
    let mut stack = vec![walk.list(root, "", 0)?];
    while let Some(names) = stack.last_mut() {
        let Some(step) = names.pop() else {
            stack.pop();
            continue;
        };
        if walk.left == 0 {
            let limit = limits.entries;
            let detail = format!("has more than {limit} entries: the rest was not looked at");
            walk.problems.add(ProblemKind::Limit, "directory", detail);
            break;
        }
        walk.left -= 1;
        if let Some(names) = walk.enter(&step) {
            stack.push(names);
        }
    }
    Ok(walk.problems.finish("directory"))
}

/// Something that was listed and not looked at yet.
struct Step {
    on_disk: PathBuf,
    path: String,
    depth: usize,
}

struct Walk<'a> {
    limits: &'a Limits,
    problems: Problems,
    left: u64,
    visit: &'a mut dyn FnMut(Entry<'_>),
}

impl Walk<'_> {
    /// What a directory holds, last name first.
    fn list(&mut self, directory: &Path, path: &str, depth: usize) -> io::Result<Vec<Step>> {
        let mut steps = Vec::new();
        for item in fs::read_dir(directory)? {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    self.unreadable(path, &error);
                    continue;
                }
            };
            if steps.len() as u64 > self.left {
                break;
            }
            let name = path::text(item.file_name().as_bytes());
            let path = match path {
                "" => name,
                directory => format!("{directory}/{name}"),
            };
            steps.push(Step {
                on_disk: item.path(),
                path,
                depth,
            });
        }
        steps.sort_by(|one, other| other.path.cmp(&one.path));
        Ok(steps)
    }

    /// Shows an entry; gives what is in it where it is a directory.
    fn enter(&mut self, step: &Step) -> Option<Vec<Step>> {
        let metadata = match fs::symlink_metadata(&step.on_disk) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.unreadable(&step.path, &error);
                return None;
            }
        };
        let kind = metadata.file_type();
        if kind.is_file() {
            self.show_file(step, &metadata);
        } else if kind.is_symlink() {
            match fs::read_link(&step.on_disk) {
                Ok(target) => {
                    let target = path::text(target.as_os_str().as_bytes());
                    self.show(step, Kind::Symlink { target });
                }
                Err(error) => self.unreadable(&step.path, &error),
            }
        } else if kind.is_dir() {
            self.show(step, Kind::Directory);
            return self.descend(step);
        } else {
            self.show(step, Kind::Other);
        }
        None
    }

    fn descend(&mut self, step: &Step) -> Option<Vec<Step>> {
        if step.depth >= self.limits.directory_depth {
            let detail = format!(
                "lies deeper than {} directories",
                self.limits.directory_depth
            );
            self.problems.add(ProblemKind::Limit, &step.path, detail);
            return None;
        }
        match self.list(&step.on_disk, &step.path, step.depth + 1) {
            Ok(steps) => Some(steps),
            Err(error) => {
                self.unreadable(&step.path, &error);
                None
            }
        }
    }

    fn show(&mut self, step: &Step, kind: Kind) {
        (self.visit)(Entry {
            path: &step.path,
            kind,
            executable: false,
            body: &mut io::empty(),
        });
    }

    /// Opens lazily: most files are never read.
    fn show_file(&mut self, step: &Step, metadata: &Metadata) {
        let mut body = LazyFile {
            path: &step.on_disk,
            identity: (metadata.dev(), metadata.ino()),
            file: None,
            error: None,
        };
        (self.visit)(Entry {
            path: &step.path,
            kind: Kind::File {
                size: metadata.len(),
            },
            executable: metadata.mode() & 0o111 != 0,
            body: &mut body,
        });
        if let Some(error) = body.error {
            self.unreadable(&step.path, &error);
        }
    }

    fn unreadable(&mut self, path: &str, error: &io::Error) {
        let detail = format!("cannot be read: {error}");
        self.problems.add(ProblemKind::Malformed, path, detail);
    }
}

struct LazyFile<'a> {
    path: &'a Path,
    identity: (u64, u64),
    file: Option<File>,
    error: Option<io::Error>,
}

impl LazyFile<'_> {
    /// The file that was listed; one that was put in its place since then is refused.
    fn open(&self) -> io::Result<File> {
        let file = File::open(self.path)?;
        let metadata = file.metadata()?;
        match (metadata.dev(), metadata.ino()) == self.identity {
            true => Ok(file),
            false => Err(io::Error::other("the file was replaced while it was read")),
        }
    }

    fn try_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let read = io::Read::read(&mut file, buffer);
        self.file = Some(file);
        read
    }
}

impl io::Read for LazyFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.try_read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let kind = error.kind();
                self.error = Some(error);
                Err(kind.into())
            }
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_tree_is_shown_sorted_and_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("etc/deep/er")).unwrap();
        fs::write(at("etc/os-release"), "ID=x").unwrap();
        fs::write(at("etc/deep/er/.wh.x"), "").unwrap();
        fs::write(at("run"), "#!").unwrap();
        fs::set_permissions(at("run"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("/", at("etc/root")).unwrap();
        symlink("../nowhere", at("a")).unwrap();
        let mut lines = String::new();
        let limits = Limits::default();
        let mut visit = |entry: Entry<'_>| {
            let mut body = String::new();
            entry.body.read_to_string(&mut body).unwrap();
            lines += &format!(
                "{} {:?} {} {body}\n",
                entry.path, entry.kind, entry.executable
            );
        };
        let problems = entries(root.path(), &limits, &mut visit).unwrap();
        assert!(problems.is_empty(), "{problems:?}");
        expect_test::expect![[r#"
            a Symlink { target: "../nowhere" } false 
            etc Directory false 
            etc/deep Directory false 
            etc/deep/er Directory false 
            etc/deep/er/.wh.x File { size: 0 } false 
            etc/os-release File { size: 4 } false ID=x
            etc/root Symlink { target: "/" } false 
            run File { size: 2 } true #!
        "#]]
        .assert_eq(&lines);

        let limits = Limits {
            entries: 3,
            ..limits
        };
        let problems = entries(root.path(), &limits, &mut |_| {}).unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::Limit);
        let limits = Limits {
            directory_depth: 1,
            ..Limits::default()
        };
        let problems = entries(root.path(), &limits, &mut |_| {}).unwrap();
        assert_eq!(problems[0].place, "etc/deep");
        assert!(entries(&at("absent"), &limits, &mut |_| {}).is_err());
    }
}
