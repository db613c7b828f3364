//! Test support: a whole server in a temporary directory, with a clock that stands still.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use advisory::{Builder, Database, FeedFile};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use image::fixture::Fixture;
use jiff::Timestamp;
use model::{Digest, RepositoryName};
use serde_json::Value;
use store::Store;
use store::record::{Repository, TagRule, User};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::auth::key::NewKey;
use crate::auth::seal::{KEY_LENGTH, Seal};
use crate::{App, Clock, Random, Settings, matching, worker};

/// 2026-11-24T00:00:00Z.
const BEGIN: i64 = 1_795_478_400;

/// A clock that a test moves.
pub struct StillClock(AtomicI64);

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// Random bytes that count.
#[derive(Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        for (place, byte) in buffer.iter_mut().zip(number.iter().cycle()) {
            *place = *byte;
        }
    }
}

/// A key that everybody knows.
pub fn seal() -> Seal {
    Seal::new(&[7; KEY_LENGTH]).unwrap()
}

/// A server without a socket.
pub struct Server {
    pub app: Arc<App>,
    clock: Arc<StillClock>,
    /// What goes with each request as `Authorization`.
    authorization: Mutex<Option<String>>,
    directory: TempDir,
}

/// What a server answered.
pub struct Answered {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    /// Everybody may come in.
    pub fn open() -> Server {
        Server::with(|settings| settings.dev = true)
    }

    /// Everybody may come in, and scans are left to [`Server::work`].
    pub fn unhurried() -> Server {
        Server::with(|settings| {
            settings.dev = true;
            settings.push_wait = std::time::Duration::ZERO;
        })
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::embedded(&directory.path().join("data")).unwrap();
        let mut settings = Settings::new("localhost:5000");
        change(&mut settings);
        let clock = Arc::new(StillClock(AtomicI64::new(BEGIN)));
        let random = Arc::new(Counting::default());
        let app = Arc::new(App::new(store, settings, clock.clone(), random, seal()));
        Server {
            app,
            clock,
            authorization: Mutex::default(),
            directory,
        }
    }

    /// Where the embedded stores lie.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub async fn request(&self, mut request: Request<Body>) -> Answered {
        let authorization = self.authorization.lock().unwrap().clone();
        if let Some(authorization) = authorization {
            let value = authorization.parse().unwrap();
            request
                .headers_mut()
                .entry("authorization")
                .or_insert(value);
        }
        let response = crate::router::router(self.app.clone())
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answered {
        let request = Request::get(path).header("host", "localhost:5000");
        self.request(request.body(Body::empty()).unwrap()).await
    }

    /// One operation of ECR's: status and body in one text.
    pub async fn ecr(&self, operation: &str, input: Value) -> (u16, Value) {
        let request = Request::post("/")
            .header("host", "localhost:5000")
            .header(
                "x-amz-target",
                format!("AmazonEC2ContainerRegistry_V20150921.{operation}"),
            )
            .header("content-type", "application/x-amz-json-1.1");
        let answered = self
            .request(request.body(Body::from(input.to_string())).unwrap())
            .await;
        (answered.status.as_u16(), answered.json())
    }

    /// Pushes an image as a client would, in one request a blob.
    pub async fn push(&self, repository: &str, tag: &str, text: &str) -> Digest {
        let fixture = Fixture::parse(text).unwrap();
        self.push_fixture(repository, tag, &fixture).await
    }

    /// The same for an image that is there already, for any platform.
    pub async fn push_fixture(&self, repository: &str, tag: &str, fixture: &Fixture) -> Digest {
        for (_, bytes) in fixture.blobs() {
            self.push_blob(repository, bytes).await;
        }
        let kind = image::manifest::media_type::OCI_MANIFEST;
        let answered = self
            .put_manifest(repository, tag, kind, &fixture.manifest)
            .await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
        fixture.digest()
    }

    pub async fn push_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let request = Request::post(path).header("host", "localhost:5000");
        let body = Body::from(bytes.to_vec());
        let answered = self.request(request.body(body).unwrap()).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
        digest
    }

    pub async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Answered {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let request = Request::put(path)
            .header("host", "localhost:5000")
            .header("content-type", media_type);
        let body = Body::from(bytes.to_vec());
        self.request(request.body(body).unwrap()).await
    }

    /// From now on requests are these user's and password's, or nobody's.
    pub fn log_in(&self, pair: Option<(&str, &str)>) {
        let basic = |(name, secret)| {
            let pair = STANDARD.encode(format!("{name}:{secret}"));
            format!("Basic {pair}")
        };
        self.authorize(pair.map(basic).as_deref());
    }

    /// From now on requests carry that header.
    pub fn authorize(&self, header: Option<&str>) {
        *self.authorization.lock().unwrap() = header.map(str::to_owned);
    }

    /// Every file of the data directory, with its bytes.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut rest = vec![self.data()];
        while let Some(path) = rest.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).unwrap();
                rest.extend(entries.map(|entry| entry.unwrap().path()));
            } else {
                found.insert(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
        found
    }

    /// A user with these grants and an access key.
    pub fn user(&self, name: &str, grants: &[&str]) -> NewKey {
        let user = User {
            name: name.to_owned(),
            password: None,
            grants: grants.iter().map(|grant| grant.parse().unwrap()).collect(),
            created_at: self.app.clock.now(),
        };
        let metadata = &self.app.store.metadata;
        assert!(metadata.create_user(&user).unwrap());
        let key = crate::auth::key::generate(self.app.random.as_ref(), user.created_at);
        let random = self.app.random.as_ref();
        let sealed = key.seal(name, &self.app.seal, random).unwrap();
        assert!(metadata.create_access_key(&sealed).unwrap());
        key
    }

    /// Sends a JSON document.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Answered {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:5000");
        let body = Body::from(if body.is_null() {
            String::new()
        } else {
            body.to_string()
        });
        self.request(request.body(body).unwrap()).await
    }

    /// A user who may do everything, with an access key.
    pub fn admin(&self, key: &NewKey) {
        let metadata = &self.app.store.metadata;
        let user = User {
            name: "admin".to_owned(),
            password: None,
            grants: vec!["admin".parse().unwrap()],
            created_at: key.created_at,
        };
        assert!(metadata.create_user(&user).unwrap());
        let random = self.app.random.as_ref();
        let sealed = key.seal("admin", &self.app.seal, random).unwrap();
        assert!(metadata.create_access_key(&sealed).unwrap());
    }

    pub fn repository(&self, name: &str, scan_on_push: Option<bool>) {
        let repository = Repository {
            name: name.parse::<RepositoryName>().unwrap(),
            created_at: self.app.clock.now(),
            tag_rule: TagRule::default(),
            scan_on_push,
        };
        assert!(
            self.app
                .store
                .metadata
                .create_repository(&repository)
                .unwrap()
        );
    }

    /// Does every job that waits.
    pub fn work(&self) {
        while worker::run_next(&self.app).unwrap() {}
    }

    /// Puts a database of these secdb fixes for Alpine 3.19 into use: (package, fixed, identifier).
    pub fn load(&self, fixes: &[(&str, &str, &str)]) {
        self.take_up(alpine(fixes));
    }

    /// The same with a catalogue of known exploited vulnerabilities, in which one stands.
    pub fn load_exploited(&self, fixes: &[(&str, &str, &str)], exploited: &str) {
        let catalogue = serde_json::json!({
            "dateReleased": "2026-11-23T00:00:00Z",
            "vulnerabilities": [{ "cveID": exploited, "dateAdded": "2026-01-02" }],
        });
        let text = catalogue.to_string();
        let mut builder = secdb(fixes);
        let file = FeedFile::plain(
            "cisa-kev",
            "known_exploited_vulnerabilities.json",
            text.as_bytes(),
        );
        builder.add_file(&file).unwrap();
        self.take_up(Database::open(builder.finish()).unwrap());
    }

    fn take_up(&self, database: Database) {
        self.app.database.replace(Arc::new(database));
        matching::order(&self.app).unwrap();
    }
}

fn alpine(fixes: &[(&str, &str, &str)]) -> Database {
    Database::open(secdb(fixes).finish()).unwrap()
}

fn secdb(fixes: &[(&str, &str, &str)]) -> Builder {
    let packages: Vec<Value> = fixes
        .iter()
        .map(|(name, fixed, id)| {
            serde_json::json!({ "pkg": { "name": name, "secfixes": { *fixed: [id] } } })
        })
        .collect();
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
        let file = FeedFile {
            source: "alpine-secdb",
            archive: Some("secdb.tar.gz"),
            path: &format!("v3.19/{repository}.json"),
            modified: Some("2026-11-23T00:00:00Z".parse().unwrap()),
            bytes: text.as_bytes(),
        };
        builder.add_file(&file).unwrap();
    }
    builder
}

/// An Alpine image with two packages of one origin.
pub const ALPINE: &str = "
//- layer
//- /etc/os-release
ID=alpine
VERSION_ID=3.19.0
//- /lib/apk/db/installed
P:libcrypto3
V:3.1.3-r0
A:x86_64
o:openssl

P:libssl3
V:3.1.3-r0
A:x86_64
o:openssl

P:zlib
V:1.3-r0
A:x86_64
o:zlib
";
