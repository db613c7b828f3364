//! Java: archives, archives in archives, and what a project depends on.

use crate::deed::{Deed, Site};

/// What mends an artifact of Java.
pub fn deed(site: &Site<'_>) -> Deed {
    let (name, target, path) = (site.name, site.target, site.path);
    let Some((group, artifact)) = name.split_once(':') else {
        return site.replace();
    };
    let dependency = format!(
        "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
         <version>{target}</version></dependency>"
    );
    let file = site.file();
    Deed::Sentence(if let Some((outer, _)) = path.split_once(':') {
        format!(
            "Build {outer} again with {name} {target}, which lies in it; for Maven, in \
             <dependencyManagement>: {dependency}"
        )
    } else if file == "pom.xml" {
        format!("In {path}, in <dependencyManagement>: {dependency}")
    } else if file.ends_with(".lockfile") {
        format!(
            "Beside {path}: dependencies {{ constraints {{ implementation(\"{name}:{target}\") }} \
             }}, then gradle dependencies --write-locks."
        )
    } else {
        format!("Replace {path} by {name} {target}.")
    })
}
