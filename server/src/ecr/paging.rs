//! `nextToken` and `maxResults`: a token is the last key that was answered, so that pages stay
//! right when something is pushed or deleted between them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde_json::Value;

use super::EcrError;

/// The page size where none is asked for.
pub const DEFAULT_PAGE: usize = 100;
/// The largest page.
pub const LARGEST_PAGE: i64 = 1000;

/// The page size that was asked for.
pub fn page_size(max_results: Option<i64>) -> Result<usize, EcrError> {
    match max_results {
        None => Ok(DEFAULT_PAGE),
        Some(size @ 1..=LARGEST_PAGE) => usize::try_from(size)
            .map_err(|_| EcrError::parameter("maxResults", "must be between 1 and 1000")),
        Some(_) => Err(EcrError::parameter(
            "maxResults",
            "must be between 1 and 1000",
        )),
    }
}

/// A token for the page after `last`.
pub fn token_after(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

/// An answer with the token of the next page, where there is one.
pub fn with_token(mut answer: Value, token: Option<String>) -> Value {
    if let (Some(members), Some(token)) = (answer.as_object_mut(), token) {
        members.insert("nextToken".to_owned(), Value::String(token));
    }
    answer
}

/// The key after which a page begins.
pub fn read_token(token: Option<&str>) -> Result<Option<String>, EcrError> {
    let invalid = || EcrError::parameter("nextToken", "must be a token that this API has answered");
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    String::from_utf8(bytes).map(Some).map_err(|_| invalid())
}

/// ECR refuses paging where the things wanted are named.
pub fn refuse_both(
    named: bool,
    max_results: Option<i64>,
    token: Option<&str>,
) -> Result<(), EcrError> {
    match named && (max_results.is_some() || token.is_some()) {
        true => Err(EcrError::parameter(
            "maxResults",
            "nextToken and maxResults cannot be given together with a list of names",
        )),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_others_are_refused() {
        let token = token_after("library/alpine");
        assert_eq!(
            read_token(Some(&token)),
            Ok(Some("library/alpine".to_owned()))
        );
        assert_eq!(read_token(None), Ok(None));
        assert!(read_token(Some("!!")).is_err());
        assert!(read_token(Some("_w")).is_err());
    }

    #[test]
    fn page_sizes_are_those_of_the_model() {
        assert_eq!(page_size(None), Ok(100));
        assert_eq!(page_size(Some(1000)), Ok(1000));
        for size in [0, -1, 1001, i64::MAX] {
            assert!(page_size(Some(size)).is_err());
        }
    }
}
