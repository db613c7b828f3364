//! The first page: the repositories, and the way to what a CVE affects.

use askama::Template;

use super::{PageError, view};
use crate::api::listing;
use crate::app::App;
use crate::auth::Principal;

#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    host: String,
    login: bool,
    database: Option<String>,
    repositories: Vec<Row>,
    next: Option<String>,
}

struct Row {
    name: String,
    uri: String,
    created: String,
    scanned: bool,
}

/// A page of repositories.
pub fn page(app: &App, principal: &Principal, after: Option<&str>) -> Result<Home, PageError> {
    let rows = listing::repositories(app, principal, after, None)?;
    let full = rows.len() == listing::DEFAULT_LIMIT;
    let next = rows.last().filter(|_| full).map(|row| row.name.to_string());
    let row = |row: &store::record::Repository| -> Result<Row, PageError> {
        Ok(Row {
            name: row.name.to_string(),
            uri: app.settings.repository_uri(row.name.as_str()),
            created: view::time(row.created_at),
            scanned: app.scan_wanted(row)?,
        })
    };
    Ok(Home {
        host: app.settings.public_host.clone(),
        login: principal.is_anonymous(),
        database: app.database.current().map(|database| {
            let facts = database.facts();
            let date = facts.built.map_or("undated".to_owned(), view::time);
            let advisories: u64 = facts.sources.iter().map(|source| source.advisories).sum();
            format!(
                "{advisories} advisories of {} sources, {date}",
                facts.sources.len()
            )
        }),
        repositories: rows.iter().map(row).collect::<Result<_, _>>()?,
        next,
    })
}
