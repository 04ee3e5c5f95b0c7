//! Everything about the machine that a fetch depends on.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Proxy servers, as the variables `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` hold
/// them. They are asked for a tunnel (`CONNECT`), also for `http:` urls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxies {
    /// For `http:` urls.
    pub http: Option<String>,
    /// For `https:` urls.
    pub https: Option<String>,
    /// For both, where there is no special one.
    pub all: Option<String>,
    /// Hosts that are reached directly: comma-separated names, suffixes, or `*`.
    pub no_proxy: Option<String>,
}

impl Proxies {
    /// The proxy for a url, if it has one.
    pub fn for_url(&self, url: &url::Url) -> Option<&str> {
        let own = if url.scheme() == "https" { &self.https } else { &self.http };
        let proxy = own.as_deref().or(self.all.as_deref()).filter(|p| !p.is_empty())?;
        (!self.is_exempt(url.host_str()?)).then_some(proxy)
    }

    fn is_exempt(&self, host: &str) -> bool {
        let list = self.no_proxy.as_deref().unwrap_or_default();
        list.split(',').map(str::trim).filter(|item| !item.is_empty()).any(|item| {
            let suffix = item.trim_start_matches('.');
            item == "*"
                || host.eq_ignore_ascii_case(suffix)
                || host.len() > suffix.len()
                    && host
                        .to_ascii_lowercase()
                        .ends_with(&format!(".{}", suffix.to_ascii_lowercase()))
        })
    }
}

/// How time passes between attempts: a function that waits, and says whether to go on.
#[derive(Clone)]
pub struct Waiting(Arc<dyn Fn(Duration) -> bool + Send + Sync>);

impl Waiting {
    /// Waits as `wait` does, which gives false when the user asked to stop.
    pub fn by(wait: impl Fn(Duration) -> bool + Send + Sync + 'static) -> Waiting {
        Waiting(Arc::new(wait))
    }

    pub(crate) fn wait(&self, time: Duration) -> bool {
        self.0(time)
    }
}

impl Default for Waiting {
    /// Sleeps, whatever happens.
    fn default() -> Self {
        Waiting::by(|time| {
            std::thread::sleep(time);
            true
        })
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting")
    }
}

impl PartialEq for Waiting {
    /// It is no part of what options say.
    fn eq(&self, _: &Waiting) -> bool {
        true
    }
}

impl Eq for Waiting {}

/// How files are fetched. Settings of the reference are named where they exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchOptions {
    /// Seconds until a connection counts as failed (`connect-timeout`); 0 is the default of 15.
    pub connect_timeout: u64,
    /// Seconds without a byte until a transfer counts as failed (`stalled-download-timeout`).
    pub stalled_timeout: u64,
    /// How often a transfer is tried in all, at each mirror (`download-attempts`).
    pub attempts: u32,
    /// Milliseconds before the second attempt; doubled before each further one, four times as long where the
    /// other side has to recover first.
    pub retry_delay: u64,
    /// Added to the name that the server sees (`user-agent-suffix`).
    pub user_agent_suffix: String,
    /// Proxy servers.
    pub proxies: Proxies,
    /// Contents of the file of credentials (`netrc-file`).
    pub netrc: String,
    /// Certificates to trust, a PEM file (`ssl-cert-file`); none trusts the built-in list.
    pub ca_file: Option<PathBuf>,
    /// Mirrors which hold files by hash (`hashed-mirrors`).
    pub hashed_mirrors: Vec<String>,
    /// Bases for `mirror://debian/PATH`, tried in this order.
    pub debian_mirrors: Vec<String>,
    /// How time passes between attempts. Other processes get the default.
    #[serde(skip)]
    pub waiting: Waiting,
}

impl Default for FetchOptions {
    fn default() -> Self {
        FetchOptions {
            connect_timeout: 0,
            stalled_timeout: 300,
            attempts: 5,
            retry_delay: 250,
            user_agent_suffix: String::new(),
            proxies: Proxies::default(),
            netrc: String::new(),
            ca_file: None,
            hashed_mirrors: Vec::new(),
            debian_mirrors: vec![crate::mirrors::SNAPSHOT.to_owned()],
            waiting: Waiting::default(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn proxies_by_scheme_and_host() {
        let proxies = Proxies {
            http: Some("http://p:1".into()),
            https: None,
            all: Some("http://a:2".into()),
            no_proxy: Some("localhost, .corp.example,exact.example".into()),
        };
        let cases = [
            ("http://x.example/", Some("http://p:1")),
            ("https://x.example/", Some("http://a:2")),
            ("http://localhost:8080/", None),
            ("http://git.corp.example/", None),
            ("http://corp.example/", None),
            ("http://notcorp.example/", Some("http://p:1")),
            ("http://EXACT.example/", None),
        ];
        for (url, proxy) in cases {
            assert_eq!(proxies.for_url(&url::Url::parse(url).unwrap()), proxy, "{url}");
        }
        let none = Proxies { no_proxy: Some("*".into()), ..proxies };
        assert_eq!(none.for_url(&url::Url::parse("http://x/").unwrap()), None);
    }
}
