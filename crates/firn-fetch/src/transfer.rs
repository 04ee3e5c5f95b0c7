//! From url to file.

use crate::error::{FetchError, Reason};
use crate::mirrors;
use crate::netrc::Netrc;
use crate::options::{FetchOptions, Waiting};
use crate::retry::{Attempt, Patience, pause, retry_after};
use crate::waiting::{self, Pieces};
use firn_events::{Event, Span};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, RequestBuilder};
use url::Url;

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The url that answered in the end, after mirrors and redirects.
    pub url: String,
    /// How many bytes it has.
    pub size: u64,
    /// The server's tag of this version, for caches.
    pub etag: Option<String>,
}

/// Fetches files. Cheap to make; connections are kept for its lifetime.
pub struct Fetcher {
    options: FetchOptions,
    netrc: Netrc,
    direct: std::sync::OnceLock<Agent>,
}

impl Fetcher {
    /// A fetcher for this machine.
    pub fn new(options: FetchOptions) -> Fetcher {
        let netrc = Netrc::parse(&options.netrc);
        Fetcher { options, netrc, direct: std::sync::OnceLock::new() }
    }

    /// The urls to try for `url`, in order: itself, or those of its mirrors.
    pub fn candidates(&self, url: &str) -> Vec<String> {
        match mirrors::debian_path(url) {
            Some(path) => {
                self.options.debian_mirrors.iter().map(|base| mirrors::join(base, path)).collect()
            }
            None => vec![url.to_owned()],
        }
    }

    /// Fetches `url` into `to`, which is truncated first; progress in bytes goes to `span`.
    ///
    /// # Errors
    /// The failure of the last candidate, with those of the others named.
    pub fn fetch(&self, url: &str, to: &mut File, span: &Span) -> Result<Fetched, FetchError> {
        self.fetch_accepted(url, to, span, |_| true)
    }

    /// As [`Fetcher::fetch`], from this very URL, with headers of the caller's own in the request.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`].
    pub fn fetch_with(
        &self,
        url: &str,
        headers: &[(String, String)],
        to: &mut File,
        span: &Span,
    ) -> Result<Fetched, FetchError> {
        match headers {
            [] => self.fetch(url, to, span),
            headers => self
                .fetch_from(vec![url.to_owned()], headers, to, span, |_| true)
                .map_err(|failures| self.sum_up(url, failures)),
        }
    }

    /// Sends a text to `url`, with these headers, and gives the answer, which is text of a few
    /// megabytes at most.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`].
    pub fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<Vec<u8>, FetchError> {
        let parsed = parse(url)?;
        let request = self.with_headers(self.agent(&parsed)?.post(url), &parsed, headers);
        let mut response = request.send(body).map_err(|e| explain(&parsed, &e).error)?;
        match response.status().as_u16() {
            200..=299 => response.body_mut().read_to_vec().map_err(|e| explain(&parsed, &e).error),
            status => Err(explain_status(&parsed, status, None).error),
        }
    }

    /// As [`Fetcher::fetch`], but a candidate whose file `accept` refuses is passed over if there
    /// is another one; the last one's file stays in `to` in any case, for the caller to report.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`].
    pub fn fetch_accepted(
        &self,
        url: &str,
        to: &mut File,
        span: &Span,
        accept: impl FnMut(&mut File) -> bool,
    ) -> Result<Fetched, FetchError> {
        self.fetch_from(self.candidates(url), &[], to, span, accept)
            .map_err(|failures| self.sum_up(url, failures))
    }

    /// Tries the candidates one after the other, and those that may do better later again after a pause: a
    /// mirror that is busy costs no time as long as another has the file.
    fn fetch_from(
        &self,
        candidates: Vec<String>,
        headers: &[(String, String)],
        to: &mut File,
        span: &Span,
        mut accept: impl FnMut(&mut File) -> bool,
    ) -> Result<Fetched, Vec<FetchError>> {
        let many = candidates.len() > 1;
        let mut sources: Vec<Source> = candidates.into_iter().map(Source::new).collect();
        let mut refused = None;
        for round in 1.. {
            for source in &mut sources {
                let mut part = std::mem::take(&mut source.part);
                while source.is_open(round) {
                    let before = part.done;
                    match self.fetch_one(&source.url, headers, to, span, &mut part) {
                        Ok(fetched) if accept(to) => return Ok(fetched),
                        Ok(fetched) => {
                            source.ended = true;
                            refused = Some(fetched);
                        }
                        Err(failed) if failed.error.ends_everything() => {
                            return Err(vec![failed.error]);
                        }
                        Err(failed) => {
                            // What was cut and can go on goes on at once.
                            let further = part.can_go_on() && part.done > before;
                            source.fail(failed, self.options.attempts, further);
                        }
                    }
                }
                // Another source writes over what is there.
                if !many {
                    source.part = part;
                }
            }
            let failures = open_failures(&sources);
            let Some(first) = failures.clone().next() else { break };
            let time = pause(&self.options, many, round, failures.clone());
            self.tell(span, first, round + 1, time);
            if !self.options.waiting.wait(time) {
                return Err(vec![interrupted().error]);
            }
        }
        match refused {
            // The caller reports what is wrong with a file; it is the one in `to` already if nothing came after it.
            Some(fetched) => self
                .fetch_one(&fetched.url, headers, to, span, &mut Part::default())
                .map_err(|failed| vec![failed.error]),
            None => Err(sources.into_iter().filter_map(Source::failure).collect()),
        }
    }

    fn tell(&self, span: &Span, failed: &Attempt, attempt: u32, time: Duration) {
        span.reporter().emit(Event::Retry {
            id: span.id(),
            why: failed.why(),
            attempt,
            of: self.options.attempts,
            millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        });
    }

    fn sum_up(&self, url: &str, mut failures: Vec<FetchError>) -> FetchError {
        if let Some(end) = failures.iter().position(FetchError::ends_everything) {
            return failures.swap_remove(end);
        }
        let Some(first) = (!failures.is_empty()).then(|| failures.remove(0)) else {
            let text = format!("no mirror is known for '{url}'");
            return FetchError::new(Reason::BadUrl, text).help("set 'debian-mirrors'");
        };
        if mirrors::debian_path(url).is_none() {
            return first;
        }
        let mut message = format!("cannot fetch '{url}' from any mirror:\n  {}", first.message);
        for failure in &failures {
            message += "\n  ";
            message += &failure.message;
        }
        FetchError::new(first.reason, message).help(
            "check the network, or name a mirror that can be reached: \
             --option debian-mirrors http://HOST/debian",
        )
    }

    /// One attempt.
    fn fetch_one(
        &self,
        url: &str,
        headers: &[(String, String)],
        to: &mut File,
        span: &Span,
        part: &mut Part,
    ) -> Result<Fetched, Attempt> {
        let parsed = parse(url).map_err(Attempt::last)?;
        match parsed.scheme() {
            "file" => fetch_local(&parsed, to, span).map_err(Attempt::last),
            "http" | "https" => {
                let agent = self.agent(&parsed).map_err(Attempt::last)?;
                self.attempt(&agent, Transfer { url: &parsed, headers, to, span, part })
            }
            other => {
                let text = format!("cannot fetch '{url}': scheme '{other}' is not supported");
                let error = FetchError::new(Reason::BadUrl, text)
                    .help("supported are https, http, file and mirror://debian");
                Err(Attempt::last(error))
            }
        }
    }

    fn attempt(&self, agent: &Agent, mut transfer: Transfer<'_>) -> Result<Fetched, Attempt> {
        let request = agent.get(transfer.url.as_str());
        let mut request = self.with_headers(request, transfer.url, transfer.headers);
        if let (Some(etag), true) = (&transfer.part.etag, transfer.part.can_go_on()) {
            request = request.header(header::RANGE, format!("bytes={}-", transfer.part.done));
            request = request.header(header::IF_RANGE, etag);
        }
        let waiting = &self.options.waiting;
        let response = waiting::outcome(waiting, || request.call()).ok_or_else(interrupted)?;
        let response = response.map_err(|e| explain(transfer.url, &e))?;
        let status = response.status().as_u16();
        if status != 200 && status != 206 {
            let wish = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
            return Err(explain_status(transfer.url, status, wish.and_then(retry_after)));
        }
        transfer.receive(response, waiting)
    }

    /// The request with the caller's headers, and with credentials for its host unless these name some.
    fn with_headers<B>(
        &self,
        mut request: RequestBuilder<B>,
        url: &Url,
        headers: &[(String, String)],
    ) -> RequestBuilder<B> {
        for (name, value) in headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let given = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        match self.authorization(url).filter(|_| !given) {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        }
    }

    fn authorization(&self, url: &Url) -> Option<String> {
        use std::borrow::Cow;
        let decode = |text: &str| -> String {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let (login, password): (Cow<'_, str>, Cow<'_, str>) = if url.username().is_empty() {
            let (login, password) = self.netrc.lookup(url.host_str()?)?;
            (login.into(), password.into())
        } else {
            (decode(url.username()).into(), decode(url.password().unwrap_or_default()).into())
        };
        Some(format!("Basic {}", base64(format!("{login}:{password}").as_bytes())))
    }

    fn agent(&self, url: &Url) -> Result<Agent, FetchError> {
        if let Some(proxy) = self.options.proxies.for_url(url) {
            let bad = |e: ureq::Error| {
                FetchError::new(Reason::BadUrl, format!("proxy '{proxy}' can't be used: {e}"))
                    .help("check the variables http_proxy, https_proxy and all_proxy")
            };
            let proxy = ureq::Proxy::new(proxy).map_err(bad)?;
            return self.build_agent(Some(proxy), url);
        }
        if url.scheme() == "https" || self.direct.get().is_none() {
            let agent = self.build_agent(None, url)?;
            if url.scheme() == "https" {
                return Ok(agent);
            }
            let _ = self.direct.set(agent);
        }
        Ok(self.direct.get().cloned().unwrap_or_else(Agent::new_with_defaults))
    }

    fn build_agent(&self, proxy: Option<ureq::Proxy>, url: &Url) -> Result<Agent, FetchError> {
        let options = &self.options;
        let connect = if options.connect_timeout == 0 { 15 } else { options.connect_timeout };
        let stalled = Some(Duration::from_secs(options.stalled_timeout.max(1)));
        let suffix = &options.user_agent_suffix;
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("firn/{version} {suffix}").trim_end().to_owned();
        let config = Agent::config_builder()
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(20)
            .user_agent(name)
            // Files are wanted as they are, and ranges of them must mean the same bytes.
            .accept_encoding("identity")
            .timeout_connect(Some(Duration::from_secs(connect)))
            .timeout_resolve(Some(Duration::from_secs(connect)))
            .timeout_recv_response(stalled)
            .timeout_per_read(stalled)
            .tls_config(self.tls_config(url)?)
            .build();
        Ok(config.new_agent())
    }

    fn tls_config(&self, url: &Url) -> Result<TlsConfig, FetchError> {
        let builder = TlsConfig::builder();
        let Some(path) = self.options.ca_file.as_ref().filter(|_| url.scheme() == "https") else {
            return Ok(builder.root_certs(RootCerts::WebPki).build());
        };
        let pem = std::fs::read(path).map_err(|e| {
            FetchError::local(format_args!("reading certificates '{}'", path.display()), &e)
                .help("check the setting 'ssl-cert-file'")
        })?;
        let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        Ok(builder.root_certs(RootCerts::Specific(Arc::new(certificates))).build())
    }
}

/// The failures of those that are tried again.
fn open_failures(sources: &[Source]) -> impl Iterator<Item = &Attempt> + Clone {
    sources.iter().filter(|source| !source.ended).filter_map(|source| source.failed.as_ref())
}

/// Where a file may come from.
struct Source {
    url: String,
    /// How often it was tried in vain.
    tried: u32,
    /// The round in which it is tried next.
    round: u32,
    /// Whether it is tried no more.
    ended: bool,
    /// How the last attempt failed.
    failed: Option<Attempt>,
    /// What is there of its file.
    part: Part,
}

impl Source {
    fn new(url: String) -> Source {
        Source { url, tried: 0, round: 1, ended: false, failed: None, part: Part::default() }
    }

    fn is_open(&self, round: u32) -> bool {
        !self.ended && self.round <= round
    }

    /// Takes a failure in: of so many attempts, and whether the next one follows at once.
    fn fail(&mut self, failed: Attempt, attempts: u32, at_once: bool) {
        self.tried += 1;
        self.ended = self.tried >= attempts.max(1) || failed.patience == Patience::None;
        self.round += u32::from(!at_once);
        self.failed = Some(failed);
    }

    fn failure(self) -> Option<FetchError> {
        let mut error = self.failed?.error;
        if self.tried > 1 {
            error.message += &format!(" (tried {} times)", self.tried);
        }
        Some(error)
    }
}

/// What is there of a file.
#[derive(Default)]
struct Part {
    /// Bytes received so far.
    done: u64,
    /// Strong tag of the version received so far.
    etag: Option<String>,
}

impl Part {
    /// Only where the server can say that the file is still the same is a rest of any use.
    fn can_go_on(&self) -> bool {
        self.etag.is_some() && self.done > 0
    }
}

/// One file on its way.
struct Transfer<'a> {
    url: &'a Url,
    headers: &'a [(String, String)],
    to: &'a mut File,
    span: &'a Span,
    part: &'a mut Part,
}

impl Transfer<'_> {
    fn receive(&mut self, response: Response<Body>, waiting: &Waiting) -> Result<Fetched, Attempt> {
        let value = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let goes_on = response.status().as_u16() == 206
            && value(header::CONTENT_RANGE)
                .is_some_and(|range| range.starts_with(&format!("bytes {}-", self.part.done)));
        if !goes_on {
            self.part.done = 0;
        }
        let etag = value(header::ETAG);
        self.part.etag = etag.clone().filter(|tag| !tag.starts_with("W/"));
        let rest: Option<u64> = value(header::CONTENT_LENGTH).and_then(|v| v.parse().ok());
        let expected = rest.map(|rest| self.part.done + rest);
        let url = ureq::ResponseExt::get_uri(&response).to_string();
        let place = crate::error::place_of(self.to);
        let writing = |e: &io::Error| {
            Attempt::last(FetchError::local_at("writing the download", e, place.as_deref()))
        };
        self.to.set_len(self.part.done).map_err(|e| writing(&e))?;
        self.to.seek(SeekFrom::Start(self.part.done)).map_err(|e| writing(&e))?;
        let body = Pieces::of(response.into_body().into_reader());
        let mut reported = self.part.done;
        self.span.progress(self.part.done, expected.unwrap_or(0));
        loop {
            let piece = body.next(waiting).ok_or_else(interrupted)?;
            let piece = piece.map_err(|e| explain_io(self.url, &e))?;
            if piece.is_empty() {
                break;
            }
            self.to.write_all(&piece).map_err(|e| writing(&e))?;
            self.part.done += piece.len() as u64;
            if self.part.done - reported >= 1 << 18 {
                self.span.progress(self.part.done, expected.unwrap_or(0));
                reported = self.part.done;
            }
        }
        if expected.is_some_and(|expected| expected != self.part.done) {
            let text = format!("'{}' ended after {} bytes", shown(self.url), self.part.done);
            return Err(Attempt::patient(FetchError::new(Reason::Unreachable, text), self.url));
        }
        self.span.progress(self.part.done, self.part.done);
        Ok(Fetched { url, size: self.part.done, etag })
    }
}

/// The user stopped waiting.
fn interrupted() -> Attempt {
    Attempt::last(FetchError::new(Reason::Interrupted, "interrupted by the user"))
}

fn parse(url: &str) -> Result<Url, FetchError> {
    Url::parse(url)
        .map_err(|e| FetchError::new(Reason::BadUrl, format!("'{url}' is not a valid url: {e}")))
}

/// The url without credentials.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn unreachable(url: &Url, why: impl std::fmt::Display) -> FetchError {
    let host = url.host_str().unwrap_or_default();
    let text = format!("cannot fetch '{}': host '{host}' {why}", shown(url));
    FetchError::new(Reason::Unreachable, text)
        .help("check the network, and the proxy variables if you need a proxy")
}

fn explain(url: &Url, error: &ureq::Error) -> Attempt {
    use ureq::Error as E;
    let plain = |reason, why: &dyn std::fmt::Display| {
        FetchError::new(reason, format!("cannot fetch '{}': {why}", shown(url)))
    };
    match error {
        E::HostNotFound => Attempt::soon(unreachable(url, "is not known (no address found)"), url),
        E::ConnectionFailed => Attempt::patient(unreachable(url, "can't be reached"), url),
        E::Timeout(what) => {
            Attempt::soon(unreachable(url, format_args!("is too slow ({what})")), url)
        }
        E::Io(e) => explain_io(url, e),
        E::TooManyRedirects | E::RedirectFailed => {
            Attempt::last(plain(Reason::Server, &"redirected too often or nowhere"))
        }
        E::Tls(_) | E::Pem(_) | E::Rustls(_) => Attempt::last(
            plain(Reason::Tls, &error)
                .help("check the clock and the setting 'ssl-cert-file' (NIX_SSL_CERT_FILE)"),
        ),
        E::BadUri(_) | E::Http(_) | E::InvalidProxyUrl => {
            Attempt::last(plain(Reason::BadUrl, &error))
        }
        other => Attempt::soon(plain(Reason::Server, other), url),
    }
}

fn explain_io(url: &Url, error: &io::Error) -> Attempt {
    let text = error.to_string();
    if text.contains("certificate") || text.contains("tls") {
        let message = format!("cannot fetch '{}': {text}", shown(url));
        let help = "check the clock and the setting 'ssl-cert-file' (NIX_SSL_CERT_FILE)";
        return Attempt::last(FetchError::new(Reason::Tls, message).help(help));
    }
    // The resolver says by its text alone whether it knows that there is no such name (getaddrinfo(3)).
    let no_such_name = text.contains("lookup address") && !text.contains("Temporary failure");
    let failed = unreachable(url, format_args!("can't be reached ({text})"));
    if no_such_name { Attempt::soon(failed, url) } else { Attempt::patient(failed, url) }
}

fn explain_status(url: &Url, status: u16, wish: Option<Duration>) -> Attempt {
    let reason = match status {
        404 | 410 => Reason::NotFound,
        401 | 403 | 407 => Reason::Denied,
        _ => Reason::Server,
    };
    let mut text = format!("cannot fetch '{}': HTTP error {status}", shown(url));
    if let Some(wish) = wish {
        text += &format!(" (it asks to wait {} s)", wish.as_secs());
    }
    let error = FetchError::new(reason, text);
    match (reason, status) {
        (Reason::Denied, _) => {
            Attempt::last(error.help("the server wants credentials: see the setting 'netrc-file'"))
        }
        (_, 429 | 502..=504) => Attempt::patient(error, url).wishing(wish),
        (_, 408 | 500..=599) => Attempt::soon(error, url).wishing(wish),
        _ => Attempt::last(error),
    }
}

fn fetch_local(url: &Url, to: &mut File, span: &Span) -> Result<Fetched, FetchError> {
    let path = url.to_file_path().map_err(|()| {
        FetchError::new(Reason::BadUrl, format!("'{url}' names no file of this machine"))
    })?;
    let copied = copy_local(&path, to);
    let size = copied.map_err(|e| {
        let what = format!("cannot fetch '{url}'");
        let missing = e.kind() == io::ErrorKind::NotFound;
        let error = FetchError::local_at(what, &e, crate::error::place_of(to).as_deref());
        if missing { FetchError { reason: Reason::NotFound, ..error } } else { error }
    })?;
    span.progress(size, size);
    Ok(Fetched { url: url.to_string(), size, etag: None })
}

fn copy_local(path: &Path, to: &mut File) -> io::Result<u64> {
    let mut from = File::open(path)?;
    to.set_len(0)?;
    to.seek(SeekFrom::Start(0))?;
    io::copy(&mut from, to)
}

/// Standard base64 with padding, for the one header that needs it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("a:b", "YTpi")];
        for (plain, coded) in cases {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
