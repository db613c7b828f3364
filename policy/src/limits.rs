//! How much of a document is read.

/// Bounds of what is read from policies, exceptions, ignore rules and VEX documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document.
    pub bytes: usize,
    /// Rules of one policy.
    pub rules: usize,
    /// Patterns in one list.
    pub patterns: usize,
    /// Characters of one text.
    pub text: usize,
    /// Statements of one VEX document.
    pub statements: usize,
    /// Products of one VEX statement, and what is listed of one product.
    pub products: usize,
    /// Ignore rules of one file.
    pub ignores: usize,
    /// Problems that are named; what is wrong beyond them is not.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            bytes: 1024 * 1024,
            rules: 64,
            patterns: 64,
            text: 1024,
            statements: 10_000,
            products: 1_000,
            ignores: 10_000,
            problems: 32,
        }
    }
}
