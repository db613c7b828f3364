//! Links, and which distribution it is.

use super::*;

#[test]
fn links_lead_to_databases() {
    check(
        "//- layer
//- symlink /lib -> usr/lib
//- symlink /etc/os-release -> ../usr/lib/os-release
//- /usr/lib/os-release
ID=alpine
VERSION_ID=3.22.1
//- layer
//- /lib/apk/db/installed
P:musl
V:1.2-r0

//- layer
//- /usr/lib/apk/db/installed
P:musl
V:1.2-r0

P:zlib
V:1
",
        expect![[r#"
            distro alpine-3.22.1 = alpine:3.22
            musl 1.2-r0 @ usr/lib/apk/db/installed, layer 2
            zlib 1 @ usr/lib/apk/db/installed, layer 3
            databases ["usr/lib/apk/db/installed"]
        "#]],
    );
    check(
        "//- layer
//- /usr/lib/os-release
ID=debian
VERSION_CODENAME=trixie
//- hardlink /etc/os-release -> /usr/lib/os-release
//- symlink /a -> b
//- symlink /b -> a
//- symlink /var/lib/rpm -> ../../../../../a/x
//- symlink /var/lib/dpkg -> /opt/dpkg
//- /opt/dpkg/status
Package: hidden
Version: 1
//- /opt/apk
P:hidden
//- hardlink /lib/apk/db/installed -> /opt/apk
",
        expect![[r#"
            distro debian-trixie = debian:13
            databases []
            ! lib/apk/db/installed (unsupported)
                is a hard link to opt/apk, whose content was not read
            ! var/lib/dpkg/status (unsupported)
                leads to opt/dpkg/status, whose content was not read
        "#]],
    );
}

#[test]
fn the_distribution_can_change_and_repositories_win() {
    check(
        "//- layer
//- /etc/os-release
ID=alpine
VERSION_ID=3.17.0
//- /etc/apk/repositories
https://dl-cdn.alpinelinux.org/alpine/v3.17/main
//- /lib/apk/db/installed
P:musl
V:1.2-r0

//- layer
//- /etc/os-release
ID=alpine
VERSION_ID=3.18.9
//- /etc/apk/repositories
https://dl-cdn.alpinelinux.org/alpine/edge/main
",
        expect![[r#"
            distro alpine-3.18.9 = alpine:edge
            musl 1.2-r0 @ lib/apk/db/installed, layer 1
            databases ["lib/apk/db/installed"]
        "#]],
    );
    check(
        "//- layer\n//- /etc/debian_version\ntrixie/sid\n//- /etc/os-release\nID=debian\n",
        expect![[r#"
            distro debian-trixie = debian:13
            databases []
        "#]],
    );
    check(
        "//- layer\n//- /etc/alpine-release\n3.18.9\n",
        expect![[r#"
        distro alpine-3.18.9 = alpine:3.18
        databases []
    "#]],
    );
}

#[test]
fn links_stay_inside_the_root() {
    check(
        "//- layer
//- symlink /etc/os-release -> ../../../../usr/lib/os-release
//- /usr/lib/os-release
ID=alpine
VERSION_ID=3.22.1
//- symlink /lib/apk -> /../../srv/apk
//- hardlink /var/lib/dpkg/status -> /../../../etc/shadow
//- layer
//- /srv/apk/db/x
",
        expect![[r#"
            distro alpine-3.22.1 = alpine:3.22
            databases []
            ! var/lib/dpkg/status (unsupported)
                is a hard link to etc/shadow, whose content was not read
        "#]],
    );
}

#[test]
fn a_database_behind_a_link_is_not_missed() {
    check(
        "//- layer
//- symlink /var/lib/dpkg/status.d -> /opt/status.d
//- /opt/status.d-old
//- /opt/status.d/libc6
Package: libc6
Version: 2.36-9
",
        expect![[r#"
            databases []
            ! var/lib/dpkg/status.d (unsupported)
                leads to opt/status.d, whose content was not read
        "#]],
    );
    // The link is gone, or leads nowhere.
    check(
        "//- layer
//- symlink /var/lib/dpkg/status -> /nowhere
//- symlink /var/lib/rpm -> /opt
//- /opt/rpmdb.sqlite
//- layer
//- whiteout /var/lib/rpm
",
        expect![[r#"
            databases []
        "#]],
    );
}

#[test]
fn a_layer_writes_through_the_links_below_it() {
    check(
        "//- layer
//- symlink /lib -> usr/lib
//- /usr/lib/apk/db/installed
P:musl
V:1.2-r0

//- layer
//- /lib/apk/db/installed
P:musl
V:1.2-r1

//- layer
//- whiteout /lib/apk/db/installed
//- layer
//- directory /lib
//- /lib/apk/db/installed
P:musl
V:1.2-r2

",
        expect![[r#"
            musl 1.2-r2 @ lib/apk/db/installed, layer 4
            databases ["lib/apk/db/installed"]
        "#]],
    );
}

#[test]
fn following_links_has_an_end() {
    let mut layer = reports(&Fixture::parse("//- layer\n").unwrap().layers).remove(0);
    let deep = "a/".repeat(2000);
    for at in 0..40 {
        let target = format!("/{deep}{}l{}", "../".repeat(2000), at + 1);
        layer.contents.symlinks.insert(format!("l{at}"), target);
    }
    let paths = (0..10_000).map(|at| format!("l0/{at}/x"));
    layer.contents.touched.extend(paths);
    expect![[r#"
        databases []
        ! layers (limit)
            has too many or too long links: not all were followed
    "#]]
    .assert_eq(&show_inventory(&squash(&[layer], &Limits::default()), &[]));
}
