//! Whose file a package is read from: what package databases claim, and what lies there now.

use super::*;

/// After Debian's python3-six and Alpine's py3-six of 2023, with a file of this test's own.
const OWNED: &str = "\
//- layer
//- symlink /lib -> usr/lib
//- /etc/os-release
ID=debian
VERSION_ID=\"12\"
//- /var/lib/dpkg/status
Package: python3-six
Status: install ok installed
Version: 1.16.0-4
//- /var/lib/dpkg/info/python3-six.list
/.
/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO
/usr/lib/python3/dist-packages/listed-1.0.egg-info/PKG-INFO
//- /var/lib/dpkg/info/python3-six.md5sums
3106b1726b0ae0ebd1ffc50eb9548c89  lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO
//- /usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO
Name: six
Version: 1.16.0
//- /usr/lib/python3/dist-packages/listed-1.0.egg-info/PKG-INFO
Name: listed
Version: 1.0
//- /usr/local/lib/python3/site-packages/own-2.0.dist-info/METADATA
Name: own
Version: 2.0
";

#[test]
fn what_a_package_brought_is_the_distributions_until_it_is_changed() {
    check(
        OWNED,
        expect![[r#"
        distro debian-12 = debian:12
        python3-six 1.16.0-4 @ var/lib/dpkg/status, layer 1
        listed 1.0 @ usr/lib/python3/dist-packages/listed-1.0.egg-info/PKG-INFO, layer 1, the distribution's but changed
        own 2.0 @ usr/local/lib/python3/site-packages/own-2.0.dist-info/METADATA, layer 1
        six 1.16.0 @ usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO, layer 1, the distribution's
        databases ["var/lib/dpkg/status"]
    "#]],
    );
    check(
        &format!(
            "{OWNED}//- layer
//- /usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO
Name: six
Version: 1.17.0
"
        ),
        expect![[r#"
            distro debian-12 = debian:12
            python3-six 1.16.0-4 @ var/lib/dpkg/status, layer 1
            listed 1.0 @ usr/lib/python3/dist-packages/listed-1.0.egg-info/PKG-INFO, layer 1, the distribution's but changed
            own 2.0 @ usr/local/lib/python3/site-packages/own-2.0.dist-info/METADATA, layer 1
            six 1.17.0 @ usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO, layer 2, the distribution's but changed
            databases ["var/lib/dpkg/status"]
        "#]],
    );
}
