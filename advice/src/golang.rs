//! Go: modules of programs and of sources, and Go itself.

use crate::Place;
use crate::deed::{Deed, Site};

/// What mends a module of Go.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, target, path) = (site.name, site.target, site.path);
    let is_sources = site.file() == "go.mod";
    if matches!(name, "stdlib" | "toolchain") {
        let version = target.trim_start_matches("go");
        return match path {
            _ if is_sources => {
                Deed::command(Place::Project, "go get", &format!("toolchain@go{version}"))
            }
            "" => Deed::Sentence(format!("Build with Go {version} or newer.")),
            path if path.ends_with("go/VERSION") => {
                Deed::Sentence(format!("Take Go {version} or newer for {path}."))
            }
            path => Deed::Sentence(format!("Build {path} again with Go {version} or newer.")),
        };
    }
    if is_program(name, path) {
        return Deed::Sentence(format!("Take {path} of version {target} or newer."));
    }
    let argument = match target.starts_with(|char: char| char.is_ascii_digit()) {
        true => format!("{name}@v{target}"),
        false => format!("{name}@{target}"),
    };
    match is_sources || path.is_empty() {
        true => Deed::command(Place::Project, "go get", &argument).then("&& go mod tidy"),
        false => Deed::Sentence(format!(
            "Build {path} again after: go get {argument} && go mod tidy"
        )),
    }
}

/// Whether a module is what a program was built from, which its name tells: `/v2` at the end is the
/// major version.
fn is_program(name: &str, path: &str) -> bool {
    let is_major = |part: &&str| {
        part.strip_prefix('v')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let last = name.rsplit('/').find(|part| !is_major(part));
    let file = path.rsplit('/').next().unwrap_or_default();
    let file = file.strip_suffix(".exe").unwrap_or(file);
    last == Some(file)
}
