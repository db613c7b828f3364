//! Which release line packages come from: `etc/apk/repositories`, apk-repositories(5).

use image::Limits;
use model::Problem;

use crate::cataloger::{Cataloger, DistroFact, Found, PLAIN, Pattern, Role};
use crate::text::{FileProblems, lines, without_credentials};

/// The repositories in use: an edge repository on a stable tag makes it edge.
pub const APK_REPOSITORIES: Cataloger = Cataloger {
    name: "apk-repositories",
    reads: "package repositories of apk, and the release line of Alpine's; it wins over os-release",
    paths: &[Pattern::Exact("etc/apk/repositories")],
    role: Role::Facts,
    parse,
    ..PLAIN
};

fn parse(path: &str, bytes: &[u8], limits: &Limits) -> (Found, Vec<Problem>) {
    let mut problems = FileProblems::new(path, limits);
    let mut plain: Vec<(String, String)> = Vec::new();
    let mut channels = Vec::new();
    let mut repositories = Vec::new();
    let mut left_out = 0_usize;
    for (number, line) in lines(bytes) {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let line = line.trim();
        let (is_tagged, url) = match line.strip_prefix('@') {
            Some(tagged) => (true, tagged.split_whitespace().nth(1).unwrap_or_default()),
            None => (false, line),
        };
        if !url.is_empty() && !url.starts_with('#') {
            match repositories.len() < limits.repositories {
                true => repositories.push(format!("apk {}", without_credentials(url))),
                false => left_out = number,
            }
        }
        match branch(url) {
            Some((line, repository)) if is_tagged => channels.push(format!("{line}/{repository}")),
            Some(found) => plain.push(found),
            None => {}
        }
    }
    let main = plain.iter().find(|(_, repository)| repository == "main");
    let line = main.or(plain.first()).map(|(line, _)| line.clone());
    let others = plain
        .iter()
        .filter(|(other, _)| Some(other) != line.as_ref());
    channels.extend(others.map(|(line, repository)| format!("{line}/{repository}")));
    channels.sort();
    channels.dedup();
    let distro = (line.is_some() || !channels.is_empty())
        .then_some(DistroFact::Repositories { line, channels });
    if left_out > 0 {
        let detail = format!("names more than {} repositories", limits.repositories);
        problems.at(left_out, detail);
    }
    let found = Found {
        distro,
        repositories,
        ..Found::default()
    };
    (found, problems.finish())
}

/// Line and repository of `…/v3.18/main` or `…/edge/testing`; `None` for comments and others.
fn branch(url: &str) -> Option<(String, String)> {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let repository = parts.next()?;
    let line = match parts.next()? {
        "edge" => "edge",
        branch => branch.strip_prefix('v').filter(|line| is_version(line))?,
    };
    let is_plain = |text: &str| text.chars().all(|char| char.is_ascii_alphanumeric());
    let is_repository = !repository.is_empty() && is_plain(repository) && !url.starts_with('#');
    is_repository.then(|| (line.to_owned(), repository.to_owned()))
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_repository_names_the_line() {
        let cases = [
            (
                "https://x/alpine/v3.18/main\nhttps://x/alpine/v3.18/community\n",
                "3.18 []",
            ),
            (
                "#https://x/alpine/v3.18/main\nhttp://x/edge/main/\n",
                "edge []",
            ),
            (
                "http://x/edge/community\nhttp://x/v3.9/main\n@testing http://x/edge/testing\n",
                r#"3.9 ["edge/community", "edge/testing"]"#,
            ),
            ("http://x/edge/testing\n", "edge []"),
            ("@edge http://x/edge/main\n", r#"- ["edge/main"]"#),
            (
                "/media/cdrom/apks\nhttps://packages.wolfi.dev/os\nhttp://x/latest-stable/main\n",
                "",
            ),
            ("http://x/v3/main\nhttp://x/v3.x/main\n\u{0}\n@\n@tag\n", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            let (found, problems) = parse("r", text.as_bytes(), &Limits::default());
            let line = match found.distro {
                Some(DistroFact::Repositories { line, channels }) => {
                    format!("{} {channels:?}", line.as_deref().unwrap_or("-"))
                }
                _ => String::new(),
            };
            assert_eq!(line, expected, "{text}");
            assert!(problems.is_empty());
        }
    }
}
