//! The modules of a Go program, as `runtime/debug.BuildInfo` writes them: one line each, words
//! between tabs.

use image::Limits;
use image::problems::Problems;
use model::{Package, PackageType, Problem, ProblemKind};

use super::{linked, version};
use crate::program::layout::Layout;
use crate::text::{excerpt, lines, word};

/// What Go writes where it does not know a version.
pub const DEVEL: &str = "(devel)";

#[derive(Default)]
struct Modules {
    /// The program's own module and its version.
    main: Option<(String, String)>,
    dependencies: Vec<(String, String)>,
    /// The linker's flags.
    flags: String,
    /// What the next line would replace.
    last: Last,
}

#[derive(Default)]
enum Last {
    #[default]
    Nothing,
    Main,
    Dependency,
}

/// The modules of one program, the main one first.
pub fn packages(
    path: &str,
    text: &[u8],
    layout: &Layout<'_>,
    limits: &Limits,
) -> (Vec<Package>, Vec<Problem>) {
    let mut problems = Problems::new(limits.problems);
    let mut modules = Modules::default();
    for (_, line) in lines(text) {
        if !line.is_empty() && modules.line(line).is_none() {
            let detail = format!("names a module without a usable name: '{}'", excerpt(line));
            problems.add(ProblemKind::Malformed, path, detail);
        }
    }
    let main = modules.main.map(|(name, version)| {
        let version = match version.as_str() {
            DEVEL => version::of_flags(&modules.flags, &name)
                .or_else(|| linked::version(layout, &name))
                .unwrap_or(version),
            _ => version,
        };
        (name, version)
    });
    let all = main.into_iter().chain(modules.dependencies);
    let package = |(name, version)| Package::new(PackageType::Golang, name, version);
    (all.map(package).collect(), problems.finish(path))
}

impl Modules {
    /// Takes a line in; `None` where it names a module that has no usable name.
    fn line(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(|byte| *byte == b'\t');
        match words.next()? {
            b"mod" => {
                self.last = Last::Nothing;
                self.main = Some(module(words)?);
                self.last = Last::Main;
            }
            b"dep" => {
                self.last = Last::Nothing;
                self.dependencies.push(module(words)?);
                self.last = Last::Dependency;
            }
            b"=>" => {
                let (name, version) = module(words)?;
                let replaced = match self.last {
                    Last::Main => self.main.as_mut(),
                    Last::Dependency => self.dependencies.last_mut(),
                    Last::Nothing => None,
                };
                if let Some(replaced) = replaced {
                    replace(replaced, name, version);
                }
            }
            b"build" => {
                let setting = words.next()?;
                let value = setting
                    .strip_prefix(b"-ldflags=")
                    .or(setting.strip_prefix(b"\"-ldflags="));
                if let Some(value) = value {
                    // Go quotes a value with blanks; the backslashes in it are of no interest.
                    self.flags = String::from_utf8_lossy(value).replace('\\', "");
                }
            }
            _ => {}
        }
        Some(())
    }
}

/// A module's path and version; one that is not written is not known.
fn module<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Option<(String, String)> {
    let name = word(words.next()?)?;
    let version = words.next().and_then(word);
    Some((name, version.unwrap_or_else(|| DEVEL.to_owned())))
}

/// What is built is the replacement. One that is a directory has no name of its own: it is the
/// module that it replaces, of a version that nobody knows.
pub fn replace(replaced: &mut (String, String), name: String, version: String) {
    if !is_directory(&name) {
        replaced.0 = name;
    }
    replaced.1 = version;
}

/// Whether a replacement is a path on the disk of those who built the program.
fn is_directory(path: &str) -> bool {
    let starts = ["./", "../", "/", ".\\", "..\\"];
    let is_unix = path == "." || path == ".." || starts.iter().any(|start| path.starts_with(start));
    is_unix || path.as_bytes().get(1) == Some(&b':')
}
