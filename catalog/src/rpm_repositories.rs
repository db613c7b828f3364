//! Which repositories rpm packages come from: the `.repo` files of yum and dnf (dnf.conf(5)) and of
//! zypper, and Red Hat's content manifests, which name the content sets that an image was built
//! from.

use image::Limits;
use model::Problem;
use serde::Deserialize;

use crate::cataloger::{Cataloger, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, excerpt, lines};

/// What yum, dnf and tdnf may install from.
pub const DNF: Cataloger = Cataloger {
    name: "dnf-repositories",
    reads: "the repositories that dnf and yum have enabled",
    paths: &[Pattern::In {
        directory: "etc/yum.repos.d",
        suffix: ".repo",
    }],
    role: Role::Facts,
    parse: |path, bytes, limits| parse_repositories("dnf", path, bytes, limits),
    ..PLAIN
};

/// What zypper may install from.
pub const ZYPPER: Cataloger = Cataloger {
    name: "zypper-repositories",
    reads: "the repositories that zypper has enabled",
    paths: &[Pattern::In {
        directory: "etc/zypp/repos.d",
        suffix: ".repo",
    }],
    role: Role::Facts,
    parse: |path, bytes, limits| parse_repositories("zypper", path, bytes, limits),
    ..PLAIN
};

/// What Red Hat's builds say that they were built from; of layered images each layer brings one.
pub const CONTENT_MANIFESTS: Cataloger = Cataloger {
    name: "content-manifests",
    reads: "the content sets that Red Hat's images were built from",
    // Below root's home directory, and in later builds below usr/share.
    paths: &[
        Pattern::Under {
            directory: "buildinfo/content_manifests",
            ending: ".json",
        },
        Pattern::Beside {
            directory: "buildinfo",
            name: "content-sets.json",
        },
    ],
    role: Role::Facts,
    parse: parse_content_manifest,
    ..PLAIN
};

/// A section of a `.repo` file.
struct Section<'a> {
    id: &'a str,
    is_enabled: bool,
}

impl Section<'_> {
    fn set(&mut self, key: &str, value: &str) {
        if key.eq_ignore_ascii_case("enabled") {
            let truths = ["1", "yes", "true", "on"];
            self.is_enabled = truths.iter().any(|truth| value.eq_ignore_ascii_case(truth));
        }
    }
}

fn parse_repositories(
    manager: &str,
    path: &str,
    bytes: &[u8],
    limits: &Limits,
) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    let mut section: Option<Section<'_>> = None;
    let mut end = |section: Option<Section<'_>>| {
        // `main` holds options for all.
        let is_one = |section: &Section<'_>| section.is_enabled && section.id != "main";
        if let Some(section) = section.filter(is_one) {
            found.repositories.push(format!("{manager} {}", section.id));
        }
    };
    for (number, line) in lines(bytes) {
        let text = std::str::from_utf8(line).unwrap_or_default();
        let text = text.trim_end();
        if let Some(rest) = text.strip_prefix('[') {
            end(section.take());
            match rest.split_once(']').filter(|(id, _)| is_id(id)) {
                Some((id, _)) => {
                    section = Some(Section {
                        id,
                        is_enabled: true,
                    });
                }
                None => problems.at(number, format!("is no section: '{}'", excerpt(line))),
            }
        } else if let (Some((key, value)), Some(section)) = (text.split_once('='), &mut section) {
            section.set(key.trim(), value.trim());
        }
    }
    end(section);
    (found, problems.finish())
}

/// One line of text: zypper's names may hold blanks.
fn is_id(id: &str) -> bool {
    let is_blank = id.trim().is_empty();
    !is_blank && id.len() <= 255 && !id.contains(char::is_control)
}

#[derive(Deserialize)]
struct ContentManifest {
    #[serde(default)]
    content_sets: Vec<String>,
}

fn parse_content_manifest(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut found = Found::default();
    match serde_json::from_slice::<ContentManifest>(bytes) {
        Ok(manifest) => {
            let sets = manifest.content_sets.into_iter().filter(|set| is_id(set));
            found.repositories = sets.map(|set| format!("content-set {set}")).collect();
        }
        Err(error) => problems.at(error.line(), format!("is no content manifest: {error}")),
    }
    (found, problems.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::show;
    use expect_test::expect;

    #[test]
    fn enabled_repositories_are_in_use() {
        // After ubi.repo of Red Hat's base image, 2023; the rest is made up.
        let text = "\
# comment
enabled=0
[main]
gpgcheck=1
[ubi-8-baseos-rpms]
name = Red Hat Universal Base Image 8 (RPMs) - BaseOS
enabled = 1
[ubi-8-baseos-debug-rpms]
enabled = 0

[epel]\r
name=[not a section]
[copr:copr.example.org:a:b] # and more
Enabled=True
[off]
enabled=1
enabled=no
[two words]
enabled=1
[
";
        expect![[r#"
            repository dnf ubi-8-baseos-rpms
            repository dnf epel
            repository dnf copr:copr.example.org:a:b
            repository dnf two words
            ! x.repo:20: is no section: '[' (malformed)
        "#]]
        .assert_eq(&show(parse_repositories(
            "dnf",
            "x.repo",
            text.as_bytes(),
            &Limits::default(),
        )));
    }

    #[test]
    fn content_sets_are_named_by_manifests() {
        // After ubi8-container-8.2-299.json, 2020.
        let text = r#"{"metadata": {"icm_version": 1}, "content_sets":
            ["rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms", " "],
            "image_contents": []}"#;
        let parse = |text: &str| {
            show(parse_content_manifest(
                "x.json",
                text.as_bytes(),
                &Limits::default(),
            ))
        };
        expect![[r#"
            repository content-set rhel-8-for-x86_64-baseos-rpms
            repository content-set rhel-8-for-x86_64-appstream-rpms
        "#]]
        .assert_eq(&parse(text));
        assert_eq!(parse("{}"), "");
        expect![[r#"
            ! x.json:1: is no content manifest: invalid type: string "x", expected a sequence at line 1 column 20 (malformed)
        "#]].assert_eq(&parse(r#"{"content_sets": "x"}"#));
    }
}
