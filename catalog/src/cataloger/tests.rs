use super::*;
use image::fixture::Fixture;

/// A small file for every cataloger: its name, a path, and a text written after the real one that
/// is named above it.
const SAMPLES: &[(&str, &str, &str)] = &[
    // After Alpine 3.18.9, 2024-09; comment and single quotes as os-release(5) allows them.
    (
        "os-release",
        "etc/os-release",
        "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.9\n# x\nPRETTY_NAME='Alpine v3.18'\n",
    ),
    // After Alpine 3.18.9, 2024-09.
    ("alpine-release", "etc/alpine-release", "3.18.9\n"),
    // After Debian 13 before its release, 2025-06.
    ("debian-version", "etc/debian_version", "trixie/sid\n"),
    // After Alpine 3.20's musl, 2024-09; the second record is made up.
    (
        "apk",
        "lib/apk/db/installed",
        "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:x86_64\nS:407278\no:musl\n\
         F:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=\n\n\
         P:b\nV:1_git20240101-r0\n\n",
    ),
    // After Alpine 3.18.9, 2024-09, with a tagged line as apk-repositories(5) has it.
    (
        "apk-repositories",
        "etc/apk/repositories",
        "https://dl-cdn.alpinelinux.org/alpine/v3.18/main\n\
         @edge https://dl-cdn.alpinelinux.org/alpine/edge/testing\n",
    ),
    // After Debian 10.1's perl-base, 2019-09.
    (
        "dpkg",
        "var/lib/dpkg/status",
        "Package: perl-base\nStatus: install ok installed\nArchitecture: amd64\n\
         Source: perl (5.28.1-6)\nVersion: 5.28.1-6+b1\nDescription: minimal Perl system\n \
         Perl is a scripting language.\n .\n\n",
    ),
    // After Debian 10.1's libc6, 2019-09.
    (
        "dpkg-md5sums",
        "var/lib/dpkg/info/libc6:amd64.md5sums",
        "fcf4e9ee9b1dfd8b55a52ac7ca1ec10b  lib/x86_64-linux-gnu/libc.so.6\n",
    ),
    // After Debian 10.1's libc6, 2019-09.
    (
        "dpkg-list",
        "var/lib/dpkg/info/libc6:amd64.list",
        "/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n",
    ),
    // After distroless' static image on Debian 12, 2024-02.
    (
        "dpkg-status.d",
        "var/lib/dpkg/status.d/tzdata",
        "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\nSection: localization\n",
    ),
    // The others' paths are after the manuals of their package managers, 2025-11; of the files
    // nothing is read.
    ("rpm", "var/lib/rpm/rpmdb.sqlite", "SQLite format 3\0"),
    ("pacman", "var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
    ("portage", "var/db/pkg/app-shells/bash-5.1/PF", "bash-5.1\n"),
    ("opkg", "usr/lib/opkg/status", "Package: x\n"),
    ("chisel", "var/lib/chisel/manifest.wall", "x"),
];

#[test]
fn every_path_is_read_by_its_own_cataloger() {
    for row in ALL {
        for pattern in row.paths {
            let path = pattern.to_string().replace('*', "x");
            assert_eq!(
                of_path(&path).map(|found| found.name),
                Some(row.name),
                "{path}"
            );
            assert!(pattern.to_string().starts_with(pattern.root()));
            for other in [format!("{path}.x/y"), format!("x/{path}"), String::new()] {
                assert!(of_path(&other).is_none(), "{other}");
            }
        }
    }
}

#[test]
fn every_cataloger_has_a_sample_and_reads_it() {
    let names: Vec<&str> = SAMPLES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ALL.iter().map(|row| row.name).collect::<Vec<_>>());
    for (name, path, text) in SAMPLES {
        assert_eq!(of_path(path).map(|row| row.name), Some(*name));
        let row = of_name(name).unwrap();
        let (found, problems) = (row.parse)(path, text.as_bytes(), &Limits::default());
        match row.role {
            Role::Unread => assert_eq!(problems.len(), 1, "{name}"),
            Role::Database => assert!(!found.packages.is_empty() && problems.is_empty(), "{name}"),
            Role::Facts => {
                assert!(found.distro.is_some() || !found.owned.is_empty(), "{name}");
            }
        }
    }
}

/// A fixed sequence, so that a failure is found again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(5) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at.min(bytes.len()), b"\n: =\"'(\0/\xff@"[random.below(11)]),
        2 if !bytes.is_empty() => drop(bytes.remove(at)),
        3 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
        _ => bytes.extend_from_within(at..),
    }
}

#[test]
fn no_parser_panics() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, path, text) in SAMPLES {
        let row = of_name(name).unwrap();
        for _ in 0..2_000 {
            let mut bytes = text.as_bytes().to_vec();
            for _ in 0..=random.below(6) {
                mutate(&mut bytes, &mut random);
                bytes.truncate(4096);
            }
            let (found, problems) = (row.parse)(path, &bytes, &Limits::default());
            assert!(problems.len() <= Limits::default().problems + 1);
            let odd = |text: &str| text.is_empty() || text.contains(char::is_whitespace);
            assert!(
                !found
                    .packages
                    .iter()
                    .any(|item| odd(&item.name) || odd(&item.version))
            );
        }
    }
}

#[test]
fn no_layer_panics() {
    let text = "//- layer plain\n//- /etc/os-release\nID=x\n//- symlink /lib -> usr/lib\n\
                //- /var/lib/dpkg/status\nPackage: a\nVersion: 1\n//- whiteout /b\n//- opaque /c\n\
                //- hardlink /usr/lib/os-release -> /etc/os-release\n";
    let layer = Fixture::parse(text).unwrap().layers.remove(0).blob;
    let mut random = Random(0x0dd0_5eed_0dd0_5eed);
    for _ in 0..2_000 {
        let mut bytes = layer.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &mut random);
            bytes.truncate(16 << 10);
        }
        let report = crate::catalogue(bytes.as_slice(), &Limits::default()).unwrap();
        let again = crate::LayerReport::from_bytes(&report.to_bytes()).unwrap();
        assert_eq!(report, again);
        crate::squash(&[report, again]);
    }
}

/// `docs/coverage.md` is this text. To write it anew: `UPDATE_EXPECT=1 cargo test -p catalog`.
#[test]
fn the_coverage_document_is_what_is_read() {
    let mut text = String::from(
        "# What is read from an image\n\n\
         Made from `catalog/src/cataloger.rs` by a test (`UPDATE_EXPECT=1 cargo test -p catalog`); \
         do not edit.\n\n\
         | cataloger | role | what | files |\n|---|---|---|---|\n",
    );
    for row in ALL {
        let role = match row.role {
            Role::Database => "database",
            Role::Facts => "facts",
            Role::Unread => "recognised only",
        };
        let files: Vec<String> = row.paths.iter().map(|path| format!("`/{path}`")).collect();
        let files = files.join("<br>");
        text += &format!("| {} | {role} | {} | {files} |\n", row.name, row.reads);
    }
    text +=
        "\nAn image in which no *database* is found is answered as unsupported, never as clean.\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/coverage.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "docs/coverage.md is stale: UPDATE_EXPECT=1 cargo test -p catalog"
    );
}
