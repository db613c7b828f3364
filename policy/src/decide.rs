//! The decision.

use std::cmp::Reverse;

use jiff::Timestamp;
use model::{Exploitation, Finding, Installed};

use crate::rule::{Case, Looks, Outcome, scanned};
use crate::suppress::{Said, said};
use crate::{
    About, Cause, Effect, Facts, Policy, Reason, Rule, Rulebook, State, Suppressed, Unknown,
    Verdict, words,
};

/// Asks every rule of every policy that speaks of the image. The same facts and rules give the
/// same verdict, in whatever order the findings come.
///
/// Where VEX or exceptions take a finding out of account, no rule is asked about it.
pub fn decide(facts: &Facts<'_>, rulebook: &Rulebook, now: Timestamp) -> Verdict {
    let policies: Vec<&Policy> = rulebook
        .policies
        .iter()
        .filter(|policy| facts.subject.is_under(policy))
        .collect();
    let mut draft = Draft::default();
    let mut open = Vec::new();
    for (finding, exploitation) in sorted(facts) {
        let said = said(facts, finding, rulebook, now);
        match said.by {
            Some(by) => {
                draft.change_at(said.until);
                draft.suppressed.push(Suppressed::new(finding, by));
            }
            None => open.push((finding, exploitation, said)),
        }
    }
    for policy in policies {
        draft.state(facts.state, policy);
        for unknown in facts.unknown {
            draft.unknown(unknown, policy);
        }
        for rule in &policy.rules {
            draft.ask(facts, policy, rule, &open, now);
        }
    }
    draft.into_verdict()
}

/// A finding that counts, what is known of its exploitation, and what was said of it.
type Open<'a> = (&'a Finding, Exploitation, Said);

/// The findings in an order that depends on nothing but themselves.
fn sorted<'a>(facts: &Facts<'a>) -> Vec<(&'a Finding, Exploitation)> {
    let known = facts.exploitation.iter().copied();
    let known = known.chain(std::iter::repeat(Exploitation::default()));
    let mut pairs: Vec<_> = facts.findings.iter().zip(known).collect();
    pairs.sort_by(|(a, _), (b, _)| {
        let more = |one: &'a Finding| (&one.advisory, &one.purl, &one.fixed_in);
        (a.sort_key(), more(a)).cmp(&(b.sort_key(), more(b)))
    });
    pairs
}

#[derive(Default)]
struct Draft {
    reasons: Vec<Reason>,
    suppressed: Vec<Suppressed>,
    valid_until: Option<Timestamp>,
}

impl Draft {
    /// The verdict can change at that time.
    fn change_at(&mut self, time: Option<Timestamp>) {
        self.valid_until = match (self.valid_until, time) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// What a policy makes of an image without findings to judge.
    fn state(&mut self, state: State<'_>, policy: &Policy) {
        let asks_findings = policy
            .rules
            .iter()
            .any(|rule| rule.looks() > Looks::AtImage);
        let asks_scan = policy.asks(scanned::KIND.name);
        let (effect, rule, text, fix) = match state {
            State::Failed(why) => (
                policy.unscannable,
                "unscannable",
                format!("the image cannot be scanned: {why}"),
                "push an image that can be scanned, or say in the policy what becomes of others",
            ),
            // Rules on findings have no answer; what that means, a rule of its own can say.
            State::NotScanned if asks_findings && !asks_scan => (
                Effect::Warn,
                "scanned",
                scanned::WORDS.0.to_owned(),
                scanned::WORDS.1,
            ),
            State::NotScanned | State::Done => return,
        };
        if effect > Effect::Allow {
            self.say(effect, policy, rule, text, fix);
        }
    }

    /// Warns of rules that cannot be asked.
    fn unknown(&mut self, unknown: &Unknown, policy: &Policy) {
        if policy.asks(unknown.condition) {
            let text = unknown.what.to_owned();
            self.say(Effect::Warn, policy, unknown.condition, text, unknown.fix);
        }
    }

    /// Adds a reason about the image as a whole.
    fn say(&mut self, effect: Effect, policy: &Policy, rule: &str, text: String, fix: &str) {
        self.reasons.push(Reason {
            effect,
            policy: policy.name.clone(),
            rule: rule.to_owned(),
            about: About::Image,
            cause: Cause {
                text,
                fix: fix.to_owned(),
            },
            notes: Vec::new(),
        });
    }

    /// Asks one rule about everything that it looks at.
    fn ask(
        &mut self,
        facts: &Facts<'_>,
        policy: &Policy,
        rule: &Rule,
        open: &[Open<'_>],
        now: Timestamp,
    ) {
        let image = Case {
            facts,
            now,
            finding: None,
            package: None,
            purl: None,
            licence: "",
        };
        let whose = (policy, rule);
        match rule.looks() {
            Looks::AtImage => match rule.test(&image) {
                Outcome::Holds(causes) => {
                    let each = causes.into_iter();
                    let reasons = each.map(|cause| reason(whose, About::Image, cause, vec![]));
                    self.reasons.extend(reasons);
                }
                Outcome::From(time) => self.change_at(Some(time)),
                Outcome::Not => {}
            },
            Looks::AtPackage => {
                for installed in distinct(&facts.inventory.packages) {
                    self.ask_package(&image, whose, installed);
                }
            }
            Looks::AtFinding => {
                for finding in open {
                    self.ask_finding(&image, whose, finding);
                }
            }
        }
    }

    fn ask_package(&mut self, image: &Case<'_>, whose: (&Policy, &Rule), installed: &Installed) {
        let package = &installed.package;
        let purl = package.purl(image.facts.inventory.distro.as_ref());
        let case = Case {
            package: Some(package),
            purl: purl.as_deref(),
            licence: &installed.licence,
            ..*image
        };
        let (name, version) = (package.name.clone(), package.version.clone());
        let cause = || Cause {
            text: format!("the package {name} {version}"),
            fix: format!("remove or replace {name}"),
        };
        let about = About::Package {
            package: name.clone(),
            version: version.clone(),
        };
        match whose.1.test(&case) {
            Outcome::Holds(notes) => {
                let notes = texts(notes);
                self.reasons.push(reason(whose, about, cause(), notes));
            }
            Outcome::From(time) => self.change_at(Some(time)),
            Outcome::Not => {}
        }
    }

    fn ask_finding(&mut self, image: &Case<'_>, whose: (&Policy, &Rule), open: &Open<'_>) {
        let (finding, exploitation, said) = open;
        let asks_licence = whose.1.conditions().any(|name| name == "licence");
        let of_it = |one: &&Installed| one.package == finding.package;
        let installed = match asks_licence {
            true => image.facts.inventory.packages.iter().find(of_it),
            false => None,
        };
        let case = Case {
            finding: Some((finding, *exploitation)),
            package: Some(&finding.package),
            purl: finding.purl.as_deref(),
            licence: installed.map_or("", |installed| &installed.licence),
            ..*image
        };
        match whose.1.test(&case) {
            Outcome::Holds(notes) => {
                let mut notes = texts(notes);
                notes.extend(said.expired.iter().cloned());
                let (about, cause) = (words::about(finding), words::cause(finding));
                self.reasons.push(reason(whose, about, cause, notes));
            }
            Outcome::From(time) => self.change_at(Some(time)),
            Outcome::Not => {}
        }
    }

    fn into_verdict(mut self) -> Verdict {
        let key = |why: &Reason| (Reverse(why.effect), why.about.clone());
        // Stable: reasons about the same thing stay in the order of policies and rules.
        self.reasons.sort_by_cached_key(key);
        let strongest = self.reasons.iter().map(|why| why.effect).max();
        Verdict {
            effect: strongest.unwrap_or(Effect::Allow),
            reasons: self.reasons,
            suppressed: self.suppressed,
            valid_until: self.valid_until,
        }
    }
}

/// Packages in their order, each once, however many files say that it is there.
fn distinct(packages: &[Installed]) -> Vec<&Installed> {
    let mut all: Vec<&Installed> = packages.iter().collect();
    let key = |one: &&Installed| (one.package.clone(), one.licence.clone());
    all.sort_by_cached_key(key);
    all.dedup_by_key(|one| (&one.package, &one.licence));
    all
}

/// The texts of notes. A condition on the image can have hundreds: beside a finding one will do.
fn texts(notes: Vec<Cause>) -> Vec<String> {
    notes.into_iter().take(8).map(|note| note.text).collect()
}

fn reason(
    (policy, rule): (&Policy, &Rule),
    about: About,
    cause: Cause,
    notes: Vec<String>,
) -> Reason {
    Reason {
        effect: rule.effect,
        policy: policy.name.clone(),
        rule: rule.name.clone(),
        about,
        cause,
        notes,
    }
}
