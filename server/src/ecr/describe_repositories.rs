//! `DescribeRepositories`: all that the principal may see, page by page, or those that are named.

use model::RepositoryName;
use serde::Deserialize;
use serde_json::{Value, json};
use store::record::Repository;

use super::paging::{page_size, read_token, refuse_both, token_after, with_token};
use super::{Answer, Context, EcrError, input};
use crate::api::listing;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    registry_id: Option<String>,
    #[serde(default)]
    repository_names: Option<Vec<String>>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub fn run(context: &Context, body: &[u8]) -> Answer {
    let input: Input = input(body)?;
    let named = input
        .repository_names
        .as_ref()
        .is_some_and(|names| !names.is_empty());
    refuse_both(named, input.max_results, input.next_token.as_deref())?;
    context.check_registry(input.registry_id.as_deref())?;
    let mut next = None;
    let repositories = match input.repository_names.filter(|_| named) {
        Some(names) if names.len() > 100 => {
            return Err(EcrError::parameter("repositoryNames", "at most 100 names"));
        }
        Some(names) => names
            .iter()
            .map(|name| context.find_repository(None, name))
            .collect::<Result<_, _>>()?,
        None => page(
            context,
            &input.next_token,
            page_size(input.max_results)?,
            &mut next,
        )?,
    };
    let views: Vec<Value> = repositories
        .iter()
        .map(|repository| context.repository_view(repository))
        .collect();
    Ok(with_token(json!({ "repositories": views }), next))
}

fn page(
    context: &Context,
    token: &Option<String>,
    size: usize,
    next: &mut Option<String>,
) -> Result<Vec<Repository>, EcrError> {
    let after = read_token(token.as_deref())?.map(|name| name.parse::<RepositoryName>());
    let after = after
        .transpose()
        .map_err(|_| EcrError::parameter("nextToken", "is no token"))?;
    let (app, principal) = (&context.app, &context.principal);
    let mut rows = listing::visible_repositories(app, principal, after, size + 1)?;
    if rows.len() > size {
        rows.truncate(size);
        *next = rows.last().map(|last| token_after(last.name.as_str()));
    }
    Ok(rows)
}
