//! In which ways a package is looked up, or why in none.
//!
//! A package of a distribution has the name that its publisher's advisories speak of. An rpm has
//! two: most statements name what is built, some name the source alone. A program without a package
//! manager is looked up by its product (CPE), all else by its language's index.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;

use model::evr::without_epoch;
use model::{Distro, Ecosystem, Matchable, Ownership, Package, PackageType, Stream};
use version::{Scheme, Undecided};

use super::{Asked, maker};
use crate::Range;
use crate::key::Key;

/// The ecosystem of products: what the National Vulnerability Database speaks of.
pub(crate) const PRODUCTS: &str = "cpe";

/// By what a package is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Its name in its ecosystem.
    Name,
    /// Its source's name, where the own name is what is built: only what speaks of sources counts.
    Source,
    /// Its product's name.
    Product,
}

/// One way in which a package is looked up.
#[derive(Clone, Debug)]
pub(crate) struct Lookup<'a> {
    pub key: Key,
    pub by: By,
    pub version: &'a str,
    pub scheme: Scheme,
}

impl Lookup<'_> {
    /// Orders two versions of what is looked up.
    pub fn compare(&self, a: &str, b: &str) -> Result<Ordering, Undecided> {
        version::compare(self.scheme, self.counted(a), self.counted(b))
    }

    /// Whether a range holds the version.
    ///
    /// # Errors
    ///
    /// [`Undecided`] where a bound that matters cannot be compared.
    pub fn within(&self, range: &Range<&str>) -> Result<bool, Undecided> {
        let compare = |bound: &str| self.compare(self.version, bound);
        super::within(range, compare, |last| self.is_at_most(last))
    }

    /// Whether the version is at most the last one of a range.
    fn is_at_most(&self, last: &str) -> Result<bool, Undecided> {
        version::is_at_most(self.scheme, self.counted(self.version), self.counted(last))
    }

    /// What of a version counts: the file name of a source rpm, by which its version is known, has
    /// no epoch.
    fn counted<'t>(&self, text: &'t str) -> &'t str {
        match (self.by, self.scheme) {
            (By::Source, Scheme::Rpm) => without_epoch(text),
            _ => text,
        }
    }
}

/// What of a package is matched.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    pub matchable: &'a Matchable,
    /// By its own name.
    main: Lookup<'a>,
    /// By other names, of which less counts.
    others: Vec<Lookup<'a>>,
    /// The channel that alone speaks of it: that of a repository beside the distribution's.
    pub channel: Option<&'static str>,
    purl: OnceCell<Option<String>>,
}

/// Why nothing is looked up for a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// Its distribution, or the release of it, is not known: nobody answers for it.
    #[error("its distribution or the release of it is not known, so that nobody answers for it")]
    NoStream,
    /// It came unchanged with a distribution's package, which stands for it.
    #[error(
        "it is part of a package of the distribution and unchanged: what is said of that package \
         is said of it"
    )]
    OfDistribution,
    /// It holds the headers of a kernel and no kernel.
    #[error("it holds headers of the kernel and no kernel: the kernel's weaknesses are not in it")]
    KernelHeaders,
    /// Somebody else than the distribution built it.
    #[error("it was built by {0} and not by the distribution, whose word does not hold for it")]
    Foreign(String),
}

/// Whether packages of a type belong to a distribution and to no language.
pub(crate) fn is_of_distro(kind: PackageType) -> bool {
    use PackageType::{Alpm, Apk, Deb, Ebuild, Opkg, Rpm};
    matches!(kind, Alpm | Apk | Deb | Ebuild | Opkg | Rpm)
}

impl<'a> Subject<'a> {
    /// How a package is looked up.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub fn of(matchable: &'a Matchable) -> Result<Subject<'a>, Unasked> {
        let package = &matchable.package;
        if matchable.ownership == Ownership::DistroUnchanged {
            return Err(Unasked::OfDistribution);
        }
        if !is_of_distro(package.kind) {
            let (main, others) = in_no_distribution(package);
            return Ok(Subject {
                matchable,
                main,
                others,
                channel: None,
                purl: OnceCell::new(),
            });
        }
        let stream = matchable.stream.as_ref().ok_or(Unasked::NoStream)?;
        if is_kernel_headers(package) {
            return Err(Unasked::KernelHeaders);
        }
        let (stream, channel) = match maker::of(package, &stream.distro) {
            maker::Maker::Distribution => (Cow::Borrowed(stream), None),
            maker::Maker::Epel => (Cow::Owned(epel(stream)), Some(maker::EPEL)),
            maker::Maker::Other(name) => return Err(Unasked::Foreign(name.to_owned())),
        };
        let (main, others) = in_distribution(matchable, &stream);
        Ok(Subject {
            matchable,
            main,
            others,
            channel,
            purl: OnceCell::new(),
        })
    }

    /// How a package would be looked up whatever [`Subject::of`] says against it; `None` where
    /// that is not known.
    pub fn regardless(matchable: &'a Matchable) -> Option<Subject<'a>> {
        let (main, others) = match (&matchable.stream, is_of_distro(matchable.package.kind)) {
            (_, false) => in_no_distribution(&matchable.package),
            (Some(stream), true) => in_distribution(matchable, stream),
            (None, true) => return None,
        };
        Some(Subject {
            matchable,
            main,
            others,
            channel: None,
            purl: OnceCell::new(),
        })
    }

    /// The package URL, as far as it is known before an image is: the same for all findings.
    pub fn purl(&self) -> Option<&str> {
        let package = &self.matchable.package;
        let made = self
            .purl
            .get_or_init(|| package.purl(distro(self.matchable).as_ref()));
        made.as_deref()
    }

    /// The way in which a statement was found.
    pub fn lookup(&self, asked: &Asked<'_>) -> &Lookup<'a> {
        self.lookups().nth(asked.lookup).unwrap_or(&self.main)
    }

    /// Every way in which it is looked up, the main one first.
    pub fn lookups(&self) -> impl Iterator<Item = &Lookup<'a>> {
        std::iter::once(&self.main).chain(&self.others)
    }
}

/// The distribution, for a package URL before an image is known.
fn distro(matchable: &Matchable) -> Option<Distro> {
    let stream = matchable.stream.as_ref()?;
    Some(Distro::new(&stream.distro, &stream.release))
}

fn in_distribution<'a>(matchable: &'a Matchable, stream: &Stream) -> (Lookup<'a>, Vec<Lookup<'a>>) {
    let package = &matchable.package;
    let ecosystem = Ecosystem::Distro(stream.clone());
    let scheme = matchable.scheme();
    let lookup = |by, name: &str, version| Lookup {
        key: Key::new(&ecosystem, name),
        by,
        version,
        scheme,
    };
    let (name, version) = matchable.spoken_of();
    let main = lookup(By::Name, name, version);
    let by_source = (package.kind == PackageType::Rpm)
        .then(|| lookup(By::Source, package.source_name(), package.source_version()));
    (main, by_source.into_iter().collect())
}

fn in_no_distribution(package: &Package) -> (Lookup<'_>, Vec<Lookup<'_>>) {
    let ecosystem = Ecosystem::Language(package.kind);
    let main = Lookup {
        key: Key::new(&ecosystem, &package.name),
        by: By::Name,
        version: &package.version,
        scheme: package.scheme(),
    };
    let by_product = products(package).into_iter().map(|name| Lookup {
        key: Key {
            ecosystem: PRODUCTS.to_owned(),
            name,
        },
        by: By::Product,
        version: &package.version,
        scheme: package.scheme(),
    });
    (main, by_product.collect())
}

/// Products that have stood under several names: records of each are still there.
const RENAMED: &[(&str, &[&str])] = &[
    ("f5/nginx", &["nginx/nginx"]),
    ("nginx/nginx", &["f5/nginx"]),
    ("redis/redis", &["redislabs/redis"]),
    ("redislabs/redis", &["redis/redis"]),
    ("oracle/mysql", &["mysql/mysql", "oracle/mysql_server"]),
    ("nodejs/node.js", &["nodejs/nodejs"]),
    ("mongodb/mongodb", &["mongodb/mongodb_server"]),
    ("haxx/curl", &["haxx/libcurl"]),
    ("traefik/traefik", &["containous/traefik"]),
    ("pivotal_software/rabbitmq", &["vmware/rabbitmq"]),
    (
        "vmware/rabbitmq",
        &["pivotal_software/rabbitmq", "broadcom/rabbitmq_server"],
    ),
];

/// `vendor/product` in NVD's dictionary. Only what has no package manager is looked up so: names
/// of products are guesses for everything else.
fn products(package: &Package) -> Vec<String> {
    let has_no_manager = matches!(package.kind, PackageType::Generic | PackageType::Otp);
    let Some(cpe) = package.cpe.as_deref().filter(|_| has_no_manager) else {
        return Vec::new();
    };
    let Some((vendor, product)) = cpe.split_once(':') else {
        return Vec::new();
    };
    let bare = |text: &str| text.replace('\\', "").to_lowercase();
    let name = format!("{}/{}", bare(vendor), bare(product));
    let others = RENAMED.iter().find(|(known, _)| *known == name);
    let others = others.map_or(&[][..], |(_, others)| others);
    let others = others.iter().map(|other| (*other).to_owned());
    std::iter::once(name.clone()).chain(others).collect()
}

/// EPEL's packages for a release of Red Hat's, or of one built from it.
fn epel(stream: &Stream) -> Stream {
    let major = stream.release.split('.').next().unwrap_or_default();
    Stream::new("rhel", major)
}

/// What the names of packages with headers of the kernel begin with.
const KERNEL_HEADERS: &[&str] = &[
    "kernel-default-devel",
    "kernel-devel",
    "kernel-headers",
    "kernel-macros",
    "kernel-rt-devel",
    "kernel-uek-devel",
    "kernel-uek-headers",
    "linux-headers",
    "linux-kbuild",
    "linux-libc-dev",
];

fn is_kernel_headers(package: &Package) -> bool {
    let source = package.source_name();
    let is_of_kernel = source.starts_with("linux") || source.starts_with("kernel");
    let name = package.name.as_str();
    is_of_kernel && KERNEL_HEADERS.iter().any(|start| name.starts_with(start))
}
