//! Shells, tools and programs for people.

use super::{Class, class, find, near};

pub(super) const CLASSES: &[Class] = &[
    class(
        "busybox",
        "busybox:busybox",
        &["busybox", "busybox.static", "["],
        &[find(r"BusyBox\s+v<1.2.3>")],
    ),
    class(
        "bash",
        "gnu:bash",
        &["bash"],
        &[find(r"@\(#\)Bash version <1.2.3>\([0-9]+\) [a-z0-9]+ GNU")],
    ),
    class(
        "util-linux",
        "kernel:util-linux",
        &["getopt"],
        &[find(r"util-linux <1.2>")],
    ),
    class(
        "aws-lc",
        "amazon:aws_libcrypto",
        &["openssl"],
        &[find(r"AWS-LC <1.2.3>\)")],
    ),
    class(
        "openssl",
        "openssl:openssl",
        &["openssl"],
        &[find(
            r"\x00OpenSSL ([0-9]+\.[0-9]+\.[0-9]+(?:[a-z]+|-(?:alpha|beta|rc)[0-9])?)",
        )],
    ),
    class(
        "openldap",
        "openldap:openldap",
        &["ldapsearch", "slapd"],
        &[find(r"\$OpenLDAP: [a-z]+\s+<1.2.3>")],
    ),
    class("curl", "haxx:curl", &["curl"], &[find(r"curl/<1.2.3>")]),
    class(
        "zstd",
        "facebook:zstandard",
        &["zstd"],
        &[find(r"\x00v(1\.[0-9]+\.[0-9]+)\x00")],
    ),
    class(
        "xz",
        "tukaani:xz",
        &["xz"],
        &[find(r"xz \(XZ Utils\) <1.2.3>")],
    ),
    class(
        "gzip",
        "gnu:gzip",
        &["gzip"],
        &[near("not in gzip format", 0, r"\x00(1\.[0-9]+)\x00")],
    ),
    class(
        "jq",
        "jqlang:jq",
        &["jq"],
        &[find(r"\x00(?:jq-)?(1\.[0-9]{1,3}(?:\.[0-9]+)?)\x00")],
    ),
    class(
        "helm",
        "helm:helm",
        &["helm"],
        &[
            find(r"\x00v<1.2.3-pre>\x00{2,}"),
            near("go1.", 500, r"v<1.2.3-pre>\x00"),
            find(r"[\x00@]v<1.2.3-pre>\x00"),
        ],
    ),
    class(
        "chrome",
        "google:chrome",
        &["chrome", "chromium", "chrome-headless-shell"],
        &[
            find(r"\x00([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\x00Default"),
            find(r"\x00(1[0-9]{2}\.0\.[0-9]{4,5}\.[0-9]{1,3})\x00"),
        ],
    ),
    class(
        "ffmpeg",
        "ffmpeg:ffmpeg",
        &["ffmpeg", "ffprobe"],
        &[
            find(r"%s version (?:n)?<1.2>"),
            near(
                "%s version ",
                0,
                r"\x00([3-9]\.[0-9]+(?:\.[0-9]+)?)(?:-[^\x00]{1,40})?\x00",
            ),
        ],
    ),
    class(
        "git",
        "git-scm:git",
        &["git"],
        &[near(
            "git version",
            0,
            r"\x00(2\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00",
        )],
    ),
    class(
        "sudo",
        "sudo_project:sudo",
        &["sudo"],
        &[near(
            "Sudo version",
            0,
            r"\x00(1\.[0-9]+\.[0-9]+(?:p[0-9]+)?)\x00",
        )],
    ),
    class(
        "gnupg",
        "gnupg:gnupg",
        &["gpg"],
        &[near("GnuPG", 0, r"\x00(2\.[0-9]+\.[0-9]+)\x00")],
    ),
];
