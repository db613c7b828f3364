//! What mends an image: after the findings in short, and as an answer of its own in full.
//!
//! A command is broken between words only, with a backslash, so that it can be copied as it is.

use std::io;

use advice::{Action, Advice, Place, Step, Upgrade, Why};
use model::{Digest, Inventory};

use super::findings;
use super::paint::Painter;
use crate::text::{count, fold, length, plain, wrap};

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

    /// Where the packages of a step came from; nothing for a directory.
    fn origin(&self, step: &Step, out: &mut dyn io::Write) -> io::Result<()> {
        for digest in &step.layers {
            // A build command can be long, and is in the document in full.
            let text = plain(&format!("in {}", self.layer(digest)));
            match fold(&text, self.width.saturating_sub(4)).as_slice() {
                [] => {}
                [only] => writeln!(out, "  {only}")?,
                [first, ..] => writeln!(out, "  {first} …")?,
            }
        }
        Ok(())
    }

    /// `layer 2 of 3: RUN apk add curl`.
    fn layer(&self, digest: &Digest) -> String {
        let layers = &self.inventory.layers;
        let Some(at) = layers.iter().position(|layer| layer.diff_id == *digest) else {
            return format!("layer {digest}");
        };
        let command = layers.get(at).map_or("", |layer| &layer.command);
        let line = advice::instruction(command);
        let base = if at == 0 { ", the lowest" } else { "" };
        let number = format!("layer {} of {}{base}", at + 1, layers.len());
        match line.is_empty() {
            true => number,
            false => format!("{number}: {line}"),
        }
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

    /// A command, each line but the last with a backslash at its end.
    fn command(&self, mark: &str, action: &Action, out: &mut dyn io::Write) -> io::Result<()> {
        let room = self.width.saturating_sub(2);
        let mut line = format!("    {mark}");
        let mut begun = false;
        for word in action.words.iter().map(|word| plain(word)) {
            if begun && length(&line) + 1 + length(&word) > room {
                writeln!(out, "{line} \\")?;
                line = "       ".to_owned();
            }
            line = format!("{line} {word}");
            begun = true;
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
            writeln!(out, "      {}", self.painter.warning(text))?;
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

fn reason(why: Why) -> &'static str {
    match why {
        Why::NoFix(status) => findings::word(status),
        Why::Undecided => "which version has the fix could not be told",
    }
}
