//! A fleet of synthetic images, and what a change of the advisory database costs there:
//! `bench/fleet` runs this.
//!
//! `fleet make DIR IMAGES` stores images over 50,000 distinct packages: each has a base (of 50), a
//! middle (of 1,000) and an application that ten images share, some 200 packages in all.
//! `fleet match DIR ROUNDS` brings in a revision with 1,000 changed keys, then the one before, and
//! so on. `fleet ask DIR` asks which images have a vulnerability. Each prints a line of JSON for
//! each measurement.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use advisory::{Builder, Database, FeedFile};
use jiff::{SignedDuration, Timestamp};
use model::{
    Digest, Distro, Installed, Inventory, Ownership, Package, PackageType, RepositoryName, Source,
};
use server::auth::seal::{KEY_LENGTH, Seal};
use server::scan::Looked;
use server::{App, Clock, Random, Settings, matching, scan};
use store::Store;
use store::record::{JobKind, Manifest, PutManifest, Repository, ScanOrder, TagRule};

const NAMES: usize = 5_000;
const VERSIONS: usize = 10;
const BASES: usize = 50;
const MIDDLES: usize = 1_000;
const CHANGED: usize = 1_000;

type Failure = Box<dyn std::error::Error>;

/// A clock that stands still: the same input makes the same fleet.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// 2026-11-25T00:00:00Z.
const NOW: Timestamp = Timestamp::constant(1_795_564_800, 0);

struct Zero;

impl Random for Zero {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// The same numbers in every run (an xorshift generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", dir, images] => make(Path::new(dir), images.parse()?),
        ["match", dir, rounds] => bring(Path::new(dir), rounds.parse()?),
        ["ask", dir] => ask(Path::new(dir)),
        _ => Err("usage: fleet make DIR IMAGES | match DIR ROUNDS | ask DIR".into()),
    }
}

fn app(dir: &Path) -> Result<App, Failure> {
    let store = Store::embedded(dir)?;
    let mut settings = Settings::new("127.0.0.1:0");
    settings.dev = true;
    let seal = Seal::new(&[0; KEY_LENGTH])?;
    Ok(App::new(
        store,
        settings,
        Arc::new(Still),
        Arc::new(Zero),
        seal,
    ))
}

/// The advisories: three weaknesses a name, and, in the second revision, something else of 1,000
/// names: one more, one less, or another fixed version.
fn database(revision: usize) -> Result<Database, Failure> {
    let mut packages = Vec::new();
    for name in 0..NAMES {
        let mut dice = Dice(name as u64 + 1);
        let mut fixes: Vec<(usize, usize)> = (0..3).map(|at| (at, dice.below(VERSIONS))).collect();
        if revision > 0 && name < CHANGED {
            match name % 3 {
                0 => fixes.push((9, dice.below(VERSIONS))),
                1 => drop(fixes.pop()),
                _ => fixes
                    .iter_mut()
                    .for_each(|(_, fixed)| *fixed = (*fixed + 1) % VERSIONS),
            }
        }
        let mut by_version = serde_json::Map::new();
        for (at, fixed) in fixes {
            let rows = by_version
                .entry(format!("1.{fixed}.0-r0"))
                .or_insert_with(|| serde_json::json!([]));
            if let Some(rows) = rows.as_array_mut() {
                rows.push(serde_json::json!(format!("CVE-20{at:02}-{name:05}")));
            }
        }
        packages.push(serde_json::json!({
            "pkg": { "name": format!("source-{name}"), "secfixes": by_version }
        }));
    }
    let mut builder = Builder::new(advisory::Limits::default());
    for repository in ["main", "community"] {
        let packages = if repository == "main" {
            packages.clone()
        } else {
            Vec::new()
        };
        let document = serde_json::json!({
            "distroversion": "v3.19", "reponame": repository, "packages": packages,
        });
        let text = document.to_string();
        builder.add_file(&FeedFile {
            source: "alpine-secdb",
            archive: Some("secdb.tar.gz"),
            path: &format!("v3.19/{repository}.json"),
            modified: Some(NOW),
            bytes: text.as_bytes(),
        })?;
    }
    Ok(Database::open(builder.finish())?)
}

fn package(number: usize) -> Package {
    let (name, version) = (number % NAMES, number / NAMES);
    let version = format!("1.{version}.0-r0");
    Package {
        source: Some(Source {
            name: format!("source-{name}"),
            version: version.clone(),
        }),
        architecture: Some("x86_64".to_owned()),
        ..Package::new(PackageType::Apk, format!("package-{name}"), version)
    }
}

/// The packages of a layer: the same for the same layer.
fn layer(kind: &str, number: usize, count: usize) -> (Digest, Vec<Package>) {
    let name = format!("{kind}-{number}");
    let seed: u64 = name.bytes().fold(1_469, |seed, byte| {
        (seed ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    });
    let mut dice = Dice(seed | 1);
    let all = NAMES * VERSIONS;
    let packages = (0..count).map(|_| package(dice.below(all)));
    (Digest::of(name.as_bytes()), packages.collect())
}

fn inventory(image: usize) -> Inventory {
    let application = image / 10;
    let middle = application % MIDDLES;
    let layers = [
        layer("base", middle % BASES, 100),
        layer("middle", middle, 60),
        layer("application", application, 40),
    ];
    let mut packages = Vec::new();
    for (digest, held) in layers {
        packages.extend(held.into_iter().map(|package| Installed {
            package,
            path: "lib/apk/db/installed".to_owned(),
            layer: Some(digest.clone()),
            ownership: Ownership::Own,
            licence: "MIT".to_owned(),
        }));
    }
    packages.sort();
    packages.dedup();
    Inventory {
        repositories: Vec::new(),
        layers: Vec::new(),
        distro: Some(Distro::new("alpine", "3.19.0")),
        packages,
        databases: vec!["lib/apk/db/installed".to_owned()],
        problems: Vec::new(),
    }
}

fn make(dir: &Path, images: usize) -> Result<(), Failure> {
    std::fs::create_dir_all(dir)?;
    let app = app(dir)?;
    let first = Arc::new(database(0)?);
    app.database.replace(first.clone());
    bring_in(&app, &first)?;
    for number in 0..images.div_ceil(1_000) {
        app.store.metadata.create_repository(&Repository {
            name: repository(number)?,
            created_at: NOW,
            tag_rule: TagRule::default(),
            scan_on_push: None,
        })?;
    }
    let started = Instant::now();
    for image in 0..images {
        push(&app, &first, image)?;
    }
    let packages = app.store.metadata.packages(None, NAMES * VERSIONS)?.len();
    say(
        "make",
        started.elapsed(),
        images,
        &format!("\"packages\": {packages}"),
    );
    Ok(())
}

fn repository(number: usize) -> Result<RepositoryName, Failure> {
    Ok(format!("fleet/{number}").parse()?)
}

fn push(app: &App, database: &Database, image: usize) -> Result<(), Failure> {
    let digest = Digest::of(format!("image-{image}").as_bytes());
    let looked = scan::look(app, &digest, inventory(image), Some(database));
    let Looked::Found(result) = looked else {
        return Err("an image could not be looked at".into());
    };
    let manifest = Manifest {
        repository: repository(image / 1_000)?,
        digest,
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        bytes: b"{}".to_vec(),
        artifact_type: None,
        subject: None,
        annotations: None,
        image_size: 1,
        blobs: Vec::new(),
        manifests: Vec::new(),
        pushed_at: NOW,
    };
    let tag = format!("v{image}").parse()?;
    let order = ScanOrder::Done(&result);
    match app
        .store
        .metadata
        .put_manifest(&manifest, Some(&tag), order)?
    {
        PutManifest::Stored => Ok(()),
        other => Err(format!("an image was not stored: {other:?}").into()),
    }
}

fn bring_in(app: &App, database: &Database) -> Result<(), Failure> {
    let judge = database.judge();
    let kind = JobKind::Match {
        judge: judge.clone(),
    };
    let lease = SignedDuration::from_mins(10);
    let job = app.store.metadata.claim_job(&kind, NOW, lease)?;
    let job = job.ok_or("somebody else has the job")?;
    let brought = matching::bring(app, &job, &judge)?;
    app.store.metadata.finish_job(&job)?;
    match brought {
        matching::Brought::Done => Ok(()),
        other => Err(format!("not brought in: {other:?}").into()),
    }
}

fn bring(dir: &Path, rounds: usize) -> Result<(), Failure> {
    let app = app(dir)?;
    let revisions = [Arc::new(database(0)?), Arc::new(database(1)?)];
    let [first, second] = &revisions;
    let keys = Database::changed_keys(first, second, usize::MAX)?;
    let keys = match keys {
        advisory::Changed::Keys(keys) => keys.len(),
        advisory::Changed::TooMany => 0,
    };
    for revision in &revisions {
        app.database.replace(revision.clone());
    }
    let known = app.store.metadata.matched_by()?;
    let mut next = known == Some(first.judge());
    for _ in 0..rounds {
        let database = if next { second } else { first };
        app.database.replace(database.clone());
        let before = app.store.metadata.place_events(1_000_000)?;
        let started = Instant::now();
        bring_in(&app, database)?;
        let took = started.elapsed();
        let after = app.store.metadata.place_events(1_000_000)?;
        let events = after.placed - before.placed;
        let more = format!("\"events\": {events}, \"peak_kib\": {}", peak()?);
        say("match", took, keys, &more);
        next = !next;
    }
    Ok(())
}

/// The most memory that this process has had resident.
fn peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.unwrap_or_default().split_whitespace().nth(1);
    Ok(digits.unwrap_or("0").parse()?)
}

fn ask(dir: &Path) -> Result<(), Failure> {
    let app = app(dir)?;
    let mut dice = Dice(7);
    for _ in 0..50 {
        let id = format!("CVE-20{:02}-{:05}", dice.below(3), dice.below(NAMES));
        let started = Instant::now();
        let page = app.store.metadata.affected_images(&id, None, 1_000)?;
        say("ask", started.elapsed(), page.len(), "\"page\": 1000");
    }
    Ok(())
}

fn say(what: &str, took: Duration, count: usize, more: &str) {
    let milliseconds = took.as_secs_f64() * 1000.0;
    println!(
        "{{\"what\": \"{what}\", \"milliseconds\": {milliseconds:.3}, \"count\": {count}, {more}}}"
    );
}
