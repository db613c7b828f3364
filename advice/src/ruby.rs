//! Ruby: gems that are installed, and those that a project is locked to.

use crate::deed::{Deed, Site};
use crate::{Place, shell};

/// What mends a gem of Ruby.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, version, target, path) = (site.name, site.version, site.target, site.path);
    let file = site.file();
    let is_locked = file.ends_with(".lock") || file == "gems.locked";
    if is_locked || path.contains("/bundle/") {
        return match site.same_major {
            Some(false) => Deed::Sentence(format!(
                "Raise {name} to {target} in the Gemfile that {path} comes from, then bundle update \
                 {name}."
            )),
            _ => Deed::command(Place::Project, "bundle update --conservative", name),
        };
    }
    if path.contains("/specifications/default/") {
        return Deed::Sentence(format!(
            "{name} {version} is a part of Ruby itself: take a newer Ruby, with {target} or newer."
        ));
    }
    // The old version stays in use by whom asks for it, unless it is removed.
    let [quoted, old, new] = [name, version, target].map(shell::quoted);
    let words = format!("gem install {quoted} -v {new} && gem uninstall -x -I {quoted} -v {old}");
    Deed::Command {
        place: Place::Image,
        before: words.split(' ').map(str::to_owned).collect(),
        argument: None,
        after: Vec::new(),
    }
}
