//! Fetching from a server on this machine that stands for a mirror.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::cli;

/// What the server has, and what it was asked.
#[derive(Default)]
struct Shelf {
    files: HashMap<String, Vec<u8>>,
    /// Bytes after which an answer breaks off, once.
    breaks: Option<usize>,
    asked: Vec<String>,
}

struct Publisher {
    shelf: Arc<Mutex<Shelf>>,
    base: String,
    directory: TempDir,
}

impl Publisher {
    fn open() -> Publisher {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let served = shelf.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let served = served.clone();
                std::thread::spawn(move || answer(&stream.unwrap(), &served));
            }
        });
        Publisher {
            shelf,
            base,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        let mut shelf = self.shelf.lock().unwrap();
        shelf.files.insert(format!("/{path}"), bytes.into());
    }

    fn take(&self, path: &str) {
        self.shelf.lock().unwrap().files.remove(&format!("/{path}"));
    }

    /// What was asked since the last time: path, condition and status.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.shelf.lock().unwrap().asked);
        asked.sort();
        asked
    }

    fn feeds(&self) -> PathBuf {
        self.directory.path().join("feeds")
    }

    fn flags(&self, more: &[&str]) -> Update {
        let (feeds, out) = (self.feeds(), self.directory.path().join("a.db"));
        let mut words = vec![
            "lazaret",
            "db",
            "update",
            "--feeds",
            feeds.to_str().unwrap(),
        ];
        words.extend(["--out", out.to_str().unwrap(), "--mirror", &self.base]);
        words.extend(more);
        match cli::Cli::try_parse_from(words).unwrap().command {
            cli::Command::Db(cli::Db::Update(flags)) => flags,
            _ => unreachable!("that is what was asked for"),
        }
    }

    fn update(&self, more: &[&str]) -> anyhow::Result<u8> {
        run(&self.flags(more))
    }

    fn database(&self) -> advisory::Database {
        crate::database::open(&self.directory.path().join("a.db")).unwrap()
    }
}

fn answer(stream: &TcpStream, shelf: &Mutex<Shelf>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    let path = head
        .first()
        .map_or("", |line| line.split(' ').nth(1).unwrap_or_default());
    let header = |name: &str| {
        let found = head
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_default().to_owned()
    };
    let mut shelf = shelf.lock().unwrap();
    let known = shelf
        .files
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(path));
    let bytes = known.map(|(_, bytes)| bytes.clone());
    let tag = bytes
        .as_ref()
        .map(|bytes| format!("\"{}\"", blake3::hash(bytes).to_hex()));
    let tag = tag.unwrap_or_default();
    let begin = header("range")
        .strip_prefix("bytes=")
        .and_then(|range| range.trim_end_matches('-').parse::<usize>().ok());
    let begin = begin.filter(|_| header("if-range") == tag);
    let (status, body) = match bytes {
        None => ("404 Not Found", Vec::new()),
        Some(_) if header("if-none-match") == tag => ("304 Not Modified", Vec::new()),
        Some(bytes) => match begin {
            Some(begin) => ("206 Partial Content", bytes[begin..].to_vec()),
            None => ("200 OK", bytes),
        },
    };
    let number = status.split(' ').next().unwrap_or_default();
    shelf.asked.push(format!("{path} {number}"));
    let sent = shelf
        .breaks
        .take_if(|after| *after < body.len())
        .unwrap_or(body.len());
    drop(shelf);
    let mut out = stream;
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: {tag}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    drop(
        out.write_all(head.as_bytes())
            .and(out.write_all(&body[..sent])),
    );
}

fn catalogue(weaknesses: usize) -> String {
    let row = |number: usize| {
        format!(
            "{{\"cveID\": \"CVE-2024-{:04}\", \"dateAdded\": \"2024-03-01\"}}",
            number + 1
        )
    };
    let rows: Vec<String> = (0..weaknesses).map(row).collect();
    format!(
        "{{\"dateReleased\": \"2024-04-01T00:00:00Z\", \"vulnerabilities\": [{}]}}",
        rows.join(",")
    )
}

const KEV: &str = "cisa-kev/known_exploited_vulnerabilities.json";
const ONLY: [&str; 2] = ["--only", "cisa-kev"];

#[test]
fn what_has_not_changed_is_not_fetched_again() {
    let publisher = Publisher::open();
    publisher.put(KEV, catalogue(3));
    publisher.update(&ONLY).unwrap();
    assert_eq!(publisher.asked(), [format!("/{KEV} 200")]);
    let first = publisher.database();
    assert_eq!(first.sources()[0].advisories, 3);
    publisher.update(&ONLY).unwrap();
    assert_eq!(publisher.asked(), [format!("/{KEV} 304")]);
    assert_eq!(publisher.database().revision(), first.revision());
    publisher.put(KEV, catalogue(4));
    publisher.update(&ONLY).unwrap();
    assert_eq!(publisher.database().sources()[0].advisories, 4);
}

#[test]
fn what_breaks_off_is_gone_on_with() {
    let publisher = Publisher::open();
    publisher.put(KEV, catalogue(50));
    publisher.shelf.lock().unwrap().breaks = Some(500);
    publisher.update(&ONLY).unwrap();
    assert_eq!(
        publisher.asked(),
        [format!("/{KEV} 200"), format!("/{KEV} 206")]
    );
    assert_eq!(publisher.database().sources()[0].advisories, 50);
}

#[test]
fn a_source_that_fails_keeps_its_last_good_data_and_is_named() {
    let publisher = Publisher::open();
    publisher.put(KEV, catalogue(3));
    publisher.put("epss/epss_scores-current.csv.gz", "");
    let both = ["--only", "cisa-kev,epss"];
    publisher.update(&both).unwrap();
    publisher.take(KEV);
    publisher.update(&both).unwrap();
    let told = |database: &advisory::Database| -> String {
        let source = &database.sources()[0];
        let problems: Vec<String> = source.problems.iter().map(ToString::to_string).collect();
        format!("{} {}", source.advisories, problems.join(" "))
    };
    let away = told(&publisher.database());
    assert!(away.starts_with("3 ") && away.contains("404"), "{away}");
    publisher.put(KEV, "<html>maintenance</html>");
    publisher.update(&both).unwrap();
    let broken = told(&publisher.database());
    assert!(
        broken.starts_with("3 ") && broken.contains("kept as it was before"),
        "{broken}"
    );
    publisher.take(KEV);
    publisher.take("epss/epss_scores-current.csv.gz");
    let nothing = publisher.update(&both).unwrap_err().to_string();
    assert!(nothing.starts_with("nothing could be fetched"), "{nothing}");
}

#[test]
fn a_database_that_has_lost_much_is_refused() {
    let publisher = Publisher::open();
    publisher.put(KEV, catalogue(200));
    publisher.update(&ONLY).unwrap();
    publisher.put(KEV, catalogue(100));
    let refused = publisher.update(&ONLY).unwrap_err().to_string();
    assert!(
        refused.contains("has lost more than 10 percent"),
        "{refused}"
    );
    assert_eq!(publisher.database().sources()[0].advisories, 200);
    publisher
        .update(&[ONLY[0], ONLY[1], "--accept-losses"])
        .unwrap();
    assert_eq!(publisher.database().sources()[0].advisories, 100);
}

#[test]
fn what_is_too_large_is_left() {
    let publisher = Publisher::open();
    publisher.put(KEV, vec![b' '; 2 << 20]);
    let refused = publisher
        .update(&[ONLY[0], ONLY[1], "--most", "1"])
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("nothing could be fetched"),
        "{refused}"
    );
    assert!(!publisher.feeds().join(KEV).exists());
}

#[test]
fn a_mirror_may_be_a_directory() {
    let publisher = Publisher::open();
    let mirror = publisher.directory.path().join("mirror/cisa-kev");
    std::fs::create_dir_all(&mirror).unwrap();
    let file = mirror.join("known_exploited_vulnerabilities.json");
    std::fs::write(&file, catalogue(2)).unwrap();
    let mut flags = publisher.flags(&ONLY);
    flags.from.mirror = Some(format!("file://{}", mirror.parent().unwrap().display()));
    run(&flags).unwrap();
    assert_eq!(publisher.database().sources()[0].advisories, 2);
    assert!(publisher.asked().is_empty());
}

#[test]
fn sources_that_nobody_knows_are_refused() {
    let publisher = Publisher::open();
    let refused = publisher
        .update(&["--only", "nothing"])
        .unwrap_err()
        .to_string();
    assert!(refused.contains("cisa-kev"), "{refused}");
}

const REPOSITORIES: &[u8] =
    br#"{"data": {"rhel-9-baseos": {"cpes": ["cpe:/o:redhat:enterprise_linux:9::baseos"]}}}"#;

/// A document of the Common Security Advisory Framework that speaks of nothing.
const DOCUMENT: &[u8] =
    br#"{"document": {"tracking": {"id": "CVE-2024-0001"}}, "vulnerabilities": []}"#;

/// An archive of that one.
fn archive() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(DOCUMENT.len() as u64);
    header.set_cksum();
    let mut archive = tar::Builder::new(Vec::new());
    archive
        .append_data(&mut header, "2024/cve-2024-0001.json", DOCUMENT)
        .unwrap();
    zstd::encode_all(archive.into_inner().unwrap().as_slice(), 0).unwrap()
}

#[test]
fn a_publisher_without_a_list_of_deletions_removes_nothing() {
    let publisher = Publisher::open();
    let files: [(&str, Vec<u8>); 5] = [
        ("redhat/repository-to-cpe.json", REPOSITORIES.to_vec()),
        (
            "redhat/vex/archive_latest.txt",
            b"csaf_vex_2024-11-20.tar.zst".to_vec(),
        ),
        // What has changed in the very second that was followed last is fetched again.
        ("redhat/vex/2024/cve-2024-0001.json", DOCUMENT.to_vec()),
        ("redhat/vex/csaf_vex_2024-11-20.tar.zst", archive()),
        (
            "redhat/vex/changes.csv",
            b"\"2024/cve-2024-0001.json\",\"2024-11-19T09:00:00+00:00\"\n".to_vec(),
        ),
    ];
    let mirror = publisher.directory.path().join("mirror");
    for (path, bytes) in files {
        let file = mirror.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, &bytes).unwrap();
        publisher.put(path, bytes);
    }
    let told = || {
        let database = publisher.database();
        let problems = database.sources()[0].problems.iter();
        problems.map(ToString::to_string).collect::<Vec<_>>()
    };
    let only = ["--only", "redhat"];
    publisher.update(&only).unwrap();
    assert_eq!(told(), [""; 0]);
    assert!(
        publisher
            .asked()
            .contains(&"/redhat/vex/deletions.csv 404".to_owned())
    );
    let mut flags = publisher.flags(&only);
    flags.from.mirror = Some(mirror.display().to_string());
    run(&flags).unwrap();
    assert_eq!(told(), [""; 0]);
    // A list that is there and cannot be had is another matter.
    std::fs::create_dir(mirror.join("redhat/vex/deletions.csv")).unwrap();
    run(&flags).unwrap();
    assert!(told().concat().contains("could be fetched"), "{:?}", told());
}
