//! Directories whose names are read: each is a package of the layer that brings it, as long as it
//! is there.

use super::*;

const STORE: &str = "\
//- layer
//- /nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin/bin/ldd
#!/bin/sh
//- /nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin/bin/getent
binary
//- directory /nix/store/5av396z8xa13jg89g9jws145c0k26k2x-openssl-3.0.9
//- /nix/store/5av396z8xa13jg89g9jws145c0k26k2x-file-1.2
no directory
//- /nix/store/5av396z8xa13jg89g9jws145c0k26k2x-source/a
x
";

#[test]
fn a_directory_is_a_package_until_it_is_removed() {
    check(
        STORE,
        expect![[r#"
            glibc 2.34-210 @ nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin, layer 1
            openssl 3.0.9 @ nix/store/5av396z8xa13jg89g9jws145c0k26k2x-openssl-3.0.9, layer 1
            databases []
        "#]],
    );
    let store = "/nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin";
    let cut = format!(
        "{STORE}//- layer\n//- whiteout {store}/bin/getent\n//- whiteout \
         /nix/store/5av396z8xa13jg89g9jws145c0k26k2x-openssl-3.0.9\n"
    );
    check(
        &cut,
        expect![[r#"
            glibc 2.34-210 @ nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-glibc-2.34-210-bin, layer 1
            databases []
        "#]],
    );
    check(
        &format!("{STORE}//- layer\n//- opaque /nix/store\n"),
        expect![[r#"
            databases []
        "#]],
    );
}

/// Packages inside a directory whose name is read are read too, whichever layer names it again.
#[test]
fn a_directory_hides_nothing_in_it() {
    let store = "/nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-opkg-1.0";
    check(
        &format!(
            "//- layer\n//- {store}/meta/snap.yaml\nname: a\nversion: 1\n\
             //- layer\n//- {store}/bin/x\nx\n"
        ),
        expect![[r#"
            opkg 1.0 @ nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-opkg-1.0, layer 1
            a 1 @ nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-opkg-1.0/meta/snap.yaml, layer 1
            databases []
        "#]],
    );
}
