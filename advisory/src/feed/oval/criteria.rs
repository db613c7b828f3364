//! Criteria trees, and the tests that their leaves name.

use std::collections::HashMap;
use std::rc::Rc;

use crate::Limits;
use crate::feed::xml::Element;

/// A tree of conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criteria {
    /// All of them.
    All(Vec<Criteria>),
    /// One of them.
    Any(Vec<Criteria>),
    /// A test, with the comment that stands at it.
    Test {
        /// The test's identifier.
        test: String,
        /// The comment.
        comment: String,
    },
}

impl Default for Criteria {
    fn default() -> Criteria {
        Criteria::All(Vec::new())
    }
}

impl Criteria {
    /// The tree of a `criteria` element. What is negated or is another definition is left out: it
    /// narrows what stands beside it, and names no package. The depth is the document's, which is
    /// bounded where it is read.
    pub fn of(element: &Element) -> Criteria {
        let wanted = element
            .children
            .iter()
            .filter(|child| child.attribute("negate") != "true");
        let children = wanted.filter_map(|child| match child.name.as_str() {
            "criteria" => Some(Criteria::of(child)),
            "criterion" => Some(Criteria::Test {
                test: child.attribute("test_ref").to_owned(),
                comment: child.attribute("comment").to_owned(),
            }),
            _ => None,
        });
        let children = children.collect();
        match element.attribute("operator") == "OR" {
            true => Criteria::Any(children),
            false => Criteria::All(children),
        }
    }
}

/// Which versions of a package a test is true for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// Those before this one.
    Before(&'a str),
    /// Those up to this one.
    UpTo(&'a str),
    /// Every one.
    Every,
    /// None: a version that no package has, by which SUSE says that one is not affected.
    Nothing,
}

/// The most circumstances of one statement.
const MOST_CIRCUMSTANCES: usize = 64;

/// The most that one circumstance may name: each statement is told for every one of them. SUSE's
/// documents on a whole major release list close to a hundred products.
pub const MOST_ALTERNATIVES: usize = 1024;

/// A circumstance in which a statement holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check<'a> {
    /// What the publisher says at it: `Oracle Linux 5 is installed`.
    pub comment: &'a str,
    /// The package by which it is known: `sles-release`; empty where it is none.
    pub package: &'a str,
    /// The version that is asked for, as it is written; empty where none is.
    pub version: &'a str,
    /// The architectures that are asked for.
    pub architectures: &'a [String],
}

/// What must hold: of each list, one. Statements of one place share their lists.
pub type Circumstances<'a> = Vec<Rc<[Check<'a>]>>;

/// What a definition says of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The package.
    pub package: &'a str,
    /// The affected versions.
    pub bound: Bound<'a>,
    /// The architectures that the test itself names.
    pub architectures: &'a [String],
    /// What must hold beside it.
    pub within: Circumstances<'a>,
}

impl<'a> Statement<'a> {
    /// Every circumstance.
    pub fn checks(&self) -> impl Iterator<Item = &Check<'a>> {
        self.within.iter().flat_map(|list| list.iter())
    }

    /// The architectures that the test or the circumstances name, sorted; none for all.
    pub fn architectures(&self) -> Vec<String> {
        let around = self.checks().flat_map(|check| check.architectures);
        let mut all: Vec<_> = match self.architectures.is_empty() {
            true => around.cloned().collect(),
            false => self.architectures.to_vec(),
        };
        all.sort();
        all.dedup();
        all
    }
}

/// A test in a definition, with what stands at it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// The comment of its criterion, else its own.
    pub comment: &'a str,
    /// The versions that it is true for; `None` where it asks for none.
    pub bound: Option<Bound<'a>>,
}

#[derive(Default)]
struct Test {
    object: String,
    states: Vec<String>,
    comment: String,
}

#[derive(Default)]
struct Wanted {
    /// What is asked of the version: the operation and the version.
    version: Option<(Operation, String)>,
    architectures: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Less,
    LessOrEqual,
    Greater,
    Equals,
    Other,
}

impl Operation {
    fn of(word: &str) -> Operation {
        match word {
            "less than" => Operation::Less,
            "less than or equal" => Operation::LessOrEqual,
            "greater than" => Operation::Greater,
            "equals" | "" => Operation::Equals,
            _ => Operation::Other,
        }
    }
}

/// Every test of a document, with its objects and states.
#[derive(Default)]
pub struct Tests {
    tests: HashMap<String, Test>,
    objects: HashMap<String, Object>,
    states: HashMap<String, Wanted>,
    variables: HashMap<String, Vec<String>>,
}

/// The package that an object is, or the variable that lists them.
enum Object {
    Name(String),
    Variable(String),
}

impl Tests {
    /// Takes an element of a test, an object, a state or a variable. What is longer than a name
    /// or a version can be is left out, as is what has no identifier.
    pub fn add(&mut self, element: &Element, limits: &Limits) {
        let id = element.attribute("id");
        let long = element
            .walk()
            .any(|one| one.text.len() > limits.string_bytes);
        if id.is_empty() || long {
            return;
        }
        let name = element.name.as_str();
        if name.ends_with("_test") {
            self.tests.insert(id.to_owned(), test(element));
        } else if name.ends_with("_object") {
            self.objects
                .extend(object(element).map(|one| (id.to_owned(), one)));
        } else if name.ends_with("_state") {
            self.states.insert(id.to_owned(), wanted(element));
        } else {
            let values = element.all("value").map(|value| value.text.clone());
            self.variables.insert(id.to_owned(), values.collect());
        }
    }

    /// What a tree says of each package.
    pub fn statements<'a>(&'a self, criteria: &'a Criteria) -> Vec<Statement<'a>> {
        let mut out = Vec::new();
        self.walk(criteria, &mut Vec::new(), &mut out);
        out
    }

    /// Every test of a tree, in order.
    pub fn mentions<'a>(&'a self, criteria: &'a Criteria) -> Vec<Mention<'a>> {
        let mut out = Vec::new();
        let mut waiting = vec![criteria];
        while let Some(one) = waiting.pop() {
            match one {
                Criteria::All(children) | Criteria::Any(children) => {
                    waiting.extend(children.iter().rev());
                }
                Criteria::Test { test, comment } => out.push(Mention {
                    comment: self.comment(test, comment),
                    bound: self.bound(test),
                }),
            }
        }
        out
    }

    /// The comment of a criterion, else that of its test.
    fn comment<'a>(&'a self, test: &str, comment: &'a str) -> &'a str {
        let own = || self.tests.get(test).map_or("", |one| one.comment.as_str());
        match comment.is_empty() {
            true => own(),
            false => comment,
        }
    }

    fn walk<'a>(
        &'a self,
        criteria: &'a Criteria,
        within: &mut Circumstances<'a>,
        out: &mut Vec<Statement<'a>>,
    ) {
        match criteria {
            Criteria::Any(children) => {
                for child in children {
                    self.walk(child, within, out);
                }
            }
            Criteria::Test { test, .. } => {
                let Some(bound) = self.bound(test) else {
                    return;
                };
                let wanted = self.wanted(test);
                for package in self.packages(test) {
                    out.push(Statement {
                        package,
                        bound,
                        architectures: wanted.map_or(&[], |one| &one.architectures),
                        within: within.clone(),
                    });
                }
            }
            Criteria::All(children) => {
                let (subjects, around): (Vec<_>, Vec<_>) =
                    children.iter().partition(|child| self.speaks(child));
                let before = within.len();
                for one in around {
                    self.circumstances(one, within);
                }
                for subject in subjects {
                    self.walk(subject, within, out);
                }
                within.truncate(before);
            }
        }
    }

    /// Whether a tree says something of a package's version.
    fn speaks(&self, criteria: &Criteria) -> bool {
        match criteria {
            Criteria::All(children) | Criteria::Any(children) => {
                children.iter().any(|child| self.speaks(child))
            }
            Criteria::Test { test, .. } => self.bound(test).is_some(),
        }
    }

    /// Adds the circumstances of a tree that says nothing of a package: of an `OR` one list, of an
    /// `AND` one for each.
    ///
    /// Every statement has all of them: of more than [`MOST_CIRCUMSTANCES`] the rest is left out,
    /// which makes a statement wider and never narrower.
    fn circumstances<'a>(&'a self, criteria: &'a Criteria, within: &mut Circumstances<'a>) {
        if within.len() >= MOST_CIRCUMSTANCES {
            return;
        }
        match criteria {
            Criteria::All(children) => {
                for child in children {
                    self.circumstances(child, within);
                }
            }
            Criteria::Any(_) => {
                let mut alternatives = Vec::new();
                self.alternatives(criteria, &mut alternatives);
                within.push(alternatives.into());
            }
            Criteria::Test { test, comment } => within.push(Rc::new([self.check(test, comment)])),
        }
    }

    /// Adds every test of a tree, of which one is enough: none of an `OR` is left out, since a
    /// product that is not seen would be one of which nothing is said.
    fn alternatives<'a>(&'a self, criteria: &'a Criteria, out: &mut Vec<Check<'a>>) {
        match criteria {
            Criteria::All(children) | Criteria::Any(children) => {
                for child in children {
                    self.alternatives(child, out);
                }
            }
            Criteria::Test { test, comment } => out.push(self.check(test, comment)),
        }
    }

    fn check<'a>(&'a self, test: &str, comment: &'a str) -> Check<'a> {
        let wanted = self.wanted(test);
        let version = wanted.and_then(|one| one.version.as_ref());
        Check {
            comment: self.comment(test, comment),
            package: self.packages(test).next().unwrap_or_default(),
            version: version.map_or("", |(_, version)| version.as_str()),
            architectures: wanted.map_or(&[], |one| &one.architectures),
        }
    }

    fn wanted(&self, test: &str) -> Option<&Wanted> {
        let mut states = self.tests.get(test)?.states.iter();
        states.find_map(|state| self.states.get(state))
    }

    fn packages<'a>(&'a self, test: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let object = self
            .tests
            .get(test)
            .and_then(|one| self.objects.get(&one.object));
        let names = match object {
            Some(Object::Name(name)) => std::slice::from_ref(name),
            Some(Object::Variable(id)) => self.variables.get(id).map_or(&[][..], Vec::as_slice),
            None => &[],
        };
        names.iter().map(String::as_str)
    }

    fn bound(&self, test: &str) -> Option<Bound<'_>> {
        let (operation, version) = self.wanted(test)?.version.as_ref()?;
        match (operation, version.as_str()) {
            (Operation::Less, version) => Some(Bound::Before(version)),
            (Operation::LessOrEqual, version) => Some(Bound::UpTo(version)),
            (Operation::Greater, "0" | "0-0" | "0:0" | "0:0-0") => Some(Bound::Every),
            (Operation::Equals, "0" | "0-0" | "0:0" | "0:0-0") => Some(Bound::Nothing),
            _ => None,
        }
    }
}

fn test(element: &Element) -> Test {
    let attribute = |one: Option<&Element>, name: &str| {
        one.map_or_else(String::new, |one| one.attribute(name).to_owned())
    };
    let states = element.all("state");
    Test {
        object: attribute(element.child("object"), "object_ref"),
        states: states
            .map(|one| one.attribute("state_ref").to_owned())
            .collect(),
        comment: element.attribute("comment").to_owned(),
    }
}

fn object(element: &Element) -> Option<Object> {
    let name = element.child("name")?;
    let variable = name.attribute("var_ref");
    match (variable.is_empty(), name.text.is_empty()) {
        (false, _) => Some(Object::Variable(variable.to_owned())),
        (true, false) => Some(Object::Name(name.text.clone())),
        (true, true) => None,
    }
}

fn wanted(element: &Element) -> Wanted {
    let version = element.child("evr").or_else(|| element.child("version"));
    let version = version.filter(|one| !one.text.is_empty());
    let version = version.map(|one| (Operation::of(one.attribute("operation")), one.text.clone()));
    let listed = element.text_of("arch").trim_matches(['(', ')', '^', '$']);
    let words = listed
        .split('|')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    Wanted {
        version,
        architectures: words.map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circumstances_are_bounded_and_no_alternative_is_lost() {
        let test = |name: &str| Criteria::Test {
            test: name.to_owned(),
            comment: String::new(),
        };
        let tests = Tests::default();
        let many = || (0..1000).map(|number| test(&number.to_string())).collect();
        for (criteria, lists, longest) in [
            (Criteria::All(many()), MOST_CIRCUMSTANCES, 1),
            (Criteria::Any(many()), 1, 1000),
        ] {
            let mut within = Vec::new();
            tests.circumstances(&criteria, &mut within);
            let most = within.iter().map(|list| list.len()).max();
            assert_eq!((within.len(), most), (lists, Some(longest)));
        }
    }
}
