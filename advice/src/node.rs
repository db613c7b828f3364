//! Node: packages in `node_modules`, and those that a project is locked to.

use crate::deed::{Deed, Site};
use crate::{Place, shell};

/// A project's tool, told by its lock file.
struct Tool {
    lock: &'static str,
    /// Where `package.json` says which version of a package of others is taken: what stands before
    /// and behind the object of packages and versions.
    field: [&'static str; 2],
    /// What stands in that object for a package, in the parent that is given where one is known.
    entry: fn(&Site<'_>, Option<&str>) -> String,
    /// What brings it about.
    command: &'static str,
}

const NPM: Tool = Tool {
    lock: "package-lock.json",
    field: ["\"overrides\": ", ""],
    entry: |site, parent| match parent {
        Some(parent) => format!("\"{parent}\": {{{}}}", plain_entry(site)),
        None => plain_entry(site),
    },
    command: "npm install",
};

/// Every tool but npm, which is taken where no file of another is seen.
const TOOLS: &[Tool] = &[
    Tool {
        lock: "pnpm-lock.yaml",
        field: ["\"pnpm\": {\"overrides\": ", "}"],
        entry: |site, _| format!("\"{}@{}\": \"{}\"", site.name, site.version, site.target),
        command: "pnpm install",
    },
    Tool {
        lock: "yarn.lock",
        field: ["\"resolutions\": ", ""],
        entry: |site, parent| match parent {
            Some(parent) => format!("\"{parent}/{}\": \"{}\"", site.name, site.target),
            None => plain_entry(site),
        },
        command: "yarn install",
    },
    Tool {
        lock: "bun.lock",
        field: ["\"overrides\": ", ""],
        entry: |site, _| plain_entry(site),
        command: "bun install",
    },
];

fn plain_entry(site: &Site<'_>) -> String {
    format!("\"{}\": \"{}\"", site.name, site.target)
}

const MODULES: &str = "node_modules/";

/// What mends a package of Node.
pub fn deed(site: &Site<'_>) -> Deed {
    let file = site.file();
    let directory = site.directory();
    if let Some(tool) = TOOLS.iter().find(|tool| tool.lock == file) {
        return overridden(site, tool, directory, None);
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
    let parent = parent(inside);
    let is_direct = inside.strip_suffix("/package.json") == Some(site.name);
    match (tool, parent) {
        (Some(tool), parent) => overridden(site, tool, root, parent),
        (None, Some(parent)) => overridden(site, &NPM, root, Some(parent)),
        (None, None) if is_direct => direct(site),
        // Under another name, or in a package that brought it as a file of its own.
        (None, None) => site.replace(),
    }
}

/// The directory of the outermost `node_modules`, and the path in that.
fn split(path: &str) -> Option<(&str, &str)> {
    match path.strip_prefix(MODULES) {
        Some(inside) => Some(("", inside)),
        None => path.split_once("/node_modules/"),
    }
}

/// The package in whose `node_modules` a path within one lies, if its name can be one.
fn parent(inside: &str) -> Option<&str> {
    let (outer, _) = inside.rsplit_once("/node_modules/")?;
    let name = outer.rsplit("/node_modules/").next().unwrap_or(outer);
    shell::is_name_of_parts(name.trim_start_matches('@'), '/').then_some(name)
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
fn overridden(site: &Site<'_>, tool: &Tool, root: &str, parent: Option<&str>) -> Deed {
    let ([before, behind], command) = (tool.field, tool.command);
    let entry = (tool.entry)(site, parent);
    let file = match root {
        "" => "package.json".to_owned(),
        _ => format!("{root}/package.json"),
    };
    Deed::Sentence(format!(
        "In {file} set {before}{{{entry}}}{behind}, then {command}."
    ))
}
