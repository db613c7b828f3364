//! Why a finding appeared, changed or went between two databases.

use model::{Change, Matchable, Reason};

use crate::database::{Advisory, Damaged, Database};
use crate::identifier;
use crate::key::{Key, keys};

/// Why what is said of a package's weakness is another thing in `after` than in `before`.
///
/// `id` is the finding's identifier; a record speaks of it under that name or an alias. Where
/// there is no database before, where one of them cannot be read, or where nobody answers for the
/// package, nobody can tell: [`Reason::OtherDatabase`].
pub fn reason(
    before: Option<&Database>,
    after: &Database,
    matchable: &Matchable,
    id: &str,
    change: Change,
) -> Reason {
    let keys = keys(matchable);
    let Some(before) = before.filter(|_| !keys.is_empty()) else {
        return Reason::OtherDatabase;
    };
    let (asked, without) = match change {
        Change::Found => (before, Reason::NewAdvisory),
        Change::Gone => (after, Reason::Withdrawn),
        Change::Altered => return Reason::ChangedRecord,
    };
    match speaks_of(asked, &keys, id) {
        Ok(true) => Reason::ChangedRange,
        Ok(false) => without,
        Err(_) => Reason::OtherDatabase,
    }
}

/// Whether a record that stands speaks of a weakness under one of the keys.
fn speaks_of(database: &Database, keys: &[Key], id: &str) -> Result<bool, Damaged> {
    for hit in keys.iter().flat_map(|key| database.statements(key)) {
        let advisory = hit?.statement.advisory;
        if !advisory.withdrawn && names(&advisory, id) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn names(advisory: &Advisory<'_>, id: &str) -> bool {
    let mut all = advisory.weaknesses.iter().flatten().chain([&advisory.id]);
    all.any(|name| *name == id || identifier::cve(name) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::tests::{database, matchable};

    const PACKAGE: &str = "npm one 1";

    /// A database of one record on `one`, unless `id` is empty.
    fn world(id: &str, more: &str, name: &str) -> Database {
        let text = format!(
            "{{\"id\": \"{id}\", {more} \"affected\": [{{\"package\": {{\"ecosystem\": \"npm\", \
             \"name\": \"{name}\"}}}}]}}"
        );
        match id {
            "" => database(&[]),
            _ => database(&[("osv/1.json", &text)]),
        }
    }

    #[test]
    fn reasons_are_as_the_table_says() {
        let alias = r#""aliases": ["CVE-2020-0001"],"#;
        let gone = r#""aliases": ["CVE-2020-0001"], "withdrawn": "2020-01-01T00:00:00Z","#;
        let (cve, ghsa, wrapped) = ("CVE-2020-0001", "GHSA-1", "UBUNTU-CVE-2020-0001");
        let (found, absent) = (Change::Found, Change::Gone);
        for (change, id, asked, expected) in [
            (found, cve, world("", "", ""), Reason::NewAdvisory),
            (found, cve, world(cve, "", "two"), Reason::NewAdvisory),
            (found, cve, world(ghsa, gone, "one"), Reason::NewAdvisory),
            (found, cve, world(ghsa, alias, "one"), Reason::ChangedRange),
            (found, ghsa, world(ghsa, alias, "one"), Reason::ChangedRange),
            (found, cve, world(wrapped, "", "one"), Reason::ChangedRange),
            (absent, cve, world("", "", ""), Reason::Withdrawn),
            (absent, cve, world(ghsa, gone, "one"), Reason::Withdrawn),
            (absent, cve, world(cve, "", "two"), Reason::Withdrawn),
            (absent, cve, world(ghsa, alias, "one"), Reason::ChangedRange),
        ] {
            // What is asked is the database before for what is found, and after for what is gone.
            let other = world("", "", "");
            let (before, after) = match change {
                Change::Found => (&asked, &other),
                _ => (&other, &asked),
            };
            let told = reason(Some(before), after, &matchable(PACKAGE), id, change);
            assert_eq!(told, expected, "{change} {id}");
            let told = reason(None, after, &matchable(PACKAGE), id, change);
            assert_eq!(told, Reason::OtherDatabase);
        }
        let empty = world("", "", "");
        let package = matchable(PACKAGE);
        let altered = reason(Some(&empty), &empty, &package, cve, Change::Altered);
        assert_eq!(altered, Reason::ChangedRecord);
    }
}
