//! Role, action and pattern as a table.

use super::*;
use crate::auth::{ANONYMOUS, Proof};

fn principal(name: &str, grants: &[&str]) -> Principal {
    Principal {
        name: name.to_owned(),
        key_id: None,
        grants: grants.iter().map(|grant| grant.parse().unwrap()).collect(),
        proof: Proof::Key,
    }
}

/// What each role may do with the actions as they stand in the table of `docs/access.md`: the
/// first letters of the roles that may, mightiest first.
const TABLE: &[(Action, &str)] = &[
    (Action::DescribeRepositories, "admin push pull scan-reader"),
    (Action::ListImages, "admin push pull scan-reader"),
    (Action::DescribeImages, "admin push pull scan-reader"),
    (
        Action::DescribeImageScanFindings,
        "admin push pull scan-reader",
    ),
    (
        Action::BatchGetRepositoryScanningConfiguration,
        "admin push pull scan-reader",
    ),
    (
        Action::GetRegistryScanningConfiguration,
        "admin push pull scan-reader",
    ),
    (Action::GetAccountSetting, "admin push pull scan-reader"),
    (Action::ReadMetrics, "admin push pull scan-reader"),
    (Action::BatchCheckLayerAvailability, "admin push pull"),
    (Action::GetDownloadUrlForLayer, "admin push pull"),
    (Action::BatchGetImage, "admin push pull"),
    (Action::InitiateLayerUpload, "admin push"),
    (Action::UploadLayerPart, "admin push"),
    (Action::CompleteLayerUpload, "admin push"),
    (Action::PutImage, "admin push"),
    (Action::CreateRepositoryByPush, "admin push"),
    (Action::BatchDeleteImage, "admin push"),
    (Action::StartImageScan, "admin push"),
    (Action::CreateRepository, "admin"),
    (Action::DeleteRepository, "admin"),
    (Action::PutImageScanningConfiguration, "admin"),
    (Action::PutImageTagMutability, "admin"),
    (Action::PutRegistryScanningConfiguration, "admin"),
    (Action::PutAccountSetting, "admin"),
    (Action::ManageUsers, "admin"),
    (Action::ReadAudit, "admin"),
    (Action::ManageHousekeeping, "admin"),
    (Action::ManageSettings, "admin"),
    (Action::ReadPolicies, "admin push pull scan-reader"),
    (Action::ManagePolicies, "admin"),
    (Action::BreakGlass, "break-glass"),
];

#[test]
fn each_role_may_what_the_table_says_where_its_pattern_fits() {
    assert_eq!(
        TABLE.len() + 1,
        Action::ALL.len(),
        "an action has no row here"
    );
    let (inside, outside): (RepositoryName, RepositoryName) =
        ("team/app".parse().unwrap(), "other/app".parse().unwrap());
    for (action, roles) in TABLE {
        for role in Role::ALL {
            let may = roles.split(' ').any(|word| word == role.as_str());
            let narrow = principal("bob", &[&format!("{}:team/*", role.as_str())]);
            let wide = principal("bob", &[role.as_str()]);
            let told = format!("{} as {}", action.as_str(), role.as_str());
            assert_eq!(allows(&narrow, *action, &inside), may, "{told}, inside");
            assert!(!allows(&narrow, *action, &outside), "{told}, outside");
            assert!(
                !allows(&narrow, *action, Resource::Registry),
                "{told}, registry by a narrow grant"
            );
            assert_eq!(allows(&wide, *action, &outside), may, "{told}, everywhere");
            assert_eq!(allows(&wide, *action, Resource::Registry), may, "{told}");
        }
    }
}

#[test]
fn everybody_who_is_somebody_may_have_a_token() {
    let nobody = principal("bob", &[]);
    let token = Action::GetAuthorizationToken;
    assert!(allows(&nobody, token, Resource::Registry));
    let anonymous = Principal {
        proof: Proof::Nothing,
        ..principal(ANONYMOUS, &[])
    };
    assert!(!allows(&anonymous, token, Resource::Registry));
}

#[test]
fn grants_add_up_and_the_one_that_counts_is_named() {
    let bob = principal("bob", &["pull:*", "push:team/*"]);
    let name: RepositoryName = "team/app".parse().unwrap();
    let decision = decide(&bob, Action::PutImage, Resource::Repository(&name));
    let Decision::Allowed(Some(grant)) = decision else {
        panic!("{decision:?}");
    };
    assert_eq!(grant.to_string(), "push:team/*");
}

#[test]
fn a_denial_says_what_is_missing_and_who_gives_it() {
    let bob = principal("bob", &["pull:*"]);
    let name: RepositoryName = "team/app".parse().unwrap();
    let denial = require(&bob, Action::PutImage, &name).unwrap_err();
    assert_eq!(
        denial.to_string(),
        "user 'bob' may not push to 'team/app': the grant push:team/app is missing, which an \
         administrator gives with: lazaret user grant bob 'push:team/app'"
    );
    let denial = require(&bob, Action::ManageUsers, Resource::Registry).unwrap_err();
    assert!(denial.to_string().contains("grant admin:* is missing"));
    let anonymous = Principal {
        proof: Proof::Nothing,
        ..principal(ANONYMOUS, &["scan-reader:*"])
    };
    let denial = require(&anonymous, Action::BatchGetImage, &name).unwrap_err();
    assert!(denial.wants_credentials());
    assert_eq!(
        denial.to_string(),
        "without credentials nobody may pull from 'team/app': log in as somebody who may (grant \
         pull:team/app)"
    );
}
