//! What is in an image, without a word on what is wrong with it.

use std::io;

use model::{Inventory, Target};

use crate::text::{count, length, plain, wrap};
use crate::{COLUMNS_FROM, Options, json};

/// Writes the document `lazaret.packages/1`: what a scan's document says of target, layers,
/// repositories and packages, and what could not be read.
///
/// # Errors
///
/// What the output answers.
pub fn json(target: &Target, inventory: &Inventory, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &json::packages(target, inventory))?;
    out.write_all(b"\n")
}

/// Writes a line for each package: type, name, version and the file that says so. In a narrow
/// terminal the file stands on a line of its own. What could not be read follows.
///
/// # Errors
///
/// What the output answers.
pub fn table(inventory: &Inventory, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let width = options.columns();
    let rows: Vec<[String; 4]> = inventory
        .packages
        .iter()
        .map(|installed| {
            let package = &installed.package;
            [
                package.kind.as_str().to_owned(),
                plain(&package.name),
                plain(&package.version),
                plain(&installed.path),
            ]
        })
        .collect();
    match width < COLUMNS_FROM {
        true => paragraphs(&rows, out)?,
        false => columns(&rows, out)?,
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", count(rows.len(), "package"))?;
    for problem in &inventory.problems {
        for line in wrap(&plain(&format!("not read: {problem}")), width) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn columns(rows: &[[String; 4]], out: &mut dyn io::Write) -> io::Result<()> {
    let headings = ["TYPE", "NAME", "VERSION", "PATH"].map(str::to_owned);
    if rows.is_empty() {
        return Ok(());
    }
    let mut widths = headings.each_ref().map(|cell| length(cell));
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = length(cell).max(*width);
        }
    }
    for [kind, name, version, path] in std::iter::once(&headings).chain(rows) {
        let [of_kind, of_name, of_version, _] = widths;
        writeln!(
            out,
            "{kind:of_kind$}  {name:of_name$}  {version:of_version$}  {path}"
        )?;
    }
    Ok(())
}

fn paragraphs(rows: &[[String; 4]], out: &mut dyn io::Write) -> io::Result<()> {
    for [kind, name, version, path] in rows {
        writeln!(out, "{kind} {name} {version}\n  {path}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{Problem, ProblemKind};

    use super::*;
    use crate::fixture::{clean, options};

    fn told(width: Option<u16>) -> String {
        let mut inventory = clean().inventory;
        inventory.problems = vec![Problem::new(ProblemKind::Limit, "app.jar", "is too large")];
        let mut out = Vec::new();
        table(&inventory, &options(width), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_package_is_a_line_or_a_paragraph() {
        expect![[r#"
            TYPE  NAME       VERSION           PATH
            deb   libssl1.1  1.1.1d-0+deb10u3  var/lib/dpkg/status

            1 package
            not read: app.jar: is too large (limit)
        "#]]
        .assert_eq(&told(None));
        expect![[r#"
            deb libssl1.1 1.1.1d-0+deb10u3
              var/lib/dpkg/status

            1 package
            not read: app.jar: is too large (limit)
        "#]]
        .assert_eq(&told(Some(40)));
    }

    #[test]
    fn the_document_has_what_a_scan_has() {
        let scan = clean();
        let mut out = Vec::new();
        json(&scan.target, &scan.inventory, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            "lazaret.packages/1",
            "\"layers\"",
            "libssl1.1",
            "\"problems\": []",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }
}
