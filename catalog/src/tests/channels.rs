//! Where packages come from, and what follows for the distribution; a distribution that changes.

use super::*;

fn distro(text: &str) -> (String, Vec<String>, Vec<String>) {
    let image = Fixture::parse(text).unwrap();
    let inventory = squash(&reports(&image.layers), &Limits::default());
    let distro = inventory.distro.unwrap_or_default();
    (distro.label(), distro.channels, inventory.repositories)
}

#[test]
fn subscriptions_are_channels_of_ubuntu_only() {
    let files = "VERSION_ID=18.04\n\
        //- /etc/apt/sources.list\ndeb http://archive.ubuntu.com/ubuntu bionic main\n\
        //- /etc/apt/sources.list.d/esm.list\n\
        deb https://esm.ubuntu.com/infra/ubuntu bionic-infra-security main\n\
        //- /var/lib/ubuntu-advantage/status.json\n\
        {\"services\": [{\"name\": \"esm-apps\", \"status\": \"enabled\"}]}\n";
    let (label, channels, repositories) = distro(&format!(
        "//- layer\n//- /etc/os-release\nID=ubuntu\n{files}"
    ));
    assert_eq!(label, "ubuntu-18.04");
    assert_eq!(channels, ["esm-apps", "esm-infra"]);
    assert_eq!(
        repositories,
        [
            "apt http://archive.ubuntu.com/ubuntu bionic main",
            "apt https://esm.ubuntu.com/infra/ubuntu bionic-infra-security main"
        ]
    );
    let (_, channels, _) = distro(&format!("//- layer\n//- /etc/os-release\nID=mint\n{files}"));
    assert!(channels.is_empty());
    let removed = format!(
        "//- layer\n//- /etc/os-release\nID=ubuntu\n{files}//- layer\n//- whiteout /var/lib\n\
         //- /etc/apt/sources.list.d/esm.list\n\n"
    );
    assert!(distro(&removed).1.is_empty());
}

#[test]
fn a_distribution_is_what_the_topmost_layer_says() {
    let base = "//- layer\n//- /usr/lib/os-release\nID=debian\nVERSION_ID=11\n\
                //- symlink /etc/os-release -> ../usr/lib/os-release\n\
                //- /etc/debian_version\n11.9\n";
    for (upper, expected) in [
        ("", "debian-11"),
        // What the link leads to is written anew, as an upgrade does.
        (
            "//- /usr/lib/os-release\nID=debian\nVERSION_ID=12\n",
            "debian-12",
        ),
        // The link itself is replaced: etc/os-release goes first.
        (
            "//- /etc/os-release\nID=ubuntu\nVERSION_ID=22.04\n",
            "ubuntu-22.04",
        ),
        (
            "//- symlink /etc/os-release -> other\n//- /etc/other\nID=x\n",
            "debian-11",
        ),
        ("//- whiteout /etc/os-release\n", "debian-11"),
        ("//- whiteout /usr/lib/os-release\n", "debian-11.9"),
        ("//- opaque /\n", ""),
    ] {
        let layers = match upper {
            "" => base.to_owned(),
            upper => format!("{base}//- layer\n{upper}"),
        };
        assert_eq!(distro(&layers).0, expected, "{upper}");
    }
}
