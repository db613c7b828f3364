//! A few ANSI colours (ECMA-48, SGR), or none.

use model::Severity;

/// Paints, or leaves the text as it is.
#[derive(Clone, Copy)]
pub struct Painter {
    on: bool,
}

impl Painter {
    pub fn new(on: bool) -> Painter {
        Painter { on }
    }

    /// What nobody must overlook.
    pub fn warning(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// A severity's own colour; the text may be padded.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;31",
            Severity::High => "31",
            Severity::Medium => "33",
            Severity::Low => "36",
            Severity::Negligible | Severity::Unknown => return text.to_owned(),
        };
        self.paint(code, text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.on {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}
