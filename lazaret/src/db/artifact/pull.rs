//! `lazaret db pull`: a database from a registry or an archive, of which only what has changed is
//! fetched. Nothing is used before its signature and its checksums were compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use advisory::Database;
use anyhow::{Context, bail};
use model::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keys::PublicKey;
use super::transport::Transport;
use super::{Document, MOST_BLOB, MOST_DOCUMENT, MOST_SECTION, SCHEMA, Section, Step, pack};
use crate::cli::artifact::{Connection, Pull};
use crate::db::build;
use crate::{client, database, output};

/// What is asked for.
pub struct Wanted {
    /// Where it lies.
    pub reference: String,
    /// The file that is written.
    pub out: PathBuf,
    /// Whose signatures are trusted; none to ask for no signature.
    pub trust: Vec<PublicKey>,
    /// Whether an older one is taken.
    pub allow_older: bool,
    /// How the place is reached.
    pub connection: Connection,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The artifact's version.
    pub version: u64,
    /// The database's revision.
    pub revision: String,
    /// Blobs that were fetched, the document among them.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Whether that database was there already.
    pub unchanged: bool,
}

/// Where the file came from, kept beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Origin {
    reference: String,
    version: u64,
    revision: String,
}

/// Runs the command.
///
/// # Errors
///
/// Where something cannot be fetched, or is not what somebody trusted has signed. The file stays
/// as it was.
pub fn run(flags: &Pull) -> anyhow::Result<u8> {
    if flags.trust.is_empty() && !flags.unsigned {
        bail!(
            "name the public key that is trusted with --trust or LAZARET_DB_TRUST ('lazaret db \
             keygen' prints it), or take the database --unsigned"
        );
    }
    let trust: anyhow::Result<_> = flags
        .trust
        .iter()
        .map(|key| PublicKey::named(key))
        .collect();
    let wanted = Wanted {
        reference: flags.reference.clone(),
        out: flags.out.clone(),
        trust: trust?,
        allow_older: flags.allow_older,
        connection: flags.connection.clone(),
    };
    client::run(async {
        let pulled = pull(&wanted).await?;
        let what = match pulled.unchanged {
            true => "is as it was",
            false => "is written",
        };
        eprintln!(
            "lazaret: {} {what}: version {}, revision {}; {} blobs, {} fetched",
            wanted.out.display(),
            pulled.version,
            pulled.revision,
            pulled.blobs,
            output::bytes(pulled.bytes)
        );
        Ok(0)
    })
}

/// Fetches a database and puts it in place.
///
/// # Errors
///
/// See [`run`].
pub async fn pull(wanted: &Wanted) -> anyhow::Result<Pulled> {
    let place = Transport::open(&wanted.reference, &wanted.connection)?;
    let Some(manifest) = place.manifest().await? else {
        bail!("there is no database at {}", wanted.reference);
    };
    let mut fetched = Fetched::from(&place);
    let document = fetched.document(&manifest, &wanted.trust).await?;
    let origin = origin(&wanted.out)?;
    let same = origin.reference == wanted.reference;
    if same && document.version < origin.version && !wanted.allow_older {
        bail!(
            "{} offers version {}, and version {} was pulled from there before: somebody may be \
             holding fixes back. --allow-older takes it all the same",
            wanted.reference,
            document.version,
            origin.version
        );
    }
    let current = database::open(&wanted.out).ok();
    let current = current.filter(|current| current.verify().is_ok());
    let unchanged = current
        .as_ref()
        .is_some_and(|current| current.revision() == document.revision);
    if !unchanged {
        let whole = fetched.database(&document, current.as_ref()).await?;
        build::replace(&wanted.out, whole.bytes())?;
    }
    remember(&wanted.out, &wanted.reference, &document)?;
    Ok(Pulled {
        version: document.version,
        revision: document.revision,
        blobs: fetched.blobs,
        bytes: manifest.len() as u64 + fetched.bytes,
        unchanged,
    })
}

/// What was fetched from a place, counted.
pub struct Fetched<'a> {
    place: &'a Transport,
    blobs: usize,
    bytes: u64,
}

impl<'a> Fetched<'a> {
    /// Nothing yet.
    pub fn from(place: &'a Transport) -> Fetched<'a> {
        Fetched {
            place,
            blobs: 0,
            bytes: 0,
        }
    }

    async fn blob(&mut self, digest: &Digest, limit: u64) -> anyhow::Result<Vec<u8>> {
        let bytes = self.place.blob(digest, limit).await?;
        self.blobs += 1;
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    /// The document of a manifest, as somebody trusted has signed it.
    ///
    /// # Errors
    ///
    /// Where it cannot be fetched or is not trusted.
    pub async fn document(
        &mut self,
        bytes: &[u8],
        trust: &[PublicKey],
    ) -> anyhow::Result<Document> {
        let manifest: Value = serde_json::from_slice(bytes).context("the manifest is no JSON")?;
        let text = |object: &str, name: &str| {
            let value = manifest.get(object).and_then(|object| object.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        if text("config", "mediaType") != super::DOCUMENT {
            bail!("what lies there is no advisory database");
        }
        let digest = text("config", "digest");
        let digest: Digest = digest.parse().context("the manifest names no document")?;
        let document = self.blob(&digest, MOST_DOCUMENT).await?;
        let signature = text("annotations", super::SIGNATURE);
        let signed = |key: &PublicKey| key.has_signed(&document, &signature);
        if !trust.is_empty() && !trust.iter().any(signed) {
            bail!(match signature.is_empty() {
                true => "the database is not signed, and nothing of it is used",
                false => "nobody who is trusted has signed the database; nothing of it is used",
            });
        }
        let read: Document = serde_json::from_slice(&document).context("the document")?;
        match read.schema == SCHEMA {
            true => Ok(read),
            false => bail!(
                "its form is '{}', and this program reads '{SCHEMA}': take a newer program",
                read.schema
            ),
        }
    }

    /// The database of a document, out of what is here and what has to be fetched.
    async fn database(
        &mut self,
        document: &Document,
        current: Option<&Database>,
    ) -> anyhow::Result<Database> {
        let here = Here::of(current);
        let mut sections = Vec::with_capacity(document.sections.len());
        for section in &document.sections {
            let bytes = self.section(section, &here).await;
            let bytes = bytes.with_context(|| format!("the section '{}'", section.name))?;
            sections.push((section.kind, bytes));
        }
        let parts: Vec<(u32, &[u8])> = sections
            .iter()
            .map(|(kind, bytes)| (*kind, bytes.as_slice()))
            .collect();
        let whole = Database::assemble(&parts);
        drop(sections);
        let opened = Database::open(whole).context("what was fetched is no database")?;
        match opened.revision() == document.revision {
            true => Ok(opened),
            false => bail!("what was fetched is another database than the one that was signed"),
        }
    }

    /// One section's bytes.
    async fn section(&mut self, wanted: &Section, here: &Here<'_>) -> anyhow::Result<Vec<u8>> {
        if let Some(bytes) = here.section(wanted.kind, &wanted.name, &wanted.checksum) {
            return Ok(bytes.to_vec());
        }
        let there: BTreeSet<String> = here.checksums(wanted.kind, &wanted.name);
        let way = wanted.way(&there).context("there is no way to it")?;
        let begin = way.first().and_then(|step| step.from.as_deref());
        let own = match begin {
            None => None,
            Some(from) => {
                let own = here.section(wanted.kind, &wanted.name, from);
                Some(pack::outward(wanted.kind, own.context("it is gone")?)?)
            }
        };
        let form = self.followed(&way, own).await?;
        let bytes = pack::inward(wanted.kind, form.context("there is no way to it")?)?;
        let checksum = blake3::hash(&bytes).to_hex();
        match checksum.as_str() == wanted.checksum && bytes.len() as u64 == wanted.length {
            true => Ok(bytes),
            false => bail!("it does not match its checksum"),
        }
    }

    /// The form at the end of a way that begins with one that is there, or with nothing.
    ///
    /// # Errors
    ///
    /// Where a step cannot be fetched or does not lead on.
    pub async fn followed(
        &mut self,
        way: &[&Step],
        begin: Option<Vec<u8>>,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let mut form = begin;
        for step in way {
            let blob = self.blob(&step.blob, MOST_BLOB).await?;
            let old = form.as_deref().filter(|_| step.from.is_some());
            form = Some(pack::unpacked(&blob, old, MOST_SECTION)?);
        }
        Ok(form)
    }
}

/// The sections that are here already, by kind, name and checksum.
pub struct Here<'a>(BTreeMap<(u32, String, String), &'a [u8]>);

impl<'a> Here<'a> {
    /// Those of a database that was verified.
    pub fn of(database: Option<&'a Database>) -> Here<'a> {
        let sections = database.map(Database::sections).unwrap_or_default();
        let row = |section: advisory::database::SectionView<'a>| {
            let checksum = blake3::Hash::from(section.checksum).to_hex().to_string();
            (
                (section.kind, section.name.to_owned(), checksum),
                section.bytes,
            )
        };
        Here(sections.into_iter().map(row).collect())
    }

    /// One of them.
    pub fn section(&self, kind: u32, name: &str, checksum: &str) -> Option<&'a [u8]> {
        let key = (kind, name.to_owned(), checksum.to_owned());
        self.0.get(&key).copied()
    }

    fn checksums(&self, kind: u32, name: &str) -> BTreeSet<String> {
        let keys = self.0.keys();
        let own = keys.filter(|(own, called, _)| *own == kind && called == name);
        own.map(|(_, _, checksum)| checksum.clone()).collect()
    }
}

fn origin_path(out: &Path) -> PathBuf {
    database::beside(out, ".origin.json")
}

/// Where the file came from; nothing known where nobody pulled it.
fn origin(out: &Path) -> anyhow::Result<Origin> {
    let path = origin_path(out);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is broken: remove it to begin anew", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Origin::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn remember(out: &Path, reference: &str, document: &Document) -> anyhow::Result<()> {
    let origin = Origin {
        reference: reference.to_owned(),
        version: document.version,
        revision: document.revision.clone(),
    };
    build::write(&origin_path(out), &serde_json::to_vec_pretty(&origin)?)
}
