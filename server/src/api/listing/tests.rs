//! Lists that are cut off say so.

use super::*;
use crate::auth::Proof;
use crate::testing::{ALPINE, Server};

const ID: &str = "CVE-2023-45853";

#[tokio::test]
async fn a_list_of_affected_images_says_where_it_goes_on() {
    let server = Server::open();
    server.load(&[("zlib", "1.3.1-r0", ID)]);
    for name in ["hidden/a", "hidden/b", "team/c", "team/d"] {
        // Each is an image of its own.
        let image = format!("{ALPINE}//- /name\n{name}\n");
        server.push(name, "latest", &image).await;
    }
    server.work();
    let all = Principal::anonymous();
    let some = Principal {
        name: "bob".to_owned(),
        key_id: None,
        grants: vec!["pull:team/*".parse().unwrap()],
        proof: Proof::Key,
    };
    for (principal, limit, expected) in [
        (&all, 5, vec!["hidden/a hidden/b team/c team/d"]),
        (&all, 3, vec!["hidden/a hidden/b team/c", "team/d"]),
        (&all, 2, vec!["hidden/a hidden/b", "team/c team/d", ""]),
        (&some, 5, vec!["team/c team/d"]),
        (&some, 1, vec!["team/c", "team/d", ""]),
        (&some, 2, vec!["team/c team/d", ""]),
    ] {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let found = affected(&server.app, principal, ID, after, limit).unwrap();
            let names = found
                .images
                .iter()
                .map(|image| image.place.repository.as_str());
            pages.push(names.collect::<Vec<_>>().join(" "));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(pages, expected, "{limit}");
    }
}
