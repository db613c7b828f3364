//! What most operations begin with: the registry, the repository and the image that are meant.

use model::{Digest, Reference, RepositoryName, Tag};
use serde::{Deserialize, Serialize};
use store::record::{ManifestSummary, Repository};

use super::{Context, EcrError};

/// `ImageIdentifier` of ECR's model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageIdentifier {
    /// The digest, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// The tag, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
}

impl ImageIdentifier {
    /// The identifier as ECR writes it into messages.
    pub fn in_words(&self) -> String {
        let part = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let (digest, tag) = (part(&self.image_digest), part(&self.image_tag));
        format!("{{imageDigest:'{digest}', imageTag:'{tag}'}}")
    }
}

impl Context {
    /// Checks `registryId`, which may be left out.
    pub fn check_registry(&self, registry_id: Option<&str>) -> Result<(), EcrError> {
        match registry_id {
            Some(id) if id != self.app.settings.account => {
                let message = format!("The registry with id '{id}' does not exist.");
                Err(EcrError::new("RepositoryNotFoundException", message))
            }
            _ => Ok(()),
        }
    }

    /// The repository of a name, in the registry that is meant, once it is clear that the
    /// principal may do there what they ask for.
    pub fn find_repository(
        &self,
        registry_id: Option<&str>,
        name: &str,
    ) -> Result<Repository, EcrError> {
        let name = repository_name(name)?;
        self.check_registry(registry_id)?;
        self.require(&name)?;
        let found = self.app.store.metadata.repository(&name)?;
        found.ok_or_else(|| self.no_repository(name.as_str()))
    }

    /// ECR's words for a repository that is not there.
    pub fn no_repository(&self, name: &str) -> EcrError {
        let account = &self.app.settings.account;
        let message = format!(
            "The repository with name '{name}' does not exist in the registry with id '{account}'"
        );
        EcrError::new("RepositoryNotFoundException", message)
    }

    /// The manifest that an identifier names; where it gives digest and tag, both must fit.
    pub fn find_image(
        &self,
        repository: &RepositoryName,
        id: &ImageIdentifier,
    ) -> Result<ManifestSummary, EcrError> {
        let reference = reference(id)?;
        let found = self
            .app
            .store
            .metadata
            .manifest_summary(repository, &reference)?;
        let fits = |image: &ManifestSummary| match &id.image_tag {
            Some(tag) => image.tags.iter().any(|has| has.as_str() == tag),
            None => true,
        };
        found
            .filter(fits)
            .ok_or_else(|| self.no_image(repository, id))
    }

    /// ECR's words for an image that is not there.
    pub fn no_image(&self, repository: &RepositoryName, id: &ImageIdentifier) -> EcrError {
        let message = format!(
            "The image with imageId {} does not exist within the repository with name '{repository}' \
             in the registry with id '{}'",
            id.in_words(),
            self.app.settings.account
        );
        EcrError::new("ImageNotFoundException", message)
    }
}

/// The repository's name, checked against ECR's pattern.
pub fn repository_name(name: &str) -> Result<RepositoryName, EcrError> {
    let constraint = "must satisfy regular expression \
                      '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'";
    let parsed = name
        .parse()
        .map_err(|_| EcrError::parameter("repositoryName", constraint))?;
    match name.len() {
        2.. => Ok(parsed),
        _ => Err(EcrError::parameter(
            "repositoryName",
            "length must be at least 2",
        )),
    }
}

/// The digest, where one is given, or the tag.
pub fn reference(id: &ImageIdentifier) -> Result<Reference, EcrError> {
    if let Some(digest) = &id.image_digest {
        let digest: Digest = digest.parse().map_err(|_| {
            EcrError::parameter(
                "imageDigest",
                "must be of the form sha256:<64 hexadecimal digits>",
            )
        })?;
        return Ok(Reference::Digest(digest));
    }
    let tag = id.image_tag.as_deref();
    let tag =
        tag.ok_or_else(|| EcrError::parameter("imageId", "imageDigest or imageTag is needed"))?;
    let constraint = "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'";
    tag.parse::<Tag>()
        .map(Reference::Tag)
        .map_err(|_| EcrError::parameter("imageTag", constraint))
}
