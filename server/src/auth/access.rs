//! What somebody may do: the one place that decides.
//!
//! Every surface names what it is about to do as an [`Action`], in IAM's words where IAM has one,
//! and asks [`decide`]. The answer depends on the asker's grants and on names alone, never on
//! whether something is there: so a refusal tells nothing about what exists.

use std::fmt;

use model::RepositoryName;
use store::record::{Grant, Role};

use super::Principal;

/// The pattern of a grant that holds for the registry as a whole.
const EVERYTHING: &str = "*";

/// What an action takes: the least role that may do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// To have proved who one is.
    Nothing,
    Look,
    Pull,
    Push,
    Administer,
    /// The role that stands beside the others.
    BreakGlass,
}

/// What an action does to what is there: for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It looks, or is only a step on the way.
    Looks,
    /// It hands out bytes of an image, or a token.
    Hands,
    /// It brings a part of an image.
    Brings,
    /// It changes something.
    Changes,
}

macro_rules! actions {
    ($($variant:ident $word:literal $need:ident $verb:literal),* $(,)?) => {
        /// Something that can be asked for. Words that begin with `ecr:` are IAM's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $(#[doc = $word] $variant,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$variant,)*];

            /// The word that a policy would have for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $word,)* }
            }

            fn need(self) -> Need {
                match self { $(Action::$variant => Need::$need,)* }
            }

            /// What it is for people, with the preposition that its object takes.
            fn verb(self) -> &'static str {
                match self { $(Action::$variant => $verb,)* }
            }
        }
    };
}

actions! {
    GetAuthorizationToken "ecr:GetAuthorizationToken" Nothing "ask for a token of",
    DescribeRepositories "ecr:DescribeRepositories" Look "see",
    ListImages "ecr:ListImages" Look "list images of",
    DescribeImages "ecr:DescribeImages" Look "see images of",
    DescribeImageScanFindings "ecr:DescribeImageScanFindings" Look "read scans of",
    BatchGetRepositoryScanningConfiguration "ecr:BatchGetRepositoryScanningConfiguration" Look
        "see what is scanned in",
    GetRegistryScanningConfiguration "ecr:GetRegistryScanningConfiguration" Look
        "see what is scanned in",
    GetAccountSetting "ecr:GetAccountSetting" Look "see settings of",
    ReadMetrics "lazaret:ReadMetrics" Look "read the figures of",
    BatchCheckLayerAvailability "ecr:BatchCheckLayerAvailability" Pull "pull from",
    GetDownloadUrlForLayer "ecr:GetDownloadUrlForLayer" Pull "pull from",
    BatchGetImage "ecr:BatchGetImage" Pull "pull from",
    InitiateLayerUpload "ecr:InitiateLayerUpload" Push "push to",
    UploadLayerPart "ecr:UploadLayerPart" Push "push to",
    CompleteLayerUpload "ecr:CompleteLayerUpload" Push "push to",
    PutImage "ecr:PutImage" Push "push to",
    CreateRepositoryByPush "lazaret:CreateRepositoryByPush" Push "make by a push",
    BatchDeleteImage "ecr:BatchDeleteImage" Push "delete from",
    StartImageScan "ecr:StartImageScan" Push "start scans in",
    CreateRepository "ecr:CreateRepository" Administer "create",
    DeleteRepository "ecr:DeleteRepository" Administer "delete",
    PutImageScanningConfiguration "ecr:PutImageScanningConfiguration" Administer
        "say what is scanned in",
    PutImageTagMutability "ecr:PutImageTagMutability" Administer "say which tags may move in",
    PutRegistryScanningConfiguration "ecr:PutRegistryScanningConfiguration" Administer
        "say what is scanned in",
    PutAccountSetting "ecr:PutAccountSetting" Administer "change settings of",
    ManageUsers "lazaret:ManageUsers" Administer "manage users and keys of",
    ReadAudit "lazaret:ReadAudit" Administer "read the audit log of",
    ManageHousekeeping "lazaret:ManageHousekeeping" Administer "keep house in",
    ManageSettings "lazaret:ManageSettings" Administer "change settings of",
    ReadPolicies "lazaret:ReadPolicies" Look "read policies of",
    ManagePolicies "lazaret:ManagePolicies" Administer "manage policies of",
    BreakGlass "lazaret:BreakGlass" BreakGlass "pass the policies of",
}

impl Action {
    /// What it does to what is there. Who needs more than to look or pull changes something,
    /// unless it is said here that they do not.
    pub fn weight(self) -> Weight {
        match (self, self.need()) {
            (
                Action::BatchCheckLayerAvailability
                | Action::InitiateLayerUpload
                | Action::UploadLayerPart,
                _,
            ) => Weight::Looks,
            (Action::CompleteLayerUpload, _) => Weight::Brings,
            (_, Need::Look) => Weight::Looks,
            (_, Need::Nothing | Need::Pull) => Weight::Hands,
            (_, Need::Push | Need::Administer | Need::BreakGlass) => Weight::Changes,
        }
    }
}

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// One repository, which need not exist.
    Repository(&'a RepositoryName),
    /// The registry as a whole: only a grant on `*` holds for it.
    Registry,
}

impl<'a> From<&'a RepositoryName> for Resource<'a> {
    fn from(name: &'a RepositoryName) -> Resource<'a> {
        Resource::Repository(name)
    }
}

/// An answer with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Yes, by this grant; without one where everybody may who has proved who they are.
    Allowed(Option<&'a Grant>),
    /// No.
    Denied(Denial),
}

/// Why not: who may not do what to what, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Denial {
    user: String,
    anonymous: bool,
    action: Action,
    repository: Option<RepositoryName>,
}

/// Decides whether somebody may do something to something.
pub fn decide<'a>(
    principal: &'a Principal,
    action: Action,
    resource: Resource<'_>,
) -> Decision<'a> {
    if action.need() == Need::Nothing && !principal.is_anonymous() {
        return Decision::Allowed(None);
    }
    let fits = |grant: &&Grant| may(grant.role, action.need()) && covers(grant, resource);
    match principal.grants.iter().find(fits) {
        Some(grant) => Decision::Allowed(Some(grant)),
        None => Decision::Denied(Denial {
            user: principal.name.clone(),
            anonymous: principal.is_anonymous(),
            action,
            repository: match resource {
                Resource::Repository(name) => Some(name.clone()),
                Resource::Registry => None,
            },
        }),
    }
}

/// Whether somebody may: for lists, which leave out what one may not see.
pub fn allows<'a>(
    principal: &Principal,
    action: Action,
    resource: impl Into<Resource<'a>>,
) -> bool {
    matches!(
        decide(principal, action, resource.into()),
        Decision::Allowed(_)
    )
}

/// Goes on only where somebody may.
///
/// # Errors
///
/// The denial, for the surface to answer in its own form.
pub fn require<'a>(
    principal: &Principal,
    action: Action,
    resource: impl Into<Resource<'a>>,
) -> Result<(), Denial> {
    match decide(principal, action, resource.into()) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => Err(denial),
    }
}

/// Whether a role may do what takes that.
fn may(role: Role, need: Need) -> bool {
    let most = match role {
        Role::Admin => Need::Administer,
        Role::Push => Need::Push,
        Role::Pull => Need::Pull,
        Role::ScanReader => Need::Look,
        Role::BreakGlass => return need == Need::BreakGlass,
    };
    need <= most
}

fn covers(grant: &Grant, resource: Resource<'_>) -> bool {
    match resource {
        Resource::Repository(name) => grant.pattern.matches(name.as_str()),
        Resource::Registry => grant.pattern.as_str() == EVERYTHING,
    }
}

impl Denial {
    /// Whether the asker has not said who they are: then they should, instead of giving up.
    pub fn wants_credentials(&self) -> bool {
        self.anonymous
    }

    /// What was asked for.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Of which repository, unless it was of the registry.
    pub fn repository(&self) -> Option<&RepositoryName> {
        self.repository.as_ref()
    }

    /// Who asked.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The least grant that would do.
    fn missing(&self) -> String {
        let role = Role::ALL
            .into_iter()
            .rev()
            .find(|role| may(*role, self.action.need()))
            .unwrap_or(Role::Admin);
        let pattern = self
            .repository
            .as_ref()
            .map_or(EVERYTHING, RepositoryName::as_str);
        format!("{}:{pattern}", role.as_str())
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = self.action.verb();
        let object = match &self.repository {
            Some(name) => format!("'{name}'"),
            None => "the registry".to_owned(),
        };
        let (user, missing) = (&self.user, self.missing());
        match self.anonymous {
            true => write!(
                f,
                "without credentials nobody may {verb} {object}: log in as somebody who may \
                 (grant {missing})"
            ),
            false => write!(
                f,
                "user '{user}' may not {verb} {object}: the grant {missing} is missing, which an \
                 administrator gives with: lazaret user grant {user} '{missing}'"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
