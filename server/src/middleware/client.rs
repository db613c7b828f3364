//! Which address a request comes from.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use axum::middleware::Next;
use ipnet::IpNet;

use crate::app::App;
use crate::serve::Peer;

/// The client's address: the other end of the socket, or what a trusted proxy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The address of a request that passed [`find`]; `0.0.0.0` for one that did not.
    pub fn of(request: &Request) -> IpAddr {
        let found = request.extensions().get::<ClientAddress>();
        found.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |found| found.0)
    }
}

/// Finds the address.
pub async fn find(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response<Body> {
    if let Some(Peer(peer)) = request.extensions().get::<Peer>() {
        let proxies = &app.settings.trusted_proxies;
        let address = address(peer.ip().to_canonical(), request.headers(), proxies);
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}

/// Each proxy adds the address that it sees at the end of `X-Forwarded-For`: the last one that no
/// trusted proxy has is the client's. What stands before that, the client may have written.
fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let values = headers.get_all("x-forwarded-for");
    let texts = values
        .iter()
        .rev()
        .map(|value| value.to_str().unwrap_or(""));
    let mut addresses = texts.flat_map(|text| text.rsplit(','));
    let mut found = peer;
    while trusted(&found) {
        match addresses.next().map(|text| text.trim().parse::<IpAddr>()) {
            Some(Ok(address)) => found = address.to_canonical(),
            Some(Err(_)) | None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let cases = [
            ("192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.5", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7, nobody"], "10.0.0.1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
        ];
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        for (peer, values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let found = address(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found.to_string(), expected, "{peer} {values:?}");
        }
    }
}
