//! `lazaret db push`: a database into a registry or an archive, as what has changed since the one
//! that lies there.

use std::collections::{BTreeMap, BTreeSet};

use advisory::Database;
use anyhow::{Context, bail};
use model::Digest;
use serde_json::{Value, json};

use super::keys::SigningKey;
use super::pull::Fetched;
use super::transport::Transport;
use super::{Document, SCHEMA, Section, Step, pack};
use crate::cli::artifact::Push;
use crate::{client, database, output};

/// Runs the command.
///
/// # Errors
///
/// Where the database is damaged, no key was named, or the place does not take it.
pub fn run(flags: &Push) -> anyhow::Result<u8> {
    let key = match (&flags.sign, flags.unsigned) {
        (Some(path), _) => Some(SigningKey::open(path)?),
        (None, true) => None,
        (None, false) => bail!(
            "name the key that signs with --sign or LAZARET_DB_KEY ('lazaret db keygen' makes \
             one), or push the database --unsigned"
        ),
    };
    let database = database::open_required(flags.db.as_deref())?;
    database.verify()?;
    let place = Transport::open(&flags.reference, &flags.connection)?;
    client::run(async {
        let pushed = push(&place, &database, key.as_ref()).await?;
        let words = match pushed.unchanged {
            true => "lies there already".to_owned(),
            false => format!("is pushed, {} sent", output::bytes(pushed.sent)),
        };
        eprintln!(
            "lazaret: version {}, revision {} {words}",
            pushed.version,
            database.revision()
        );
        Ok(0)
    })
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The artifact's version.
    pub version: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Whether that database lay there already.
    pub unchanged: bool,
}

/// Puts a verified database where it is wanted.
///
/// # Errors
///
/// Where the place does not take it.
pub async fn push(
    place: &Transport,
    database: &Database,
    key: Option<&SigningKey>,
) -> anyhow::Result<Pushed> {
    let before = match place.remembers() {
        true => before(place, key).await?,
        false => Before::Nothing,
    };
    let (version, known) = match &before {
        Before::Nothing => (1, None),
        Before::Foreign(document) => (document.version.saturating_add(1), None),
        Before::Own(document) if document.revision == database.revision() => {
            return Ok(Pushed {
                version: document.version,
                sent: 0,
                unchanged: true,
            });
        }
        Before::Own(document) => (document.version.saturating_add(1), Some(document)),
    };
    let mut writer = Writer {
        place,
        known,
        blobs: BTreeMap::new(),
    };
    let mut sections = Vec::new();
    for section in database.sections() {
        let written = writer.section(&section).await;
        sections.push(written.with_context(|| format!("the section '{}'", section.name))?);
    }
    let document = Document {
        schema: SCHEMA.to_owned(),
        version,
        revision: database.revision().to_owned(),
        built: database.built().map(|built| built.to_string()),
        sections,
    };
    let bytes = serde_json::to_vec(&document)?;
    let manifest = manifest(&document, &bytes, key).to_string();
    let mut blobs: Vec<(Digest, Vec<u8>)> = writer.blobs.into_iter().collect();
    blobs.push((Digest::of(&bytes), bytes));
    let sent = place.put(manifest.as_bytes(), &blobs).await?;
    Ok(Pushed {
        version,
        sent,
        unchanged: false,
    })
}

/// What lies there.
enum Before {
    Nothing,
    /// One that this key has not signed: nothing is built on it.
    Foreign(Document),
    Own(Document),
}

async fn before(place: &Transport, key: Option<&SigningKey>) -> anyhow::Result<Before> {
    let Some(manifest) = place.manifest().await? else {
        return Ok(Before::Nothing);
    };
    let trust: Vec<_> = key.map(SigningKey::public).into_iter().collect();
    let mut fetched = Fetched::from(place);
    match fetched.document(&manifest, &trust).await {
        Ok(document) => Ok(Before::Own(document)),
        Err(_) => Ok(Before::Foreign(fetched.document(&manifest, &[]).await?)),
    }
}

/// Writes sections, each with the steps that lead to it.
struct Writer<'a> {
    place: &'a Transport,
    known: Option<&'a Document>,
    blobs: BTreeMap<Digest, Vec<u8>>,
}

impl Writer<'_> {
    async fn section(
        &mut self,
        section: &advisory::database::SectionView<'_>,
    ) -> anyhow::Result<Section> {
        let checksum = blake3::Hash::from(section.checksum).to_hex().to_string();
        let known = self.known.map_or(&[][..], |known| &known.sections);
        let is_it = |one: &&Section| one.kind == section.kind && one.name == section.name;
        let known = known.iter().find(is_it);
        if let Some(same) = known.filter(|known| known.checksum == checksum) {
            return Ok(same.clone());
        }
        let form = pack::outward(section.kind, section.bytes)?;
        let mut steps = Vec::new();
        if let Some(known) = known {
            let old = self.form(known).await?;
            steps.clone_from(&known.steps);
            let change = pack::change(&old, &form)?;
            steps.push(self.step(Some(&known.checksum), &checksum, change));
        }
        let mut written = Section {
            kind: section.kind,
            name: section.name.to_owned(),
            checksum: checksum.clone(),
            length: section.bytes.len() as u64,
            steps,
        };
        if written.is_worn() {
            let whole = pack::whole(&form)?;
            let whole = self.step(None, &checksum, whole);
            written.renew(whole);
        }
        Ok(written)
    }

    fn step(&mut self, from: Option<&String>, to: &str, blob: Vec<u8>) -> Step {
        let step = Step {
            from: from.cloned(),
            to: to.to_owned(),
            blob: Digest::of(&blob),
            size: blob.len() as u64,
        };
        self.blobs.insert(step.blob.clone(), blob);
        step
    }

    /// The form of a section that lies there.
    async fn form(&self, section: &Section) -> anyhow::Result<Vec<u8>> {
        let nowhere = "there is no way to the one that lies there";
        let way = section.way(&BTreeSet::new()).context(nowhere)?;
        let form = Fetched::from(self.place).followed(&way, None).await?;
        form.context(nowhere)
    }
}

/// The manifest of a document: every step is a layer, each once.
fn manifest(document: &Document, bytes: &[u8], key: Option<&SigningKey>) -> Value {
    let mut layers: BTreeMap<&Digest, Value> = BTreeMap::new();
    for section in &document.sections {
        for step in &section.steps {
            let layer = json!({
                "mediaType": super::STEP,
                "digest": step.blob.as_str(),
                "size": step.size,
                "annotations": { "org.opencontainers.image.title": section.name },
            });
            layers.insert(&step.blob, layer);
        }
    }
    let mut annotations = BTreeMap::from([
        (
            "org.opencontainers.image.version",
            document.version.to_string(),
        ),
        ("org.lazaret.database.revision", document.revision.clone()),
    ]);
    if let Some(key) = key {
        annotations.insert(super::SIGNATURE, key.sign(bytes));
    }
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": super::ARTIFACT,
        "config": {
            "mediaType": super::DOCUMENT,
            "digest": Digest::of(bytes).as_str(),
            "size": bytes.len(),
        },
        "layers": layers.into_values().collect::<Vec<_>>(),
        "annotations": annotations,
    })
}
