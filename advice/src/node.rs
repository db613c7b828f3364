//! Node: packages in `node_modules`, and those that a project is locked to.

use crate::deed::{Deed, Site};
use crate::{Place, shell};

/// A project's tool, told by its lock file.
struct Tool {
    lock: &'static str,
    /// Where `package.json` says which version of a package of others is taken: what stands before
    /// and behind the object of names and versions.
    field: [&'static str; 2],
    /// What brings it about.
    command: &'static str,
}

const NPM: Tool = Tool {
    lock: "package-lock.json",
    field: ["\"overrides\": ", ""],
    command: "npm install",
};

/// Every tool but npm, which is taken where no file of another is seen.
const TOOLS: &[Tool] = &[
    Tool {
        lock: "pnpm-lock.yaml",
        field: ["\"pnpm\": {\"overrides\": ", "}"],
        command: "pnpm install",
    },
    Tool {
        lock: "yarn.lock",
        field: ["\"resolutions\": ", ""],
        command: "yarn install",
    },
    Tool {
        lock: "bun.lock",
        field: ["\"overrides\": ", ""],
        command: "bun install",
    },
];

const MODULES: &str = "node_modules/";

/// What mends a package of Node.
pub fn deed(site: &Site<'_>) -> Deed {
    let file = site.file();
    let directory = site.directory();
    if let Some(tool) = TOOLS.iter().find(|tool| tool.lock == file) {
        return overridden(site, tool, directory);
    }
    if matches!(file, "package-lock.json" | "npm-shrinkwrap.json") {
        return direct(site);
    }
    let Some((root, inside)) = split(site.path) else {
        return site.replace();
    };
    if root == "lib" || root.ends_with("/lib") {
        return global(site, inside);
    }
    let is_pnpm = inside.starts_with(".pnpm/");
    let tool = TOOLS.iter().find(|tool| match tool.lock {
        "pnpm-lock.yaml" if is_pnpm => true,
        lock => site.seen.has(root, lock),
    });
    let is_nested = inside.contains(MODULES);
    match tool {
        Some(tool) => overridden(site, tool, root),
        None if is_nested => overridden(site, &NPM, root),
        None => direct(site),
    }
}

/// The directory of the outermost `node_modules`, and the path in that.
fn split(path: &str) -> Option<(&str, &str)> {
    match path.strip_prefix(MODULES) {
        Some(inside) => Some(("", inside)),
        None => path.split_once("/node_modules/"),
    }
}

/// What npm installed for the whole system.
fn global(site: &Site<'_>, inside: &str) -> Deed {
    let (name, target) = (site.name, site.target);
    let Some((outer, _)) = inside.split_once("/node_modules/") else {
        return Deed::command(Place::Image, "npm install -g", &format!("{name}@{target}"));
    };
    let command = match shell::is_name_of_parts(outer.trim_start_matches('@'), '/') {
        true => format!(" (npm install -g {outer}@latest)"),
        false => String::new(),
    };
    Deed::Sentence(format!(
        "{name} {} is a part of {outer}: take a newer {outer}{command}, with {target} or newer.",
        site.version
    ))
}

fn direct(site: &Site<'_>) -> Deed {
    let argument = format!("{}@{}", site.name, site.target);
    Deed::command(Place::Project, "npm install", &argument)
}

/// A package that others ask for: the project says which version they get.
fn overridden(site: &Site<'_>, tool: &Tool, root: &str) -> Deed {
    let (name, target) = (site.name, site.target);
    let ([before, behind], command) = (tool.field, tool.command);
    let file = match root {
        "" => "package.json".to_owned(),
        _ => format!("{root}/package.json"),
    };
    Deed::Sentence(format!(
        "In {file} set {before}{{\"{name}\": \"{target}\"}}{behind}, then {command}."
    ))
}
