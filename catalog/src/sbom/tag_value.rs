//! SPDX 2.x as lines `Tag: value`: SPDX specification 2.3, "Tag:Value format".

use std::io::BufRead;

use model::ProblemKind;

use super::bill::Bill;
use super::component::{Component, licence};

pub(super) fn parse(mut reader: impl BufRead, bill: &mut Bill) {
    let mut walk = Walk::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        // A reader in memory, or one that ends instead of failing.
        if !reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            break;
        }
        if let Ok(line) = std::str::from_utf8(&line) {
            walk.line(line, bill);
        }
    }
    walk.component.into_iter().for_each(|one| bill.add(one));
    bill.is_bill |= walk.is_spdx;
    if !walk.is_spdx {
        bill.problem(
            ProblemKind::Malformed,
            "is no bill of materials of a known form",
        );
    }
}

#[derive(Default)]
struct Walk {
    component: Option<Component>,
    is_spdx: bool,
    /// Whether a text goes on over more lines.
    is_inside: bool,
    /// The relationship before, whose comment may follow.
    relationship: (String, String),
}

impl Walk {
    fn line(&mut self, line: &str, bill: &mut Bill) {
        if self.is_inside {
            self.is_inside = !line.contains("</text>");
            return;
        }
        self.is_inside = line.contains("<text>") && !line.contains("</text>");
        let Some((tag, value)) = line.split_once(':') else {
            return;
        };
        let value = value.trim();
        let value = value.strip_prefix("<text>").unwrap_or(value);
        let value = value.strip_suffix("</text>").unwrap_or(value);
        match tag.trim() {
            "SPDXVersion" => self.is_spdx = true,
            "Creator" => bill.creator(value),
            "PackageName" => {
                let next = Component {
                    name: value.to_owned(),
                    ..Component::default()
                };
                let before = self.component.replace(next);
                before.into_iter().for_each(|one| bill.add(one));
            }
            // What follows is of files, and not of the package above.
            "FileName" | "SnippetSPDXID" => {
                let before = self.component.take();
                before.into_iter().for_each(|one| bill.add(one));
            }
            tag => {
                self.about(tag, value, bill);
                let component = self.component.iter_mut();
                component.for_each(|one| field(one, tag, value));
            }
        }
    }

    /// What is said of the document.
    fn about(&mut self, tag: &str, value: &str, bill: &mut Bill) {
        let Some(rest) = &mut bill.rest else {
            return;
        };
        match tag {
            "ExternalDocumentRef" => rest.others += 1,
            "Relationship" => {
                let mut words = value.split_whitespace().map(str::to_owned);
                let (from, kind, to) = (words.next(), words.next(), words.next());
                let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
                if kind.as_deref() == Some("DESCRIBES") {
                    rest.roots.insert(to.clone());
                }
                self.relationship = (from, to);
            }
            "RelationshipComment" if value.starts_with("ownership-by-file-overlap") => {
                rest.overlaps.push(std::mem::take(&mut self.relationship));
            }
            _ => {}
        }
    }
}

fn field(component: &mut Component, tag: &str, value: &str) {
    match tag {
        "SPDXID" => value.clone_into(&mut component.id),
        "PackageVersion" => value.clone_into(&mut component.version),
        "PackageSupplier" => component.supplier(value),
        "PackageSourceInfo" => component.source_info(value),
        "PackageLicenseDeclared" => component.licence = licence(value),
        "PrimaryPackagePurpose" => value.clone_into(&mut component.kind),
        "PackageAttributionText" | "AnnotationComment" => component.remark(value),
        "ExternalRef" => {
            let mut words = value.split_whitespace().skip(1);
            match (words.next(), words.next()) {
                (Some("purl"), Some(purl)) if component.purl.is_empty() => {
                    component.purl = purl.to_owned();
                }
                (Some("cpe23Type"), Some(cpe)) if component.cpe.is_empty() => {
                    component.cpe = cpe.to_owned();
                }
                _ => {}
            }
        }
        _ => {}
    }
}
