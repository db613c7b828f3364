//! Which files a format is read from.

/// Paths, written without a leading slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This path.
    Exact(&'static str),
    /// The files directly in a directory whose names end so.
    In {
        /// The directory.
        directory: &'static str,
        /// How the name ends; empty for every name.
        suffix: &'static str,
    },
    /// Files one directory below one, by name: `directory/*/name`.
    Within {
        /// The directory.
        directory: &'static str,
        /// The file's name.
        name: &'static str,
    },
    /// Files two directories below one, by name: `directory/*/*/name`.
    Deep {
        /// The directory.
        directory: &'static str,
        /// The file's name.
        name: &'static str,
    },
    /// Files of that name, wherever they are.
    Name(&'static str),
    /// Files whose names end so, wherever they are.
    Ending(&'static str),
    /// Files of a name in directories whose names end so: `*.dist-info/METADATA`.
    Beside {
        /// How the directory's name ends.
        directory: &'static str,
        /// The file's name.
        name: &'static str,
    },
    /// Files whose names end so, in a directory or below it, wherever that is. The directory may
    /// be several: `ports/packages`.
    Under {
        /// The directory's name.
        directory: &'static str,
        /// How the file's name ends.
        ending: &'static str,
    },
    /// Directories directly in one: of each the name is read, and no file.
    Directory(&'static str),
    /// Files of a name in a directory or below it, wherever that is. The directory may be several.
    Below {
        /// The directory's name.
        directory: &'static str,
        /// The file's name.
        name: &'static str,
    },
    /// Files whose names hold a word and end so, wherever they are: `*requirements*.txt`.
    Holding {
        /// The word.
        word: &'static str,
        /// How the name ends.
        ending: &'static str,
    },
    /// Files that no other pattern means and that begin as programs and libraries do: ELF, PE and
    /// Mach-O.
    Program,
}

impl Pattern {
    /// Whether a file's path is meant. Of a program the path says nothing.
    pub fn matches(&self, path: &str) -> bool {
        let (parent, file) = image::path::split(path);
        match self {
            Pattern::Exact(exact) => *exact == path,
            Pattern::In { directory, suffix } => parent == *directory && file.ends_with(suffix),
            Pattern::Within { directory, name } => is_at(path, directory, 1, name),
            Pattern::Deep { directory, name } => is_at(path, directory, 2, name),
            Pattern::Name(name) => file == *name,
            Pattern::Ending(ending) => file.len() > ending.len() && file.ends_with(ending),
            Pattern::Beside { directory, name } => {
                file == *name && image::path::split(parent).1.ends_with(directory)
            }
            Pattern::Under { directory, ending } => {
                file.ends_with(ending) && is_below(parent, directory)
            }
            Pattern::Below { directory, name } => file == *name && is_below(parent, directory),
            Pattern::Holding { word, ending } => {
                let stem = file.strip_suffix(ending);
                stem.is_some_and(|stem| stem.contains(word))
            }
            Pattern::Directory(_) | Pattern::Program => false,
        }
    }

    /// The path, or the directory, that it begins with; `None` where that may be any.
    pub fn root(&self) -> Option<&'static str> {
        match self {
            Pattern::Exact(path) => Some(path),
            Pattern::In { directory, .. }
            | Pattern::Within { directory, .. }
            | Pattern::Deep { directory, .. } => Some(directory),
            _ => None,
        }
    }

    /// Where a path of its kind is looked for among many patterns.
    pub(super) fn hook(&self) -> Hook {
        match *self {
            Pattern::Exact(path) => Hook::Name(path.rsplit('/').next().unwrap_or(path)),
            Pattern::Within { name, .. }
            | Pattern::Deep { name, .. }
            | Pattern::Name(name)
            | Pattern::Beside { name, .. }
            | Pattern::Below { name, .. } => Hook::Name(name),
            Pattern::In { suffix: end, .. }
            | Pattern::Ending(end)
            | Pattern::Holding { ending: end, .. }
            | Pattern::Under { ending: end, .. } => match end.rfind('.') {
                Some(dot) => Hook::Extension(end.get(dot..).unwrap_or(end)),
                None => Hook::Any,
            },
            Pattern::Directory(_) | Pattern::Program => Hook::Never,
        }
    }
}

/// By what of a path patterns are found quickly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    /// The file's whole name.
    Name(&'static str),
    /// The name's last dot and what follows it.
    Extension(&'static str),
    /// Nothing: every path has to be compared.
    Any,
    /// No path.
    Never,
}

/// Whether a path is of that name, so many directories below one.
fn is_at(path: &str, directory: &str, below: usize, name: &str) -> bool {
    let rest = path
        .strip_prefix(directory)
        .and_then(|rest| rest.strip_prefix('/'));
    rest.is_some_and(|rest| {
        rest.matches('/').count() == below && rest.rsplit('/').next() == Some(name)
    })
}

/// Whether a directory is one of that name or lies below one.
fn is_below(path: &str, directory: &str) -> bool {
    path.match_indices(directory).any(|(at, _)| {
        let before = path.get(..at).unwrap_or_default();
        let after = path.get(at + directory.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
    })
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Exact(path) => write!(f, "/{path}"),
            Pattern::In { directory, suffix } => write!(f, "/{directory}/*{suffix}"),
            Pattern::Within { directory, name } => write!(f, "/{directory}/*/{name}"),
            Pattern::Deep { directory, name } => write!(f, "/{directory}/*/*/{name}"),
            Pattern::Name(name) => write!(f, "**/{name}"),
            Pattern::Ending(ending) => write!(f, "**/*{ending}"),
            Pattern::Beside { directory, name } => write!(f, "**/*{directory}/{name}"),
            Pattern::Under { directory, ending } => write!(f, "**/{directory}/**/*{ending}"),
            Pattern::Directory(directory) => write!(f, "/{directory}/*/"),
            Pattern::Below { directory, name } => write!(f, "**/{directory}/**/{name}"),
            Pattern::Holding { word, ending } => write!(f, "**/*{word}*{ending}"),
            Pattern::Program => write!(f, "every ELF, PE and Mach-O file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_meant_by_their_patterns() {
        let info = Pattern::Beside {
            directory: ".dist-info",
            name: "METADATA",
        };
        let gem = Pattern::Under {
            directory: "specifications",
            ending: ".gemspec",
        };
        let opam = Pattern::Below {
            directory: ".opam-switch/packages",
            name: "opam",
        };
        let requirements = Pattern::Holding {
            word: "requirements",
            ending: ".txt",
        };
        let status = Pattern::In {
            directory: "var/lib/dpkg/status.d",
            suffix: "",
        };
        for (pattern, path, expected) in [
            (Pattern::Exact("a/b"), "a/b", true),
            (Pattern::Exact("a/b"), "x/a/b", false),
            (status, "var/lib/dpkg/status.d/base", true),
            (status, "var/lib/dpkg/status.d/base/x", false),
            (Pattern::Name("package.json"), "package.json", true),
            (Pattern::Name("package.json"), "a/b/package.json", true),
            (Pattern::Name("package.json"), "a/xpackage.json", false),
            (Pattern::Ending(".jar"), "a/x.jar", true),
            (Pattern::Ending(".jar"), "a/.jar", false),
            (info, "a/six-1.16.dist-info/METADATA", true),
            (info, "a/six/METADATA", false),
            (gem, "usr/specifications/x.gemspec", true),
            (gem, "usr/specifications/default/x.gemspec", true),
            (gem, "usr/xspecifications/x.gemspec", false),
            (gem, "specifications/x.gemspec", true),
            (opam, "a/.opam-switch/packages/b.1/opam", true),
            (opam, "a/.opam-switch/packages/b.1/b.opam", false),
            (opam, "usr/bin/opam", false),
            (requirements, "a/requirements.txt", true),
            (requirements, "a/dev-requirements-3.txt", true),
            (requirements, "requirements/dev.txt", false),
            (requirements, "requirements.in", false),
            (Pattern::Program, "usr/bin/ls", false),
        ] {
            assert_eq!(pattern.matches(path), expected, "{pattern} {path}");
        }
    }
}
