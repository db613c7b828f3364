//! Which statements on a weakness are heard, and why the others are not.

use model::{Package, PackageType};
use version::Scheme;

use super::group::Group;
use super::subject::{By, Lookup, Subject};
use super::{Asked, Verdict, verdict};
use crate::record::SOURCE;
use crate::{End, Range, State};

/// Why a statement is not heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dismissed {
    /// It speaks of builds of another module or slot, or of none.
    #[error("it speaks of builds of {0}, and this is another build")]
    Module(String),
    /// It speaks of other architectures.
    #[error("it speaks of other architectures: {0}")]
    Architecture(String),
    /// It speaks of the source only, and this is what is built of it, or the other way round.
    #[error("it speaks of the source package, of which others say more")]
    Source,
    /// It speaks of builds of another kind (`fips`, `ksplice`), whose versions are not comparable.
    #[error(
        "it speaks of builds of another kind, whose versions cannot be compared with this one's"
    )]
    Flavour,
    /// It speaks of what runs in another product.
    #[error("it speaks of what runs in {0}")]
    Target(String),
    /// The same source sets it right.
    #[error("its publisher says of this very package and weakness that it is not affected")]
    Overruled,
    /// It speaks of a channel that is not in use, and others speak of one that is.
    #[error("it speaks of the channel {0}, which the image does not use")]
    Channel(String),
    /// The distribution's own publisher has a word on it.
    #[error("the distribution's own publisher has decided")]
    Others,
}

/// A statement, what it means for the version, and whether that counts.
pub struct Judged<'h, 'a> {
    pub asked: &'h Asked<'a>,
    pub verdict: Verdict<'a>,
    /// Whether the fix lies in a channel that the image does not use.
    pub elsewhere: bool,
    /// Why it does not count; `None` where it does.
    pub dismissed: Option<Dismissed>,
}

/// Judges every statement of a group. Used channels are those of the image.
pub fn judge<'h, 'a>(
    subject: &Subject<'_>,
    group: &Group<'h, 'a>,
    used: &[String],
) -> Vec<Judged<'h, 'a>> {
    let mut all: Vec<Judged<'h, 'a>> = group
        .asked
        .iter()
        .map(|asked| Judged {
            asked,
            verdict: verdict(subject, asked),
            elsewhere: !uses(subject, used, asked.hit.statement.scope.channel),
            dismissed: unmeant(subject, asked).or_else(|| overruled(subject, asked, group, used)),
        })
        .collect();
    dismiss_elsewhere(subject, &mut all);
    dismiss_sources(subject, &mut all);
    dismiss_others(subject, &mut all);
    all
}

/// A fix in a channel that is not in use counts only where nothing else is said; one of a channel
/// that alone speaks of the package counts always.
fn dismiss_elsewhere(subject: &Subject<'_>, all: &mut [Judged<'_, '_>]) {
    let is_heard = |one: &Judged<'_, '_>| one.dismissed.is_none() && !one.elsewhere;
    let here = subject.channel.is_some() || all.iter().any(is_heard);
    for one in all.iter_mut().filter(|one| here && one.elsewhere) {
        let channel = one.asked.hit.statement.scope.channel;
        let reason = Dismissed::Channel(channel.to_owned());
        one.dismissed.get_or_insert(reason);
    }
}

/// What names the package itself goes before what names its source.
fn dismiss_sources(subject: &Subject<'_>, all: &mut [Judged<'_, '_>]) {
    let by = |one: &Judged<'_, '_>| subject.lookup(one.asked).by;
    let named = |one: &Judged<'_, '_>| one.dismissed.is_none() && by(one) == By::Name;
    if all.iter().any(named) {
        for one in all.iter_mut().filter(|one| by(one) == By::Source) {
            one.dismissed.get_or_insert(Dismissed::Source);
        }
    }
}

/// Where the publisher of the distribution has decided, others are not heard.
fn dismiss_others(subject: &Subject<'_>, all: &mut [Judged<'_, '_>]) {
    let has_decided = |one: &Judged<'_, '_>| {
        let is_decided = !matches!(one.verdict, Verdict::Undecided(_));
        one.dismissed.is_none() && is_own(subject, one.asked) && is_decided
    };
    if all.iter().any(has_decided) {
        for one in all.iter_mut().filter(|one| !is_own(subject, one.asked)) {
            one.dismissed.get_or_insert(Dismissed::Others);
        }
    }
}

/// Whether the source publishes the distribution.
pub fn is_own(subject: &Subject<'_>, asked: &Asked<'_>) -> bool {
    let stream = subject.matchable.stream.as_ref();
    stream.is_some_and(|stream| asked.hit.source.publishes.contains(&stream.distro))
}

/// Whether a bulletin's word on many packages and weaknesses is set right by a word of the same
/// source on exactly this one: not affected. What holds in another channel sets nothing right.
fn overruled(
    subject: &Subject<'_>,
    asked: &Asked<'_>,
    group: &Group<'_, '_>,
    used: &[String],
) -> Option<Dismissed> {
    let is_set_right = asked.hit.statement.advisory.bulletin
        && group.asked.iter().any(|other| {
            other.hit.source.name == asked.hit.source.name
                && !other.hit.statement.advisory.bulletin
                && other.hit.statement.state == State::NotAffected
                && uses(subject, used, other.hit.statement.scope.channel)
        });
    is_set_right.then_some(Dismissed::Overruled)
}

/// Why a statement does not speak of the package at all, but of one of the same name.
fn unmeant(subject: &Subject<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let scope = &asked.hit.statement.scope;
    let lookup = subject.lookup(asked);
    if subject.channel.is_some_and(|only| scope.channel != only) {
        return Some(Dismissed::Channel(scope.channel.to_owned()));
    }
    match lookup.by {
        By::Product => target(scope.channel),
        By::Source if !scope.architectures.contains(&SOURCE) => Some(Dismissed::Source),
        By::Source => other_build(subject, lookup, asked),
        By::Name => architecture(subject, asked).or_else(|| other_build(subject, lookup, asked)),
    }
}

/// What runs in a product is another thing than the program of that name.
fn target(software: &str) -> Option<Dismissed> {
    (!software.is_empty()).then(|| Dismissed::Target(software.to_owned()))
}

fn architecture(subject: &Subject<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let stated = &asked.hit.statement.scope.architectures;
    if stated.is_empty() {
        return None;
    }
    if stated.as_slice() == [SOURCE] {
        return Some(Dismissed::Source);
    }
    let own = subject.matchable.package.architecture.as_deref();
    let is_meant = own.is_none_or(|own| stated.contains(&own));
    (!is_meant).then(|| Dismissed::Architecture(stated.join(", ")))
}

/// A build of another module, slot or kind than the one that is spoken of.
fn other_build(subject: &Subject<'_>, lookup: &Lookup<'_>, asked: &Asked<'_>) -> Option<Dismissed> {
    let package = &subject.matchable.package;
    let statement = &asked.hit.statement;
    let ends: Vec<&str> = statement.ranges.iter().filter_map(end).collect();
    if lookup.scheme == Scheme::Rpm {
        let flavours = ends.iter().map(|end| flavour(end));
        if flavours
            .clone()
            .any(|stated| stated != flavour(lookup.version))
        {
            return Some(Dismissed::Flavour);
        }
    }
    let is_of_module = match (statement.scope.module, package.kind) {
        ("", PackageType::Rpm) => is_of_same_kind(package, &ends),
        ("", _) => true,
        // A list of packages tells no module, but the release of a build of one does.
        (_, PackageType::Rpm) if package.module.is_none() => {
            is_modular(&package.version) && is_of_same_kind(package, &ends)
        }
        (module, kind) => match package.module.as_deref() {
            Some(own) => stream_of(own) == module,
            // A package whose slot is not known may be of any.
            None => kind == PackageType::Ebuild,
        },
    };
    let named = match statement.scope.module {
        "" if is_modular_package(package) => "no module",
        "" => "a module",
        module => module,
    };
    (!is_of_module).then(|| Dismissed::Module(named.to_owned()))
}

/// `nodejs:18` of `nodejs:18:8070020230322145147:bd1311ed`; a slot is one word.
fn stream_of(module: &str) -> &str {
    let second = module.match_indices(':').nth(1);
    second.map_or(module, |(at, _)| module.get(..at).unwrap_or(module))
}

fn end<'a>(range: &Range<&'a str>) -> Option<&'a str> {
    match range.end {
        End::Fixed(end) | End::Limit(end) | End::Last(end) => Some(end),
        End::Never => None,
    }
}

/// Releases of modules' builds: `1.module+el8.1.0+5811+44509afe`, `1.module_el8.6.0+2904+e21f0b`.
fn is_modular(version: &str) -> bool {
    version.contains(".module+") || version.contains(".module_")
}

fn is_modular_package(package: &Package) -> bool {
    package.module.is_some() || is_modular(&package.version)
}

/// Where a publisher names no modules: whether package and fix are both builds of one, or neither.
/// Of several streams of a module the one with the same first number is meant: which it is, is
/// not said.
fn is_of_same_kind(package: &Package, ends: &[&str]) -> bool {
    let is_one = is_modular_package(package);
    if ends.is_empty() {
        return !is_one;
    }
    ends.iter().any(|end| {
        let same = || first_number(end) == first_number(&package.version);
        is_modular(end) == is_one && (!is_one || same())
    })
}

fn first_number(version: &str) -> &str {
    let bare = version.split_once(':').map_or(version, |(_, rest)| rest);
    bare.split(['.', '-']).next().unwrap_or_default()
}

/// Kinds of builds whose versions are above or below others' for no reason of their content.
fn flavour(version: &str) -> Option<&'static str> {
    let lower = version.to_ascii_lowercase();
    ["ksplice", "fips"]
        .into_iter()
        .find(|kind| lower.contains(kind))
}

/// Whether the image, or the package by its version, draws from a channel; `esm` stands for each of
/// `esm-infra` and `esm-apps`.
fn uses(subject: &Subject<'_>, used: &[String], channel: &str) -> bool {
    let is_it = |used: &str| {
        used == channel
            || used
                .strip_prefix(channel)
                .is_some_and(|rest| rest.starts_with('-'))
    };
    channel.is_empty()
        || subject.channel == Some(channel)
        || used.iter().any(|used| is_it(used))
        || is_from(&subject.matchable.package, channel)
}

/// Ubuntu's subscriptions leave their mark in what is installed from them, Oracle's builds of
/// another kind in theirs.
fn is_from(package: &Package, channel: &str) -> bool {
    let version = package.source_version();
    match package.kind {
        PackageType::Deb if channel.starts_with("esm") => version.contains("+esm"),
        PackageType::Deb if channel.starts_with("fips") => version.contains("fips"),
        PackageType::Rpm => flavour(&package.version) == Some(channel),
        _ => false,
    }
}
