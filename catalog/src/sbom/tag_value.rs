//! SPDX 2.x as lines `Tag: value`: SPDX specification 2.3, "Tag:Value format".

use model::ProblemKind;

use super::{Bill, Component, licence};
use crate::text::lines;

pub(super) fn parse(bytes: &[u8], bill: &mut Bill) {
    let mut component = None;
    let (mut is_spdx, mut is_inside) = (false, false);
    for (_, line) in lines(bytes) {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        // Texts may go on over many lines.
        if is_inside {
            is_inside = !line.contains("</text>");
            continue;
        }
        is_inside = line.contains("<text>") && !line.contains("</text>");
        let Some((tag, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match tag.trim() {
            "SPDXVersion" => is_spdx = true,
            "PackageName" => {
                let next = Component {
                    name: value.to_owned(),
                    ..Component::default()
                };
                component
                    .replace(next)
                    .into_iter()
                    .for_each(|one| bill.add(one));
            }
            // What follows is of files, and not of the package above.
            "FileName" | "SnippetSPDXID" => {
                component.take().into_iter().for_each(|one| bill.add(one));
            }
            tag => component.iter_mut().for_each(|one| field(one, tag, value)),
        }
    }
    component.into_iter().for_each(|one| bill.add(one));
    if !is_spdx {
        bill.problem(
            ProblemKind::Malformed,
            "is no bill of materials of a known form",
        );
    }
}

fn field(component: &mut Component, tag: &str, value: &str) {
    match tag {
        "PackageVersion" => component.version = value.to_owned(),
        "PackageLicenseDeclared" => component.licence = licence(value),
        "PrimaryPackagePurpose" => component.is_system = value == "OPERATING-SYSTEM",
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            match (words.next(), words.next()) {
                (Some("purl"), Some(purl)) if component.purl.is_empty() => {
                    component.purl = purl.to_owned();
                }
                (Some("cpe23Type"), Some(cpe)) => component.cpe = cpe.to_owned(),
                _ => {}
            }
        }
        _ => {}
    }
}
