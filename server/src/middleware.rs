//! What every request passes before it reaches its surface, one file each.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::app::App;

pub mod audit;
pub mod bounds;
pub mod client;
pub mod logins;
pub mod rate;
pub mod record;
pub mod request_id;

/// Puts everything around the surfaces that does not depend on who asks. The last line is the
/// outermost: it sees a request first and its answer last.
pub fn around(app: &Arc<App>, router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .layer(from_fn_with_state(app.clone(), logins::limit))
        .layer(from_fn_with_state(app.clone(), bounds::check))
        .layer(from_fn_with_state(app.clone(), audit::audit))
        .layer(from_fn_with_state(app.clone(), record::record))
        .layer(from_fn_with_state(app.clone(), client::find))
        .layer(from_fn_with_state(app.clone(), request_id::give))
}

/// Puts around what asks for credentials what depends on whose they are: to be wrapped in the
/// check of the credentials.
pub fn behind_credentials(app: &Arc<App>, router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.layer(from_fn_with_state(app.clone(), rate::limit))
}

#[cfg(test)]
mod tests;
