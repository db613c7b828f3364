//! Libraries.

use super::{Class, Evidence, class, find};

const FFMPEG: &[Evidence] = &[find(r"FFmpeg version (?:n)?<1.2>")];

pub(super) const CLASSES: &[Class] = &[
    class(
        "ffmpeg",
        "ffmpeg:ffmpeg",
        &[
            "libavcodec*",
            "libavdevice*",
            "libavfilter*",
            "libavformat*",
            "libavutil*",
            "libswresample*",
            "libswscale*",
        ],
        FFMPEG,
    ),
    class(
        "openssl",
        "openssl:openssl",
        &["libcrypto.so*", "libssl.so*"],
        &[find(
            r"\x00OpenSSL ([0-9]+\.[0-9]+\.[0-9]+(?:[a-z]+|-(?:alpha|beta|rc)[0-9])?)[ \x00]",
        )],
    ),
    class(
        "qtbase",
        "qt:qt",
        &["libQt*Core.so*", "QtCore"],
        &[
            find(r"\x00Qt <1.2.3> \("),
            find(r"QtCore library version <1.2.3>"),
        ],
    ),
    class(
        "krb5",
        "mit:kerberos_5",
        &["libkrb5.so*"],
        &[find(r"KRB5_BRAND:\s+krb5-\S+\s+<1.2>")],
    ),
    class(
        "heimdal-krb5",
        "heimdal_project:heimdal",
        &["libkrb5.so*"],
        &[find(r"\$Version:\s+Heimdal\s+<1.2>")],
    ),
    class(
        "curl",
        "haxx:curl",
        &["libcurl.so*", "libcurl-*.so*"],
        &[find(r"\x00(?:libcurl/)?([78]\.[0-9]+\.[0-9]+)\x00")],
    ),
];
