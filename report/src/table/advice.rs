//! What mends an image: after the findings in short, and as an answer of its own in full.
//!
//! A command is broken between words only, with a backslash, so that it can be copied as it is.

use std::io;

use advice::{Action, Advice, Place, Step, Upgrade, Why};
use model::Inventory;

use super::findings;
use super::paint::Painter;
use crate::text::{count, length, plain, wrap};

/// How many things to do the short form shows.
const SHOWN: usize = 12;

/// Where it is written, and how wide.
struct Page<'a> {
    inventory: &'a Inventory,
    width: usize,
    painter: Painter,
}

/// The commands, without the packages that they are for.
pub fn short(
    inventory: &Inventory,
    advice: &Advice,
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let page = Page {
        inventory,
        width,
        painter,
    };
    writeln!(out, "To fix {}:", of_all(advice))?;
    let mut left = SHOWN;
    for step in &advice.steps {
        let shown = step.actions.get(..left.min(step.actions.len()));
        let shown = shown.unwrap_or_default();
        if shown.is_empty() {
            break;
        }
        page.origin(step, out)?;
        shown
            .iter()
            .try_for_each(|action| page.action(action, out))?;
        page.cautions(step, &advice.upgrades, out)?;
        left -= shown.len();
    }
    let all: usize = advice.steps.iter().map(|step| step.actions.len()).sum();
    match all.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => page.lines(2, &format!("and {more} more: --format advice"), out),
    }
}

/// The commands, the packages that they are for, and what stays.
pub fn full(
    inventory: &Inventory,
    advice: &Advice,
    width: usize,
    painter: Painter,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let page = Page {
        inventory,
        width,
        painter,
    };
    for step in &advice.steps {
        page.origin(step, out)?;
        for action in &step.actions {
            page.action(action, out)?;
        }
        writeln!(out)?;
        for upgrade in of_step(step, &advice.upgrades) {
            page.upgrade(upgrade, out)?;
        }
        writeln!(out)?;
    }
    let is_without = |upgrade: &&Upgrade| upgrade.target.is_none();
    let without: Vec<&Upgrade> = advice.upgrades.iter().filter(is_without).collect();
    if without.is_empty() {
        return Ok(());
    }
    writeln!(out, "  with no version to go to")?;
    without
        .into_iter()
        .try_for_each(|upgrade| page.upgrade(upgrade, out))?;
    writeln!(out)
}

/// `3 of 5 findings`.
pub fn of_all(advice: &Advice) -> String {
    let all = count(advice.clears + advice.stays, "finding");
    format!("{} of {all}", advice.clears)
}

fn of_step<'a>(step: &'a Step, upgrades: &'a [Upgrade]) -> impl Iterator<Item = &'a Upgrade> {
    step.upgrades.iter().filter_map(|at| upgrades.get(*at))
}

impl Page<'_> {
    /// Lines of a text, each of them indented.
    fn lines(&self, indent: usize, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        for line in wrap(&plain(text), room) {
            writeln!(out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// Where the packages of a step came from; nothing for a directory. A build command can be
    /// long: one line of it is shown, the document has all of it.
    fn origin(&self, step: &Step, out: &mut dyn io::Write) -> io::Result<()> {
        for digest in &step.layers {
            let layers = &self.inventory.layers;
            let Some(at) = layers.iter().position(|layer| layer.diff_id == *digest) else {
                writeln!(out, "  in a layer that is not named")?;
                continue;
            };
            let base = if at == 0 { ", the lowest" } else { "" };
            let number = format!("  in layer {} of {}{base}", at + 1, layers.len());
            let command = layers.get(at).map_or("", |layer| &layer.command);
            let line = plain(&advice::instruction(command));
            let text = match line.is_empty() {
                true => number,
                false => format!("{number}: {line}"),
            };
            writeln!(out, "{}", cut(text, self.width))?;
        }
        Ok(())
    }

    fn action(&self, action: &Action, out: &mut dyn io::Write) -> io::Result<()> {
        let is_image = !self.inventory.layers.is_empty();
        match action.place {
            Place::Image if is_image => self.command("RUN", action, out),
            Place::Image | Place::Project => self.command("$", action, out),
            Place::Hand => {
                let mut mark = "- ";
                for line in wrap(&plain(&action.text()), self.width.saturating_sub(6)) {
                    writeln!(out, "    {mark}{line}")?;
                    mark = "  ";
                }
                Ok(())
            }
        }
    }

    /// A command, each line but the last with a backslash at its end; of several that follow one
    /// another each begins a line, where not all fit in one.
    fn command(&self, mark: &str, action: &Action, out: &mut dyn io::Write) -> io::Result<()> {
        let whole = plain(&action.text());
        let fits = length(&whole) + length(mark) + 5 <= self.width;
        let room = self.width.saturating_sub(2);
        let mut line = format!("    {mark}");
        let mut words = 0;
        for word in action.words.iter().map(|word| plain(word)) {
            let is_full = length(&line) + 1 + length(&word) > room;
            if words > 0 && !fits && (is_full || word == "&&") {
                writeln!(out, "{line} \\")?;
                line = "       ".to_owned();
                words = 0;
            }
            line = format!("{line} {word}");
            words += 1;
        }
        writeln!(out, "{line}")
    }

    /// Packages that go to another major version.
    fn cautions(
        &self,
        step: &Step,
        upgrades: &[Upgrade],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let is_other = |upgrade: &&Upgrade| upgrade.same_major == Some(false);
        let names: Vec<&str> = of_step(step, upgrades)
            .filter(is_other)
            .map(|upgrade| upgrade.name.as_str())
            .collect();
        match names.is_empty() {
            true => Ok(()),
            false => {
                let text = format!("! Another major version: {}", names.join(", "));
                self.lines(4, &text, out)
            }
        }
    }

    fn upgrade(&self, upgrade: &Upgrade, out: &mut dyn io::Write) -> io::Result<()> {
        let mut text = format!("{} {}", upgrade.name, upgrade.version);
        if let Some(target) = &upgrade.target {
            text += &format!(" -> {target} or newer");
        }
        if upgrade.packages != [upgrade.name.as_str()] {
            text += &format!(" ({})", upgrade.packages.join(", "));
        }
        self.lines(4, &text, out)?;
        if upgrade.same_major == Some(false) {
            let text = "another major version: what uses it may have to change";
            for line in wrap(text, self.width.saturating_sub(6)) {
                writeln!(out, "      {}", self.painter.warning(&line))?;
            }
        }
        if !upgrade.clears.is_empty() {
            self.lines(6, &format!("clears {}", upgrade.clears.join(", ")), out)?;
        }
        let stays: Vec<String> = upgrade
            .stays
            .iter()
            .map(|stay| format!("{} ({})", stay.id, reason(stay.why)))
            .collect();
        match stays.is_empty() {
            true => Ok(()),
            false => self.lines(6, &format!("stays {}", stays.join(", ")), out),
        }
    }
}

/// The text, or as much of it as fits, with an ellipsis.
fn cut(text: String, width: usize) -> String {
    if length(&text) <= width {
        return text;
    }
    let begin: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{} …", begin.trim_end())
}

fn reason(why: Why) -> &'static str {
    match why {
        Why::NoFix(status) => findings::word(status),
        Why::Undecided => "which version has the fix could not be told",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::fixture::{layered, options, written};
    use crate::table::{advice, write};

    /// What stands behind the findings, in short, or the advice from its first step on.
    fn check(form: crate::Write, width: Option<u16>, expected: Expect) {
        let text = written(form, &layered(), &options(width));
        let begin = text.find("To fix").or_else(|| text.find("  in layer"));
        expected.assert_eq(text.split_at(begin.unwrap()).1);
    }

    #[test]
    fn the_short_form_has_commands_that_can_be_copied() {
        check(
            write,
            None,
            expect![[r#"
                To fix 4 of 6 findings:
                  in layer 1 of 3, the lowest: ADD file:d2abf27fe2e8b0b5f4da68c018560c73e11c53098329246e3e6fe1 in /
                  in layer 2 of 3: RUN apt-get update && apt-get install -y curl
                    RUN apt-get update \
                        && apt-get install --only-upgrade -y curl libssl3 \
                        && rm -rf /var/lib/apt/lists/*
                  in layer 3 of 3: COPY . /app
                    $ npm install lodash@4.17.21
                    - In app/package.json set "overrides": {"got": {"json5": "2.2.2"}}, then npm install.
                    ! Another major version: json5

                6 findings: 6 high; 4 have a fix.
            "#]],
        );
        check(
            write,
            Some(80),
            expect![[r#"
                To fix 4 of 6 findings:
                  in layer 1 of 3, the lowest: ADD file:d2abf27fe2e8b0b5f4da68c018560c73e11c53 …
                  in layer 2 of 3: RUN apt-get update && apt-get install -y curl
                    RUN apt-get update \
                        && apt-get install --only-upgrade -y curl libssl3 \
                        && rm -rf /var/lib/apt/lists/*
                  in layer 3 of 3: COPY . /app
                    $ npm install lodash@4.17.21
                    - In app/package.json set "overrides": {"got": {"json5": "2.2.2"}}, then npm
                      install.
                    ! Another major version: json5

                6 findings: 6 high; 4 have a fix.
            "#]],
        );
        check(
            write,
            Some(50),
            expect![[r#"
                To fix 4 of 6 findings:
                  in layer 1 of 3, the lowest: ADD file:d2abf27f …
                  in layer 2 of 3: RUN apt-get update && apt-get …
                    RUN apt-get update \
                        && apt-get install --only-upgrade -y \
                        curl libssl3 \
                        && rm -rf /var/lib/apt/lists/*
                  in layer 3 of 3: COPY . /app
                    $ npm install lodash@4.17.21
                    - In app/package.json set "overrides": {"got":
                      {"json5": "2.2.2"}}, then npm install.
                    ! Another major version: json5

                6 findings: 6 high; 4 have a fix.
            "#]],
        );
    }

    #[test]
    fn the_full_form_has_what_stays_as_well() {
        check(
            advice,
            Some(80),
            expect![[r#"
                  in layer 1 of 3, the lowest: ADD file:d2abf27fe2e8b0b5f4da68c018560c73e11c53 …
                  in layer 2 of 3: RUN apt-get update && apt-get install -y curl
                    RUN apt-get update \
                        && apt-get install --only-upgrade -y curl libssl3 \
                        && rm -rf /var/lib/apt/lists/*

                    curl 7.88.1-10 -> 7.88.1-10+deb12u4 or newer
                      clears CVE-2023-38545
                    openssl 3.0.9-1 -> 3.0.11-1~deb12u2 or newer (libssl3)
                      clears CVE-2023-5363
                      stays CVE-2023-5678 (fix put off)

                  in layer 3 of 3: COPY . /app
                    $ npm install lodash@4.17.21
                    - In app/package.json set "overrides": {"got": {"json5": "2.2.2"}}, then npm
                      install.

                    json5 1.0.1 -> 2.2.2 or newer
                      another major version: what uses it may have to change
                      clears CVE-2022-46175
                    lodash 4.17.20 -> 4.17.21 or newer
                      clears CVE-2021-23337

                  with no version to go to
                    zlib1g 1:1.2.13
                      stays CVE-2023-45853 (will not fix)

                This clears 4 of 6 findings. 6 findings: 6 high; 4 have a fix.
            "#]],
        );
        check(
            advice,
            Some(50),
            expect![[r#"
                  in layer 1 of 3, the lowest: ADD file:d2abf27f …
                  in layer 2 of 3: RUN apt-get update && apt-get …
                    RUN apt-get update \
                        && apt-get install --only-upgrade -y \
                        curl libssl3 \
                        && rm -rf /var/lib/apt/lists/*

                    curl 7.88.1-10 -> 7.88.1-10+deb12u4 or newer
                      clears CVE-2023-38545
                    openssl 3.0.9-1 -> 3.0.11-1~deb12u2 or newer
                    (libssl3)
                      clears CVE-2023-5363
                      stays CVE-2023-5678 (fix put off)

                  in layer 3 of 3: COPY . /app
                    $ npm install lodash@4.17.21
                    - In app/package.json set "overrides": {"got":
                      {"json5": "2.2.2"}}, then npm install.

                    json5 1.0.1 -> 2.2.2 or newer
                      another major version: what uses it may have
                      to change
                      clears CVE-2022-46175
                    lodash 4.17.20 -> 4.17.21 or newer
                      clears CVE-2021-23337

                  with no version to go to
                    zlib1g 1:1.2.13
                      stays CVE-2023-45853 (will not fix)

                This clears 4 of 6 findings. 6 findings: 6 high; 4
                have a fix.
            "#]],
        );
    }

    #[test]
    fn the_short_form_ends_and_says_where_more_is() {
        let mut scan = layered();
        let one = scan.findings.pop().unwrap();
        for number in 0..30 {
            let mut other = one.clone();
            other.package.name = format!("module-{number:02}");
            other.locations[0].path = format!("opt/module-{number:02}.js");
            scan.findings.push(other);
        }
        let text = written(write, &scan, &options(None));
        assert!(text.contains("and 20 more: --format advice\n"), "{text}");
        let text = written(advice, &scan, &options(None));
        assert!(text.contains("module-29") && !text.contains("more:"));
    }

    #[test]
    fn a_directory_has_no_layers_and_no_lines_to_run() {
        let mut scan = layered();
        scan.inventory.layers.clear();
        for finding in &mut scan.findings {
            finding.locations[0].layer = None;
        }
        let text = written(write, &scan, &options(None));
        assert!(text.contains("    $ apt-get update"), "{text}");
        assert!(!text.contains("RUN") && !text.contains("in layer"));
    }
}
