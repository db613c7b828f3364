//! The table that a person reads, in a terminal of any width or in a log.
//!
//! The word "clean" stands in it only where the scan is complete and found nothing. Identifiers
//! and versions are never cut; from 80 columns on they stand in columns and are broken over lines
//! where they must be, below that each finding is a paragraph.

use std::io;

use model::Scan;
use model::coverage::Completeness;
use model::finding::count_by_severity;

use crate::{Options, text};

mod coverage;
mod findings;
mod header;
mod paint;
mod suppressed;

/// Writes the table.
///
/// # Errors
///
/// What the output answers.
pub fn write(scan: &Scan, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    let width = options.columns();
    let painter = paint::Painter::new(options.color);
    header::write(scan, options.now, width, out)?;
    coverage::write(&scan.coverage, width, painter, out)?;
    writeln!(out)?;
    if !scan.findings.is_empty() {
        findings::write(&scan.findings, width, painter, out)?;
        writeln!(out)?;
    }
    suppressed::write(scan, width, painter, out)?;
    for line in text::wrap(&summary(scan), width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The last line: what was found, how much of it has a fix, and whether that is all.
fn summary(scan: &Scan) -> String {
    let verdict = scan.coverage.verdict;
    let caveat = match verdict {
        Completeness::Complete => "",
        Completeness::Incomplete => " The scan is INCOMPLETE: there may be more.",
        Completeness::Unsupported => " The image is UNSUPPORTED: nothing is known about it.",
    };
    let total = scan.findings.len();
    let suppressed = match scan.suppressed.len() {
        0 => String::new(),
        count => format!("; {count} suppressed"),
    };
    if total == 0 {
        return match verdict {
            Completeness::Complete if suppressed.is_empty() => "0 findings: clean.".to_owned(),
            _ => format!("0 findings{suppressed}.{caveat}"),
        };
    }
    let counts: Vec<String> = count_by_severity(&scan.findings)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let fixable = match crate::fixable(&scan.findings) {
        0 => "none has a fix".to_owned(),
        1 => "1 has a fix".to_owned(),
        fixable => format!("{fixable} have a fix"),
    };
    let counts = counts.join(", ");
    format!(
        "{}: {counts}; {fixable}{suppressed}.{caveat}",
        text::count(total, "finding")
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use model::{Coverage, Finding, Gap, GapKind, Severity, Status};

    use super::*;
    use crate::fixture::{
        clean, finding, options, package, suppressed, unsupported, vulnerable, written,
    };

    fn check(scan: &Scan, width: Option<u16>, expected: Expect) {
        expected.assert_eq(&written(write, scan, &options(width)));
    }

    #[test]
    fn in_a_pipe() {
        check(
            &vulnerable(),
            None,
            expect![[r#"
                Target    registry.example/shop:1.0
                Digest    sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
                Platform  linux/amd64
                Distro    Debian GNU/Linux 10 (buster), end of life since 2024-06-30
                Packages  1
                Database  2026-11-20, 3 days old, 1 source

                *** INCOMPLETE ***
                3 gaps: what is not listed may be affected
                  end_of_life
                    - Debian 10 gets no more fixes since 2024-06-30: what was found later is not known
                    > Move to a release that still gets fixes.
                  undecided
                    - curl: '1-' is not ordered by dpkg
                    - zlib1g: 'x:1' is not ordered by dpkg
                    > Compare these versions by hand.

                SEVERITY  ID             PACKAGE                   INSTALLED                 FIXED IN
                critical  CVE-2021-3711  libssl1.1                 1.1.1d-0+deb10u3          1.1.1d-0+deb10u7
                medium    CVE-2021-3712  libssl1.1                 1.1.1d-0+deb10u3          no fix yet
                unknown   CVE-2020-0001  golang-github-example-a-  0.0~git20160722.0.        0.0~git20200101.0.
                                         very-long-library-name-   1b6d4b1+dfsg1-1.1+        abcdef0+dfsg1-1,
                                         dev                       deb10u2                   1:2.0-1 (will not fix)

                3 findings: 1 critical, 1 medium, 1 unknown; 2 have a fix. The scan is INCOMPLETE: there may be
                more.
            "#]],
        );
    }

    #[test]
    fn in_eighty_columns() {
        check(
            &vulnerable(),
            Some(80),
            expect![[r#"
                Target    registry.example/shop:1.0
                Digest    sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
                Platform  linux/amd64
                Distro    Debian GNU/Linux 10 (buster), end of life since 2024-06-30
                Packages  1
                Database  2026-11-20, 3 days old, 1 source

                *** INCOMPLETE ***
                3 gaps: what is not listed may be affected
                  end_of_life
                    - Debian 10 gets no more fixes since 2024-06-30: what was found later is not
                      known
                    > Move to a release that still gets fixes.
                  undecided
                    - curl: '1-' is not ordered by dpkg
                    - zlib1g: 'x:1' is not ordered by dpkg
                    > Compare these versions by hand.

                SEVERITY  ID             PACKAGE            INSTALLED          FIXED IN
                critical  CVE-2021-3711  libssl1.1          1.1.1d-0+deb10u3   1.1.1d-0+deb10u7
                medium    CVE-2021-3712  libssl1.1          1.1.1d-0+deb10u3   no fix yet
                unknown   CVE-2020-0001  golang-github-     0.0~git20160722.   0.0~git20200101.
                                         example-a-very-    0.1b6d4b1+dfsg1-   0.abcdef0+dfsg1-
                                         long-library-      1.1+deb10u2        1,
                                         name-dev                              1:2.0-1 (will not
                                                                               fix)

                3 findings: 1 critical, 1 medium, 1 unknown; 2 have a fix. The scan is
                INCOMPLETE: there may be more.
            "#]],
        );
    }

    #[test]
    fn in_sixty_columns() {
        check(
            &vulnerable(),
            Some(60),
            expect![[r#"
                Target    registry.example/shop:1.0
                Digest    sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
                Platform  linux/amd64
                Distro    Debian GNU/Linux 10 (buster), end of life since
                          2024-06-30
                Packages  1
                Database  2026-11-20, 3 days old, 1 source

                *** INCOMPLETE ***
                3 gaps: what is not listed may be affected
                  end_of_life
                    - Debian 10 gets no more fixes since 2024-06-30: what
                      was found later is not known
                    > Move to a release that still gets fixes.
                  undecided
                    - curl: '1-' is not ordered by dpkg
                    - zlib1g: 'x:1' is not ordered by dpkg
                    > Compare these versions by hand.

                critical  CVE-2021-3711
                    libssl1.1 1.1.1d-0+deb10u3
                    fixed in 1.1.1d-0+deb10u7
                medium  CVE-2021-3712
                    libssl1.1 1.1.1d-0+deb10u3
                    no fix yet
                unknown  CVE-2020-0001
                    golang-github-example-a-very-long-library-name-dev
                    0.0~git20160722.0.1b6d4b1+dfsg1-1.1+deb10u2
                    fixed in 0.0~git20200101.0.abcdef0+dfsg1-1, 1:2.0-1
                    (will not fix)

                3 findings: 1 critical, 1 medium, 1 unknown; 2 have a fix.
                The scan is INCOMPLETE: there may be more.
            "#]],
        );
    }

    #[test]
    fn what_is_suppressed_stands_apart_and_counts_for_nothing() {
        check(
            &suppressed(),
            Some(80),
            expect![[r#"
                Target    registry.example/shop:1.0
                Digest    sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
                Platform  linux/amd64
                Distro    Debian GNU/Linux 10 (buster), end of life since 2024-06-30
                Packages  1
                Database  2026-11-20, 3 days old, 1 source

                *** INCOMPLETE ***
                3 gaps: what is not listed may be affected
                  end_of_life
                    - Debian 10 gets no more fixes since 2024-06-30: what was found later is not
                      known
                    > Move to a release that still gets fixes.
                  undecided
                    - curl: '1-' is not ordered by dpkg
                    - zlib1g: 'x:1' is not ordered by dpkg
                    > Compare these versions by hand.

                SEVERITY  ID             PACKAGE    INSTALLED         FIXED IN
                medium    CVE-2021-3712  libssl1.1  1.1.1d-0+deb10u3  no fix yet

                Suppressed
                  critical CVE-2021-3711 libssl1.1 1.1.1d-0+deb10u3
                    ignored by lazaret.toml line 3 until 2027-01-01T00:00:00Z: the parser is
                    never called
                  unknown CVE-2020-0001 golang-github-example-a-very-long-library-name-dev
                    0.0~git20160722.0.1b6d4b1+dfsg1-1.1+deb10u2
                    VEX document https://shop.example/vex/1 of Shop says not_affected:
                    component_not_present

                VEX statements on findings that count
                  CVE-2021-3712 libssl1.1 1.1.1d-0+deb10u3
                    VEX document https://shop.example/vex/1 of Shop says under_investigation

                1 finding: 1 medium; none has a fix; 2 suppressed. The scan is INCOMPLETE: there
                may be more.
            "#]],
        );
        let mut all = suppressed();
        all.coverage = Coverage::from_gaps(vec![], true);
        all.findings.clear();
        let text = written(write, &all, &options(None));
        assert!(text.ends_with("0 findings; 2 suppressed.\n"), "{text}");
    }

    #[test]
    fn nothing_found_and_nothing_missed() {
        check(
            &clean(),
            None,
            expect![[r#"
            Target    registry.example/shop:1.0
            Digest    sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f
            Platform  linux/amd64
            Distro    Debian GNU/Linux 12 (bookworm)
            Packages  1
            Database  2026-11-20, 3 days old, 1 source
            Coverage  complete

            0 findings: clean.
        "#]],
        );
    }

    #[test]
    fn nothing_could_be_looked_at() {
        check(
            &unsupported(),
            Some(60),
            expect![[r#"
            Target    registry.example/shop:1.0
            Digest    none
            Platform  unknown
            Distro    unknown
            Packages  0
            Database  undated, 1 source

            *** UNSUPPORTED ***
            1 gap: nothing could be looked at
              no_package_database
                - no package database was found
                > Keep the package manager's database in the image, or
                  scan the stage that it was built from.

            0 findings. The image is UNSUPPORTED: nothing is known about
            it.
        "#]],
        );
    }

    #[test]
    fn clean_is_said_only_of_a_complete_scan_without_findings() {
        let says_clean = |scan: &Scan| written(write, scan, &options(None)).contains("clean");
        assert!(says_clean(&clean()));
        assert!(!says_clean(&vulnerable()));
        assert!(!says_clean(&unsupported()));
        for kind in GapKind::ALL {
            let mut scan = clean();
            scan.coverage = Coverage::from_gaps(vec![Gap::new(*kind, "detail")], true);
            assert!(!says_clean(&scan));
            let text = written(write, &scan, &options(None));
            assert!(text.contains("*** INCOMPLETE ***") && text.ends_with("there may be more.\n"));
            assert!(text.contains(kind.as_str()));
        }
    }

    fn hostile() -> Scan {
        let mut scan = vulnerable();
        let evil = "\x1b]0;owned\x07\n\u{202e}CVE";
        scan.target.name = evil.into();
        scan.coverage.gaps[0].detail = evil.into();
        let of = package(evil, evil);
        scan.findings
            .push(finding(evil, Severity::High, Status::Fixed, of, &[evil]));
        scan.inventory.distro.as_mut().unwrap().pretty = evil.into();
        scan
    }

    #[test]
    fn no_stranger_steers_the_terminal() {
        let lines = written(write, &vulnerable(), &options(Some(120)))
            .lines()
            .count();
        let text = written(write, &hostile(), &options(Some(120)));
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control())
        );
        assert!(!text.contains('\u{202e}'));
        assert!(text.lines().count() > lines, "one finding more");
    }

    #[test]
    fn paragraphs_keep_words_whole_and_lines_fit_at_every_width() {
        for width in 1..200 {
            let text = written(write, &vulnerable(), &options(Some(width)));
            for Finding {
                id,
                package,
                fixed_in,
                ..
            } in vulnerable().findings
            {
                if width < 80 {
                    assert!(text.contains(&id) && text.contains(&package.version));
                    assert!(fixed_in.iter().all(|version| text.contains(version)));
                }
            }
            let longest = text.lines().skip(6).map(|line| line.chars().count()).max();
            assert!(
                width < 60 || longest <= Some(usize::from(width)),
                "{width}: {longest:?}"
            );
        }
    }

    #[test]
    fn colours_are_around_the_words_and_change_nothing_else() {
        let mut colored = options(None);
        colored.color = true;
        let mut text = written(write, &vulnerable(), &colored);
        assert!(text.contains("\x1b[1;31mcritical\x1b[0m"));
        for code in ["\x1b[1;31m", "\x1b[1;33m", "\x1b[33m", "\x1b[0m"] {
            text = text.replace(code, "");
        }
        assert_eq!(text, written(write, &vulnerable(), &options(None)));
    }

    #[test]
    fn the_order_of_the_input_does_not_matter() {
        let mut turned = vulnerable();
        turned.findings.reverse();
        turned.coverage.gaps.reverse();
        let text = |scan: &Scan| written(write, scan, &options(None));
        assert_eq!(text(&turned), text(&vulnerable()));
    }
}
