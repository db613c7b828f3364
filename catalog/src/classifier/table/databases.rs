//! Databases, and what stores or queues data.

use super::{Class, Evidence, class, find, near};

const REDIS: &[Evidence] = &[
    find(r"[^0-9]<1.2.3>buildkitsandbox-[0-9]+"),
    find(r"[^0-9]<1.2.3>[0-9a-zA-Z_]{12}-[0-9]{10,}"),
    find(r"Redis version <1.2.3>"),
    near("Redis version", 0, r"\x00<1.2.3>\x00"),
];
const BUILT_FROM_CLUSTER: &[Evidence] = &[find(r"/mysql-cluster-gpl-<1.2>")];

pub(super) const CLASSES: &[Class] = &[
    class(
        "redis",
        "redis:redis",
        &["redis-server", "redis-check-rdb", "redis-check-aof"],
        REDIS,
    ),
    class(
        "valkey",
        "lfprojects:valkey",
        &["valkey-server", "valkey-check-rdb"],
        REDIS,
    ),
    class(
        "memcached",
        "memcached:memcached",
        &["memcached"],
        &[
            find(r"memcached <1.2.3>"),
            near("memcached", 0, r"\x00(1\.[0-9]+\.[0-9]+)\x00"),
        ],
    ),
    class(
        "arangodb",
        "arangodb:arangodb",
        &["arangosh", "arangod"],
        &[find(
            r"([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+)?)\s(?:enterprise\s)?\[linux\]",
        )],
    ),
    class(
        "postgresql",
        "postgresql:postgresql",
        &["postgres", "postmaster"],
        &[find(
            r"[\x00?]PostgreSQL ([0-9]+(?:\.[0-9]+){0,2}(?:(?:alpha|beta|rc)[0-9])?)",
        )],
    ),
    class(
        "percona-xtradb-cluster",
        "percona:xtradb_cluster",
        &["mysql", "mysqld"],
        &[find(r"/Percona-XtraDB-Cluster-<1.2>")],
    ),
    class(
        "percona-server",
        "percona:percona_server",
        &["mysql", "mysqld"],
        &[find(r"/percona-server-<1.2>")],
    ),
    class(
        "percona-xtrabackup",
        "percona:xtrabackup",
        &["xtrabackup"],
        &[find(r"/percona-xtrabackup-<1.2>")],
    ),
    class(
        "mariadb",
        "mariadb:mariadb",
        &["mariadb", "mariadbd", "mysql", "mysqld"],
        &[
            find(r"([0-9]+\.[0-9]+\.[0-9]+)-MariaDB"),
            find(r"[/\x00]mariadb-([0-9]+\.[0-9]+\.[0-9]+)-"),
        ],
    ),
    class(
        "mysql-cluster",
        "oracle:mysql_cluster",
        &["ndbd", "ndbmtd", "ndb_mgmd"],
        BUILT_FROM_CLUSTER,
    ),
    class(
        "mysql-cluster",
        "oracle:mysql_cluster",
        &["mysqld"],
        &[
            find(r"cluster-gpl\x00[.0-9]+-ndb-<1.2>"),
            find(r"/mysql-cluster-gpl-<1.2>"),
        ],
    ),
    class(
        "mysql-server",
        "oracle:mysql",
        &["mysqld"],
        &[find(r"/mysql-<1.2>")],
    ),
    class(
        "mysql",
        "oracle:mysql",
        &["mysql"],
        &[
            find(r"\x00([58]\.[0-9]+\.[0-9]+|9\.[0-9]+\.[0-9]+)\x00+mysql"),
            find(r"/mysql-<1.2>"),
        ],
    ),
    class(
        "mongodb",
        "mongodb:mongodb",
        &["mongod", "mongos"],
        &[find(r"<1.2.3>\x00+(?:tcmalloc|heap_size|cppdefines)")],
    ),
    class(
        "sqlcipher",
        "zetetic:sqlcipher",
        &["sqlcipher", "libsqlcipher.so*"],
        &[find(
            r"[^0-9]\x00(4\.[0-9]+\.[0-9]+|3\.[0-4]\.[0-9]+)(?: community)?\x00",
        )],
    ),
    class(
        "sqlite",
        "sqlite:sqlite",
        &["libsqlite3.so*"],
        &[find(r"\x00(3\.[0-9]+\.[0-9]+)\x00")],
    ),
    class(
        "mosquitto",
        "eclipse:mosquitto",
        &["mosquitto"],
        &[near("mosquitto version %s", 0, r"\x00<1.2.3>\x00")],
    ),
];
