//! Servers, proxies and agents.

use super::{Class, Evidence, class, find, near};

/// Written by Go's linker between bytes that say nothing.
const ISTIO: &[Evidence] = &[
    find(r"[0-9]+\.[0-9]+\.[0-9]+\x00+<1.2.3-pre>\x00"),
    find(r"Clean\x00+<1.2.3-pre>\x00"),
    find(r"Modified\x00+([0-9]+\.[0-9]+-dev)\x00"),
    near("=v<y5", 140, r"<1.2.3-pre>\x00"),
];
const BEATS: &[Evidence] = &[
    find(r"Test <1.2.3>[a-z%]"),
    find(r"plugin(?:output)?<1.2.3>[-a-z]"),
    find(r"5m\.rate<1.2.3>-"),
];
const GRAFANA: &[Evidence] = &[
    find(r"\x00release-([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z0-9]+)?(?:\+security-[0-9]+)?)\x00"),
    find(r"\x00([0-9]{2}\.[0-9]+\.[0-9]+-[0-9]{6,})\x00"),
    find(r"<1.2.3-pre>(?:\+security-[0-9]+)?\x00+v[0-9]+\.[0-9]+\.x\x00"),
    find(r"<1.2.3-pre>(?:\+security-[0-9]+)?\x00+\$a"),
    find(r"\x00go1\.[0-9]+\.[0-9]+\x00+<1.2.3-pre>(?:\+security-[0-9]+)?\x00"),
    near(
        "\0go1.",
        110,
        r"([0-9]{2}\.[0-9]+\.[0-9]+)(?:\+security-[0-9]+)?\x00",
    ),
    find(r"\x00.?(10\.[0-9]+\.[0-9]+)(?:\+security-[0-9]+)?\x00"),
    find(r"HEAD\x00.{0,200}?\x00([6-9]\.[0-9]+\.[0-9]+(?:-(?:beta[0-9]|test))?)\x00"),
    find(r"[0-9a-f]{10}\x00+([6-9]\.[0-9]+\.[0-9]+(?:-(?:beta[0-9]|test))?)\x00"),
    find(r"\x00([6-9]\.[0-9]+\.[0-9]+-(?:beta[0-9]|test))\x00"),
];
const ENVOY: &[Evidence] = &[
    near(
        "envoy_reloadable_features",
        1_000,
        r"\x00(1\.3[0-9]\.[0-9]+(?:-dev)?)\x00",
    ),
    near(
        "envoy.reloadable_features",
        210,
        r"\x00(1\.3[0-9]\.[0-9]+)\x00",
    ),
    near(
        "envoy_quic",
        1_000,
        r"\x00(1\.[23][0-9]\.[0-9]+(?:-dev)?)\x00",
    ),
    near(
        "Unable to",
        1_000,
        r"\x00(1\.[12][0-9]\.[0-9]+(?:-dev)?)\x00",
    ),
    near(
        "ValidationError",
        1_000,
        r"\x00(1\.[12][0-9]\.[0-9]+(?:-dev)?)\x00",
    ),
    near("[source/", 220, r"\x00(1\.1[0-9]\.[0-9]+(?:-dev)?)\x00"),
    near("RELEASE", 30, r"\x00(1\.[0-9]\.[0-9]+(?:-dev)?)\x00"),
    find(r"\x00(1\.[23][0-9]\.[0-9]+(?:-dev)?)\x00(?:envoy[/._:]|TLS )"),
    near("envoy.", 500, r"\x00(1\.[23][0-9]\.[0-9]+(?:-dev)?)\x00"),
    near("envoy_", 310, r"\x00(1\.2[0-9]\.[0-9]+(?:-dev)?)\x00"),
];
const INGRESS: &[Evidence] = &[
    find(r"v<1.2.3-pre>\x00\x00"),
    near("\0go1.", 60, r"\x00v<1.2.3-pre>\x00"),
    near("=v<y5", 120, r"\x00v?<1.2.3-pre>\x00"),
    near("$a", 810, r"v<1.2.3-pre>\x00"),
];

pub(super) const CLASSES: &[Class] = &[
    class(
        "haproxy",
        "haproxy:haproxy",
        &["haproxy"],
        &[
            find(r"version ([0-9]+\.[0-9]+(?:\.|-dev|-rc)[0-9]+)[-~+.0-9a-z]*, released 20"),
            find(r"HA-Proxy version ([0-9]+\.[0-9]+(?:\.|-dev|-rc)[0-9]+)"),
            near(
                "HAProxy version",
                400,
                r"([0-9]+\.[0-9]+(?:\.|-dev)[0-9]+)-[0-9a-zA-Z]{7}",
            ),
            near(
                "HAProxy version",
                0,
                r"\x00([1-3]\.[0-9]+\.[0-9]+)-[^\x00]{1,40}\x00",
            ),
        ],
    ),
    class(
        "httpd",
        "apache:http_server",
        &["httpd", "apache2"],
        &[find(r"Apache/<1.2.3>")],
    ),
    class(
        "nginx",
        "f5:nginx",
        &["nginx", "nginx-debug"],
        &[find(concat!(
            r"[\x00?]nginx version: [^/\x00]{1,40}/",
            r"([0-9]+\.[0-9]+\.[0-9]+(?:\+[0-9]+)?(?:-[0-9]+)?)"
        ))],
    ),
    class(
        "lighttpd",
        "lighttpd:lighttpd",
        &["lighttpd", "lighttpd-angel"],
        &[find(r"lighttpd[/-]<1.2.3>[\x00 ]")],
    ),
    class(
        "proftpd",
        "proftpd:proftpd",
        &["proftpd"],
        &[find(
            r"ProFTPD (?:Version )?([0-9]+\.[0-9]+\.[0-9]+[a-z]?)[\x00 ]",
        )],
    ),
    class(
        "traefik",
        "traefik:traefik",
        &["traefik"],
        &[find(r"(?:\x00v?|[\x80-\xff].?)<1.2.3-pre>\x00")],
    ),
    class("envoy", "envoyproxy:envoy", &["envoy"], ENVOY),
    class(
        "istio",
        "istio:istio",
        &["pilot-discovery", "pilot-agent"],
        ISTIO,
    ),
    class(
        "nginx-ingress-controller",
        "kubernetes:ingress-nginx",
        &["nginx-ingress-controller"],
        INGRESS,
    ),
    class(
        "grafana",
        "grafana:grafana",
        &["grafana", "grafana-server"],
        GRAFANA,
    ),
    class(
        "consul",
        "hashicorp:consul",
        &["consul"],
        &[
            find(r"CONSUL_VERSION: <1.2.3>"),
            find("GitDescribe=v?<1.2.3>"),
            find(r"\x00v<1.2.3>\x00"),
        ],
    ),
    class(
        "vault",
        "hashicorp:vault",
        &["vault"],
        &[
            find(r"revoke<1.2.3>"),
            find(r"state([0-9]+\.[0-9]+\.[0-9]+-rc[0-9])"),
            find(r"016x(1\.[0-9]{2}\.[0-9]{1,2})(?:[^0-9]|0\.|1\.|123)"),
            find(r"\x00(1\.[0-9]{1,2}\.[0-9]{1,2})\x00"),
        ],
    ),
    class(
        "fluent-bit",
        "treasuredata:fluent_bit",
        &["fluent-bit"],
        &[near("Fluent Bit", 30, r"\x00<1.2.3>\x00")],
    ),
    class("filebeat", "elastic:filebeat", &["filebeat"], BEATS),
    class("metricbeat", "elastic:metricbeat", &["metricbeat"], BEATS),
    class("heartbeat", "elastic:heartbeat", &["heartbeat"], BEATS),
    class("packetbeat", "elastic:packetbeat", &["packetbeat"], BEATS),
    class("auditbeat", "elastic:auditbeat", &["auditbeat"], BEATS),
    class(
        "elastic-agent",
        "elastic:elastic_agent",
        &["elastic-agent"],
        &[
            find(r"enroll(?:: true)?<1.2.3>-?header"),
            find(r"PM<1.2.3>:https"),
        ],
    ),
    class(
        "bind",
        "isc:bind",
        &["named"],
        &[find(r"BIND (9\.[0-9]+\.[0-9]+(?:-[PS][0-9]+)?)")],
    ),
    class(
        "postfix",
        "postfix:postfix",
        &["master", "postconf"],
        &[find(r"mail_version=<1.2.3>")],
    ),
    class(
        "dovecot",
        "dovecot:dovecot",
        &["dovecot"],
        &[find(
            r"\x00([0-9]+(?:\.[0-9]+){2,3}) \([0-9a-f]{9,10}\)\x00",
        )],
    ),
    class(
        "openssh",
        "openbsd:openssh",
        &["sshd", "ssh"],
        &[find(r"OpenSSH_([0-9]+\.[0-9]+p[0-9]+)")],
    ),
    class(
        "vsftpd",
        "vsftpd_project:vsftpd",
        &["vsftpd"],
        &[find(r"vsFTPd <1.2.3>")],
    ),
];
