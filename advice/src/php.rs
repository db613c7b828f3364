//! PHP: what Composer installed or locked.

use crate::Place;
use crate::deed::{Deed, Site};

/// What mends a package of PHP.
pub fn deed(site: &Site<'_>) -> Deed {
    match site.file() {
        // Composer's own program, and others that are one file.
        "" | "installed.json" | "composer.lock" => {
            let argument = format!("{}:^{}", site.name, site.target.trim_start_matches('v'));
            Deed::command(Place::Project, "composer require -W", &argument)
        }
        _ => site.replace(),
    }
}
