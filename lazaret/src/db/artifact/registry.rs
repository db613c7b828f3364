//! A registry as the place of an artifact: the part of OCI distribution 1.1 that this needs.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Digest, RepositoryName, Tag};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::MOST_DOCUMENT;
use crate::cli::artifact::Connection;
use crate::client::{self, Credentials};
use crate::http;

/// The media type of the manifest.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The longest error that is read, in bytes.
const MOST_WORDS: u64 = 64 << 10;

/// A repository's tag in a registry.
pub struct Registry {
    client: Client,
    base: Url,
    name: RepositoryName,
    tag: Tag,
    credentials: Option<Credentials>,
    /// What the registry wants to be shown, once it has said so.
    authorization: Mutex<Option<String>>,
}

/// Host, repository and tag of a reference.
fn parse(reference: &str) -> anyhow::Result<(&str, RepositoryName, Tag)> {
    let wrong = || {
        format!(
            "'{reference}' names no artifact: expected HOST[:PORT]/NAME[:TAG] or oci-archive:FILE"
        )
    };
    let (host, rest) = reference.split_once('/').with_context(wrong)?;
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) => (name, tag),
        None => (rest, "latest"),
    };
    if host.is_empty() {
        bail!(wrong());
    }
    Ok((
        host,
        name.parse().with_context(wrong)?,
        tag.parse().with_context(wrong)?,
    ))
}

impl Registry {
    /// The registry of a reference.
    ///
    /// # Errors
    ///
    /// Where it is none, TLS cannot be prepared, or a secret would travel in the clear.
    pub fn open(reference: &str, connection: &Connection) -> anyhow::Result<Registry> {
        let (host, name, tag) = parse(reference)?;
        let own = host.rsplit_once(':').map_or(host, |(own, _)| own);
        let is_here = client::is_loopback(own.trim_matches(['[', ']']));
        let plain = connection.plain_http || (is_here && connection.ca.is_none());
        let scheme = if plain { "http" } else { "https" };
        let base = format!("{scheme}://{host}");
        let base = base
            .parse()
            .with_context(|| format!("'{host}' is no host"))?;
        Ok(Registry {
            client: http::client(connection.ca.as_deref())?,
            base,
            name,
            tag,
            credentials: client::credentials(connection.key_file.as_deref(), None)?,
            authorization: Mutex::new(None),
        })
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(self.base.join(&format!("/v2/{}/{path}", self.name))?)
    }

    /// The manifest under the tag.
    ///
    /// # Errors
    ///
    /// Where the registry cannot be asked or refuses.
    pub async fn manifest(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let url = self.url(&format!("manifests/{}", self.tag))?;
        let response = self
            .send(|| self.client.get(url.clone()).header(ACCEPT, MANIFEST))
            .await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(
                http::body(good(response).await?, MOST_DOCUMENT).await?,
            )),
        }
    }

    /// A blob.
    ///
    /// # Errors
    ///
    /// Where the registry does not have it, or it is longer than the limit.
    pub async fn blob(&self, digest: &Digest, limit: u64) -> anyhow::Result<Vec<u8>> {
        let url = self.url(&format!("blobs/{digest}"))?;
        let response = self.send(|| self.client.get(url.clone())).await?;
        http::body(good(response).await?, limit).await
    }

    /// Puts blobs that are not there, then the manifest; tells how many bytes were sent.
    ///
    /// # Errors
    ///
    /// Where the registry refuses.
    pub async fn put(&self, manifest: &[u8], blobs: &[(Digest, Vec<u8>)]) -> anyhow::Result<u64> {
        let mut sent = 0;
        for (digest, bytes) in blobs {
            let url = self.url(&format!("blobs/{digest}"))?;
            let there = self.send(|| self.client.head(url.clone())).await?;
            if there.status().is_success() {
                continue;
            }
            self.upload(digest, bytes).await?;
            sent += bytes.len() as u64;
        }
        let url = self.url(&format!("manifests/{}", self.tag))?;
        let request = || {
            let request = self.client.put(url.clone()).header(CONTENT_TYPE, MANIFEST);
            request.body(manifest.to_vec())
        };
        good(self.send(request).await?).await?;
        Ok(sent + manifest.len() as u64)
    }

    async fn upload(&self, digest: &Digest, bytes: &[u8]) -> anyhow::Result<()> {
        let url = self.url("blobs/uploads/")?;
        let begun = self
            .send(|| self.client.request(Method::POST, url.clone()))
            .await?;
        let begun = good(begun).await?;
        let place = begun
            .headers()
            .get(LOCATION)
            .and_then(|place| place.to_str().ok());
        let place = place.context("the registry does not say where an upload goes")?;
        let mut place = begun.url().join(place)?;
        place
            .query_pairs_mut()
            .append_pair("digest", digest.as_str());
        let request = || {
            let request = self.client.put(place.clone());
            request
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(bytes.to_vec())
        };
        good(self.send(request).await?).await.map(drop)
    }

    /// Sends a request, once more with what the registry asks to be shown.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> anyhow::Result<Response> {
        let shown = {
            let known = self.authorization.lock();
            known.unwrap_or_else(PoisonError::into_inner).clone()
        };
        let with = |shown: Option<String>| match shown {
            Some(shown) => request().header(AUTHORIZATION, shown),
            None => request(),
        };
        let unreached = || format!("cannot reach the registry {}", self.base);
        let response = with(shown).send().await.with_context(unreached)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(shown) = self.answer(response.headers()).await? else {
            return Ok(response);
        };
        let mut known = self.authorization.lock();
        let known = known.as_mut().map(|known| **known = Some(shown.clone()));
        drop(known);
        with(Some(shown)).send().await.with_context(unreached)
    }

    /// What a challenge is answered with; nothing where there are no credentials for it.
    async fn answer(&self, headers: &HeaderMap) -> anyhow::Result<Option<String>> {
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        let challenges: Vec<&str> = challenges.filter_map(|one| one.to_str().ok()).collect();
        let basic = self.credentials.as_ref().map(|own| {
            let pair = STANDARD.encode(format!("{}:{}", own.id, own.secret));
            format!("Basic {pair}")
        });
        let is = |challenge: &&str, scheme: &str| {
            let start = challenge.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if basic.is_some() && challenges.iter().any(|one| is(one, "basic")) {
            return Ok(basic);
        }
        match challenges.iter().find(|one| is(one, "bearer ")) {
            Some(challenge) => self.token(challenge, basic).await.map(Some),
            None => Ok(None),
        }
    }

    async fn token(&self, challenge: &str, basic: Option<String>) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let realm = parameter(challenge, "realm").context("the registry names no token service")?;
        let mut realm: Url = realm
            .parse()
            .context("the registry names no token service")?;
        let same = realm.scheme() == "https" || realm.host_str() == self.base.host_str();
        for name in ["service", "scope"] {
            if let Some(value) = parameter(challenge, name) {
                realm.query_pairs_mut().append_pair(name, value);
            }
        }
        let mut request = self.client.get(realm);
        if let Some(basic) = basic.filter(|_| same) {
            request = request.header(AUTHORIZATION, basic);
        }
        let answer = good(request.send().await?).await?;
        let answer = http::body(answer, MOST_WORDS).await?;
        let token: Token = serde_json::from_slice(&answer).context("the token service's answer")?;
        let token = token.token.or(token.access_token);
        Ok(format!(
            "Bearer {}",
            token.context("the token service gives no token")?
        ))
    }
}

/// The value of a challenge's parameter: `realm="…"`.
fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let start = challenge.find(&format!("{name}=\""))? + name.len() + 2;
    challenge.get(start..)?.split('"').next()
}

/// The answer, or the registry's own words where it refuses.
async fn good(response: Response) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let url = response.url().path().to_owned();
    let words = http::body(response, MOST_WORDS).await.unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let words: String = words.chars().take(300).collect();
    let words = report::text::plain(words.trim());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => bail!(
            "the registry refuses {url} ({status}): give an access key with --key-file, or \
             LAZARET_ACCESS_KEY_ID and LAZARET_SECRET_ACCESS_KEY. {words}"
        ),
        _ => bail!("the registry answers {url} with {status}: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        let told = |text: &str| {
            let (host, name, tag) = parse(text).ok()?;
            Some(format!("{host} {name} {tag}"))
        };
        for (text, expected) in [
            ("localhost:5000/db", Some("localhost:5000 db latest")),
            ("r.example/team/db:v1", Some("r.example team/db v1")),
            ("[::1]:5000/a:b", Some("[::1]:5000 a b")),
            ("db", None),
            ("/db", None),
            ("host/", None),
            ("host/UPPER", None),
            ("host/a:", None),
        ] {
            assert_eq!(told(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn challenges_are_taken_apart() {
        let challenge = r#"Bearer realm="https://a.example/token",service="s",scope="x:y:pull""#;
        assert_eq!(
            parameter(challenge, "realm"),
            Some("https://a.example/token")
        );
        assert_eq!(parameter(challenge, "scope"), Some("x:y:pull"));
        assert_eq!(parameter(challenge, "other"), None);
    }
}
