//! Lists that are cut off say so.

use super::*;
use crate::auth::Proof;
use crate::testing::{ALPINE, Server};

const ID: &str = "CVE-2023-45853";

#[tokio::test]
async fn a_list_of_affected_images_says_whether_it_is_complete() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", ID)]);
    for name in ["hidden/a", "hidden/b", "team/c", "team/d"] {
        server.push(name, "latest", ALPINE).await;
    }
    server.work();
    let all = Principal::anonymous();
    let some = Principal {
        name: "bob".to_owned(),
        key_id: None,
        grants: vec!["pull:team/*".parse().unwrap()],
        proof: Proof::Key,
    };
    for (principal, listed, looked_at, expected) in [
        (&all, 4, 4, (4, true)),
        (&all, 3, 4, (3, false)),
        (&some, 2, 4, (2, true)),
        (&some, 1, 4, (1, false)),
        (&some, 2, 3, (1, false)),
        // An empty list is not a clean one.
        (&some, 2, 2, (0, false)),
    ] {
        let limits = AffectedLimits { listed, looked_at };
        let found = affected(&server.app, principal, ID, limits).unwrap();
        assert_eq!((found.images.len(), found.complete), expected, "{limits:?}");
    }
}
