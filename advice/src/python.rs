//! Python: distributions that are installed, or that a project pins or locks.

use crate::Place;
use crate::deed::{Deed, Site};
use crate::{shell, target};

/// What mends a distribution of Python.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, path) = (site.name, site.path);
    let exactly = format!("{name}=={}", site.target);
    match site.file() {
        "Pipfile.lock" => Deed::command(Place::Project, "pipenv upgrade", &range(site)),
        "poetry.lock" => locked(site, "poetry update"),
        "pdm.lock" => locked(site, "pdm update"),
        // It takes one package for each time that it is named.
        "uv.lock" => Deed::Command {
            place: Place::Project,
            before: ["uv", "lock", "--upgrade-package"]
                .map(str::to_owned)
                .into(),
            argument: None,
            after: vec![shell::quoted(&range(site))],
        },
        "setup.py" => Deed::Sentence(format!("In {path}: {exactly}")),
        file if file.ends_with(".txt") => Deed::Sentence(format!("In {path}: {exactly}")),
        file if file.ends_with(".toml") || file.ends_with(".lock") => {
            Deed::Sentence(format!("Lock {path} again, with {exactly} or newer."))
        }
        _ => installed(site),
    }
}

/// A lock file's command that goes as far as the project's own ranges let it.
fn locked(site: &Site<'_>, words: &str) -> Deed {
    if site.same_major == Some(false) {
        let (name, target, path) = (site.name, site.target, site.path);
        return Deed::Sentence(format!(
            "Raise {name} to {target} in the pyproject.toml beside {path}, then lock again."
        ));
    }
    Deed::command(Place::Project, words, site.name)
}

fn installed(site: &Site<'_>) -> Deed {
    if let Some((before, _)) = site.path.split_once("/_vendor/") {
        let outer = before.rsplit('/').next().unwrap_or_default();
        return Deed::Sentence(format!(
            "{} {} is a part of {outer}: take a newer {outer}, with {} or newer.",
            site.name, site.version, site.target
        ));
    }
    let command = Deed::command(
        Place::Image,
        "pip install --no-cache-dir --upgrade",
        &range(site),
    );
    let prefix = site
        .path
        .split_once("/lib/python")
        .map(|(prefix, _)| prefix);
    match prefix {
        // An environment of its own, with a pip of its own.
        Some(prefix) if !matches!(prefix, "usr" | "usr/local") => {
            command.by(&format!("/{prefix}/bin/pip"))
        }
        _ => command,
    }
}

/// The target and what is newer, within the installed major version if the target is.
fn range(site: &Site<'_>) -> String {
    let (name, target) = (site.name, site.target);
    let next = target::next_major(target).filter(|_| site.same_major == Some(true));
    match next {
        Some(next) => format!("{name}>={target},<{next}"),
        None => format!("{name}>={target}"),
    }
}
