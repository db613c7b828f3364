//! Makers of Debian packages beside the distributions, by the address of the maintainer.
//!
//! A maintainer of Debian's or Ubuntu's may have an address anywhere; those of firms and projects
//! that publish packages of their own are known.

/// Parts of maintainers' fields, in lower case, and who they are.
const MAKERS: &[(&str, &str)] = &[
    ("@amazon.com", "Amazon"),
    ("@cloudflare.com", "Cloudflare"),
    ("@confluent.io", "Confluent"),
    ("@datadoghq.com", "Datadog"),
    ("@docker.com", "Docker"),
    ("@elastic.co", "Elastic"),
    ("@f5.com", "nginx"),
    ("@github.com", "GitHub"),
    ("@gitlab.com", "GitLab"),
    ("@grafana.com", "Grafana"),
    ("@hashicorp.com", "HashiCorp"),
    ("@influxdb.com", "InfluxData"),
    ("@influxdata.com", "InfluxData"),
    ("@microsoft.com", "Microsoft"),
    ("@mongodb.com", "MongoDB"),
    ("@nginx.com", "nginx"),
    ("@nodesource.com", "NodeSource"),
    ("@nvidia.com", "NVIDIA"),
    ("@percona.com", "Percona"),
    ("@redis.com", "Redis"),
    ("@redis.io", "Redis"),
    ("@tailscale.com", "Tailscale"),
    ("@yarnpkg.com", "Yarn"),
    ("@zabbix.com", "Zabbix"),
    ("chromium-dev@chromium.org", "Google"),
    ("@google.com", "Google"),
    ("maria-developers@lists.launchpad.net", "MariaDB"),
    ("mysql-build@oss.oracle.com", "MySQL"),
    ("temurin-dev@eclipse.org", "Eclipse"),
];

/// The name of a maker that is no distribution; `None` where the maintainer may be any.
pub fn of(maintainer: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(maintainer).to_lowercase();
    let found = MAKERS.iter().find(|(part, _)| text.contains(part));
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_known_by_their_addresses() {
        for (maintainer, expected) in [
            ("Docker <support@docker.com>", Some("Docker")),
            ("NGINX Packaging <nginx-packaging@F5.com>", Some("nginx")),
            (
                "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>",
                None,
            ),
            ("Somebody <somebody@example.org>", None),
        ] {
            assert_eq!(of(maintainer.as_bytes()), expected, "{maintainer}");
        }
    }
}
