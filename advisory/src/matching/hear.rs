//! Which statements on a weakness are heard, and why the others are not.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use model::evr::upstream;
use model::{Package, PackageType};

use super::build::{self, flavour, is_modular, minor, without_context};
use super::group::Group;
use super::meant::{end, unmeant};
use super::subject::{By, Subject};
use super::{Asked, Verdict, verdict};
use crate::{End, State};

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
    /// A channel that is in use says more.
    #[error("the channel {0}, which is in use, says more of it")]
    Extended(String),
    /// The same source has a bulletin with a fix that the version has.
    #[error("a bulletin of the same source has the fix, and so has this version")]
    Mended,
    /// The version has the fix of its own minor release.
    #[error("the fix for {0} is in this version")]
    Minor(String),
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
    dismiss_later_minors(subject, &mut all);
    dismiss_elsewhere(subject, &mut all);
    dismiss_unextended(&mut all);
    dismiss_remarks(&mut all);
    dismiss_sources(subject, &mut all);
    dismiss_others(subject, &mut all);
    all
}

/// A fix in a channel that is not in use counts only where nothing else is said; one of a channel
/// that alone speaks of the package counts always.
///
/// The channels of rpms are other products, whose builds are no measure of this one: of them
/// nothing is heard. Amazon's extras are where a package must come from that the core does not
/// know: they are in use where they have it in the same line.
fn dismiss_elsewhere(subject: &Subject<'_>, all: &mut [Judged<'_, '_>]) {
    let is_heard = |one: &Judged<'_, '_>| one.dismissed.is_none() && !one.elsewhere;
    let is_rpm = subject.matchable.package.kind == PackageType::Rpm;
    let here = subject.channel.is_some() || all.iter().any(is_heard);
    let has_extras = is_of(subject, "amzn");
    let channels: BTreeSet<&str> = all
        .iter()
        .filter(|one| one.elsewhere)
        .map(|one| one.asked.hit.statement.scope.channel)
        .collect();
    // Kernels of several lines are extras that do not follow on each other.
    let has_line = all
        .iter()
        .any(|one| one.elsewhere && is_of_same_line(subject, one));
    let is_only = channels.len() == 1 && !has_line && !is_of_kernel(&subject.matchable.package);
    for one in all.iter_mut().filter(|one| one.elsewhere) {
        if !here && has_extras && (is_only || is_of_same_line(subject, one)) {
            one.elsewhere = false;
        } else if here || is_rpm {
            let channel = one.asked.hit.statement.scope.channel;
            let reason = Dismissed::Channel(channel.to_owned());
            one.dismissed.get_or_insert(reason);
        }
    }
}

fn is_of(subject: &Subject<'_>, distro: &str) -> bool {
    let stream = subject.matchable.stream.as_ref();
    stream.is_some_and(|stream| stream.distro == distro)
}

fn is_of_kernel(package: &Package) -> bool {
    package.name.starts_with("kernel") || package.source_name().starts_with("kernel")
}

/// Whether a statement's versions have the package's first number; a kernel's first two.
fn is_of_same_line(subject: &Subject<'_>, one: &Judged<'_, '_>) -> bool {
    let package = &subject.matchable.package;
    let count = if is_of_kernel(package) { 2 } else { 1 };
    let mut ends = one.asked.hit.statement.ranges.iter().filter_map(end);
    ends.any(|end| build::is_of_same_line(end, &package.version, count))
}

/// What an extended channel says that is in use goes before what the release says without a fix:
/// that it gets none any more is why there is the channel.
fn dismiss_unextended(all: &mut [Judged<'_, '_>]) {
    let extended: Vec<(String, &str)> = all
        .iter()
        .filter(|one| {
            let is_decided = !matches!(one.verdict, Verdict::Undecided(_));
            let channel = one.asked.hit.statement.scope.channel;
            one.dismissed.is_none() && !one.elsewhere && is_extension(channel) && is_decided
        })
        .map(|one| {
            let hit = &one.asked.hit;
            (hit.source.name.clone(), hit.statement.scope.channel)
        })
        .collect();
    for one in all.iter_mut() {
        let statement = &one.asked.hit.statement;
        let is_bare = statement.scope.channel.is_empty() && statement.state != State::Fixed;
        let source = &one.asked.hit.source.name;
        let other = extended.iter().find(|(name, _)| is_bare && name == source);
        if let Some((_, channel)) = other {
            let reason = Dismissed::Extended((*channel).to_owned());
            one.dismissed.get_or_insert(reason);
        }
    }
}

/// Channels in which a release is mended for longer; others hold builds of their own.
const EXTENSIONS: &[&str] = &[
    "esm", "eus", "ltss", "rhel_aus", "rhel_e4s", "rhel_els", "rhel_eus", "rhel_tus",
];

fn is_extension(channel: &str) -> bool {
    EXTENSIONS.iter().any(|start| channel.starts_with(start))
}

/// A remark that a fix is put off, or will not come, is out of date where the same source has a
/// bulletin with the fix and the version has it.
fn dismiss_remarks(all: &mut [Judged<'_, '_>]) {
    let mended: Vec<String> = all
        .iter()
        .filter(|one| {
            let statement = &one.asked.hit.statement;
            let is_fix = statement.advisory.bulletin && statement.state == State::Fixed;
            one.dismissed.is_none() && is_fix && one.verdict == Verdict::Clear
        })
        .map(|one| one.asked.hit.source.name.clone())
        .collect();
    for one in all.iter_mut() {
        let is_remark = matches!(
            one.asked.hit.statement.state,
            State::Deferred | State::WillNotFix
        );
        if is_remark && mended.contains(&one.asked.hit.source.name) {
            one.dismissed.get_or_insert(Dismissed::Mended);
        }
    }
}

/// A build for one minor release (`.el8_9`) that holds the fix for it does not need the one that a
/// later minor release got; and an rpm that is named as mended for another product or module is, of
/// which builds do not follow each other.
fn dismiss_later_minors(subject: &Subject<'_>, all: &mut [Judged<'_, '_>]) {
    if subject.matchable.package.kind != PackageType::Rpm {
        return;
    }
    let own = minor(&subject.matchable.package.version);
    // Two sources can build packages of one name in two lines (gcc-toolset-13 and -14).
    let is_of_line = |one: &Judged<'_, '_>, end: &str| {
        minor(end) == own && upstream(end) == upstream(subject.lookup(one.asked).version)
    };
    let is_held = |one: &Judged<'_, '_>, end: &str| {
        let lookup = subject.lookup(one.asked);
        let order = lookup.compare(lookup.version, end);
        order.is_ok_and(Ordering::is_ge) || without_context(lookup.version) == without_context(end)
    };
    // A second bulletin of this very product can mend what the first one left.
    let is_left = |one: &Judged<'_, '_>| {
        let is_here = one.dismissed.is_none() && !one.elsewhere;
        is_here && fixes(one).any(|end| is_of_line(one, end) && !is_held(one, end))
    };
    if all.iter().any(is_left) {
        return;
    }
    let named = all.iter().find_map(|one| {
        let is_of_other = match one.dismissed {
            None => one.elsewhere,
            Some(Dismissed::Module(_)) => true,
            Some(_) => false,
        };
        let version = subject.lookup(one.asked).version;
        (is_of_other && fixes(one).any(|end| end == version)).then(|| version.to_owned())
    });
    if let Some(version) = named {
        dismiss_affected(all, &Dismissed::Minor(version), |_| true);
        return;
    }
    let Some(own) = own else {
        return;
    };
    let held: Vec<bool> = all
        .iter()
        .filter(|one| {
            let dismissed = &one.dismissed;
            matches!(
                dismissed,
                None | Some(Dismissed::Channel(_) | Dismissed::Source)
            )
        })
        .flat_map(|one| fixes(one).map(move |end| (one, end)))
        .filter(|(one, end)| is_of_line(one, end))
        .map(|(one, end)| is_held(one, end))
        .collect();
    // Builds of a module carry a context, by which those of one minor release do not follow on each
    // other: one that is held is enough.
    let is_mended = match is_modular(&subject.matchable.package.version) {
        true => held.contains(&true),
        false => held.contains(&true) && !held.contains(&false),
    };
    if is_mended {
        let is_fix = |one: &Judged<'_, '_>| one.asked.hit.statement.state == State::Fixed;
        dismiss_affected(all, &Dismissed::Minor(own.to_owned()), is_fix);
    }
}

/// The versions that a statement says hold the fix.
fn fixes<'a>(one: &Judged<'_, 'a>) -> impl Iterator<Item = &'a str> {
    let statement = &one.asked.hit.statement;
    let is_fix = statement.state == State::Fixed;
    let ends = statement.ranges.iter().filter_map(|range| match range.end {
        End::Fixed(end) => Some(end),
        _ => None,
    });
    ends.filter(move |_| is_fix)
}

fn dismiss_affected(
    all: &mut [Judged<'_, '_>],
    reason: &Dismissed,
    is_meant: impl Fn(&Judged<'_, '_>) -> bool,
) {
    for one in all.iter_mut().filter(|one| is_meant(one)) {
        if matches!(one.verdict, Verdict::Affected(_)) {
            one.dismissed.get_or_insert_with(|| reason.clone());
        }
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
        PackageType::Deb if channel.starts_with("esm") => version.contains("esm"),
        PackageType::Deb if channel.starts_with("fips") => version.contains("fips"),
        PackageType::Rpm => flavour(&package.version) == Some(channel),
        _ => false,
    }
}
