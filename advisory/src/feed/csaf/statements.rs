//! What is said of products, put together to what is said of packages: one statement for all
//! architectures and repositories of which the same is said.

use std::collections::{BTreeMap, BTreeSet};

use model::Severity;

use super::{Status, Subject, package};
use crate::{Affected, End, Range, State};

/// Statements on packages, by the bulletin that makes them.
#[derive(Default)]
pub struct Statements<'a> {
    /// The architectures by what is said; an empty one stands for all.
    said: BTreeMap<Said<'a>, BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said<'a> {
    bulletin: Option<&'a str>,
    /// Without its architecture.
    subject: Subject,
    state: State,
    severity: Severity,
    is_source: bool,
}

impl Said<'_> {
    /// Where fixes of sources and of what is built of them stand side by side.
    fn place(&self) -> (Option<&str>, String, &str, &str) {
        let subject = &self.subject;
        let ecosystem = subject.ecosystem.to_string();
        (self.bulletin, ecosystem, &subject.channel, &subject.module)
    }
}

impl<'a> Statements<'a> {
    /// Takes what is said of one product.
    ///
    /// That one build is not affected says nothing of those before it, which may well be: it is
    /// passed over. What only debuggers read has no weaknesses.
    pub fn add(
        &mut self,
        bulletin: Option<&'a str>,
        mut subject: Subject,
        (status, state): (Status, State),
        severity: Severity,
    ) {
        let is_one_build = status == Status::NotAffected && subject.version.is_some();
        if is_one_build || package::is_for_debuggers(&subject.package) {
            return;
        }
        let architecture = subject.architecture.take();
        let architecture = architecture
            .filter(|one| one != "noarch")
            .unwrap_or_default();
        let said = Said {
            bulletin,
            subject,
            state,
            severity,
            is_source: architecture == "src",
        };
        self.said.entry(said).or_default().insert(architecture);
    }

    /// The statements of each bulletin, and of none. A fix of a source is left out where what is
    /// built of it is named too: that has the more exact names and versions.
    pub fn finish(self) -> BTreeMap<Option<&'a str>, Vec<Affected>> {
        let is_fix = |said: &Said<'_>| said.state == State::Fixed;
        let built: BTreeSet<_> = self
            .said
            .keys()
            .filter(|said| is_fix(said) && !said.is_source)
            .map(Said::place)
            .collect();
        let is_told_better =
            |said: &Said<'_>| said.is_source && is_fix(said) && built.contains(&said.place());
        let mut by_bulletin: BTreeMap<Option<&str>, Vec<Affected>> = BTreeMap::new();
        for (said, architectures) in &self.said {
            if !is_told_better(said) {
                let all = by_bulletin.entry(said.bulletin).or_default();
                all.push(affected(said, architectures));
            }
        }
        by_bulletin
    }
}

fn affected(said: &Said<'_>, architectures: &BTreeSet<String>) -> Affected {
    let subject = &said.subject;
    let mut affected = Affected::new(&subject.ecosystem, subject.package.as_str(), said.state);
    affected.channel.clone_from(&subject.channel);
    affected.module.clone_from(&subject.module);
    affected.severity = said.severity;
    if !architectures.contains("") {
        affected.architectures = architectures.iter().cloned().collect();
    }
    match &subject.version {
        Some(version) if said.state == State::Fixed => {
            affected.range(Range::before(version.clone()))
        }
        // A build that is said to be affected: it and what came before.
        Some(version) => affected.range(Range {
            introduced: None,
            end: End::Last(version.clone()),
        }),
        None => affected,
    }
}
