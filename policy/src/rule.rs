//! The rules. A rule is one file and one line in [`ALL`].

use crate::{Facts, Reason, Rules};

mod fail_on;
mod require_complete;

/// Something that can deny a scan.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it is called: the option that switches it on.
    pub name: &'static str,
    /// The exit code of a command that it denies.
    pub exit_code: u8,
    /// The reasons to deny, worst first; none where it is switched off.
    pub check: fn(Facts<'_>, &Rules) -> Vec<Reason>,
}

/// Every rule. Where several deny, the first gives the exit code.
pub const ALL: &[Rule] = &[fail_on::RULE, require_complete::RULE];
