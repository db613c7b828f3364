//! Tokens as clients ask for them.
