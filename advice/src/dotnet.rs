//! .NET: packages that a program was published with, or that a project refers to.

use crate::deed::{Deed, Site};
use crate::{Place, shell};

/// The runtimes, which are packages by name alone: they come with the image or the build's kit.
const RUNTIMES: [&str; 3] = [
    "Microsoft.NETCore.App.",
    "Microsoft.AspNetCore.App.",
    "Microsoft.WindowsDesktop.App.",
];

/// What mends a package of .NET.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, target, path) = (site.name, site.target, site.path);
    if RUNTIMES.iter().any(|runtime| name.starts_with(runtime)) {
        return Deed::Sentence(format!(
            "Build upon .NET {target} or newer, and publish {path} again."
        ));
    }
    let [name, target] = [name, target].map(shell::quoted);
    Deed::Command {
        place: Place::Project,
        before: ["dotnet", "add", "package"].map(str::to_owned).into(),
        argument: None,
        after: vec![name, "--version".into(), target],
    }
}
