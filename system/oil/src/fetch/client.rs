//! Gets one file.

use super::address::{authority, credentials, join, own_secret};
use super::body::{part, part_length, receive};
use super::{Mirrors, netrc, tls};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http::header;
use ureq::{Agent, Body, http};

/// Redirects that are followed, in all.
const MAX_REDIRECTS: usize = 8;
/// Of those, to another host.
const MAX_OTHER_HOSTS: usize = 2;
/// How often a server is asked for the rest of a file before it is given up.
const MAX_ATTEMPTS: usize = 5;

/// How servers are asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The root: for its certificates.
    pub root: PathBuf,
    /// How long a server may make no progress.
    pub timeout: Duration,
    /// Whether certificates are checked.
    pub check_certificate: bool,
    /// Tell proxies to ask the server.
    pub refresh: bool,
    /// Connections at once.
    pub connections: usize,
    /// Who has the same.
    pub mirrors: Mirrors,
}

/// What is wanted of an address.
#[derive(Clone, Debug, Default)]
pub struct Want {
    /// How many bytes it has, if that is known.
    pub size: Option<u64>,
    /// Only if it changed since.
    pub since: Option<SystemTime>,
    /// Only if it is another than this.
    pub etag: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// The file is there, and this is the server's mark of it.
    New(Option<String>),
    /// It did not change.
    Same,
}

/// A client, with the connections that it keeps.
pub struct Client {
    options: Options,
    plain: OnceLock<Agent>,
    secure: OnceLock<Result<Agent, String>>,
    /// Servers that want to know who asks.
    guarded: Mutex<HashSet<String>>,
}

/// Why an attempt failed, and whether another may do better.
pub(super) struct Fault {
    reason: String,
    again: bool,
}

pub(super) fn fault(reason: impl Into<String>, again: bool) -> Fault {
    Fault {
        reason: reason.into(),
        again,
    }
}

impl Client {
    /// With these options; nothing is asked yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            guarded: Mutex::default(),
        }
    }

    /// How servers are asked.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn build(&self, tls: Option<ureq::tls::TlsConfig>) -> Agent {
        let timeout = Some(self.options.timeout);
        let agent = std::env::var("HTTP_USER_AGENT")
            .unwrap_or_else(|_| concat!("oil/", env!("CARGO_PKG_VERSION")).to_owned());
        let mut builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            .timeout_per_write(timeout)
            .max_idle_connections(self.options.connections * 2)
            .max_idle_connections_per_host(self.options.connections)
            .user_agent(agent);
        if let Some(tls) = tls {
            builder = builder.tls_config(tls);
        }
        builder.build().new_agent()
    }

    fn agent(&self, url: &str) -> Result<&Agent, Fault> {
        if !url.starts_with("https://") {
            return Ok(self.plain.get_or_init(|| self.build(None)));
        }
        let secure = self.secure.get_or_init(|| {
            let config = tls::config(&self.options.root, self.options.check_certificate);
            config
                .map(|config| self.build(Some(config)))
                .map_err(|error| error.to_string())
        });
        secure
            .as_ref()
            .map_err(|reason| fault(reason.clone(), false))
    }

    /// Gets an address, or one of those that stand for it, into the file at `place`, which is there only when all of
    /// it is. `received` is told how many bytes came. What an earlier attempt left in `place.part` is gone on with.
    ///
    /// # Errors
    /// [`Error::Fetch`] with what the last server did, and [`Error::File`].
    pub fn get(&self, url: &str, place: &Path, want: &Want, received: &dyn Fn(u64)) -> Result<Got> {
        let mut last = None;
        for address in self.options.mirrors.of(url) {
            let mut attempts = 0;
            loop {
                attempts += 1;
                let before = part_length(place);
                match self.attempt(&address, place, want, received) {
                    Ok(got) => return Ok(got),
                    Err(Fault { reason, again }) => {
                        let moved = part_length(place) > before;
                        last = Some((address.clone(), reason));
                        if !again || attempts >= MAX_ATTEMPTS || !(moved || attempts < 2) {
                            break;
                        }
                    }
                }
            }
            // Another server's file may be another one.
            let _ = fs::remove_file(part(place));
        }
        let (url, reason) = last.unwrap_or_else(|| (url.to_owned(), "nobody to ask".to_owned()));
        Err(Error::Fetch { url, reason })
    }

    fn attempt(
        &self,
        url: &str,
        place: &Path,
        want: &Want,
        received: &dyn Fn(u64),
    ) -> Result<Got, Fault> {
        let mut have = part_length(place);
        if want.size.is_none() || want.size.is_some_and(|size| have >= size) {
            have = 0;
        }
        let response = self.follow(url, want, have)?;
        let status = response.status().as_u16();
        let text = |name: header::HeaderName| {
            let value = response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        match status {
            200 => have = 0,
            206 if have > 0 => {
                let range = text(header::CONTENT_RANGE).unwrap_or_default();
                if !range.starts_with(&format!("bytes {have}-")) {
                    return Err(fault(
                        "the server sent another part than was asked for",
                        false,
                    ));
                }
            }
            304 if want.since.is_some() || want.etag.is_some() => return Ok(Got::Same),
            416 => {
                let _ = fs::remove_file(part(place));
                return Err(fault("the server does not have the rest of the file", true));
            }
            _ => {
                let name = response.status().canonical_reason().unwrap_or("not HTTP");
                return Err(fault(format!("the server says {status} {name}"), false));
            }
        }
        let length = text(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
        if let (Some(size), Some(length)) = (want.size, length)
            && have + length != size
        {
            return Err(fault(
                format!(
                    "the server has {} bytes, but the index says {size}",
                    have + length
                ),
                false,
            ));
        }
        let etag = text(header::ETAG);
        let whole = want.size.or(length.map(|length| have + length));
        receive(response.into_body(), place, have, whole, received)?;
        fs::rename(part(place), place)
            .map_err(|error| fault(format!("{}: {error}", place.display()), false))?;
        Ok(Got::New(etag))
    }

    /// Asks, and follows redirects.
    fn follow(&self, url: &str, want: &Want, have: u64) -> Result<http::Response<Body>, Fault> {
        let mut url = url.to_owned();
        let mut other_hosts = 0;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.ask(&url, want, have)?;
            let location = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => response.headers().get(header::LOCATION),
                _ => return Ok(response),
            };
            let location = location.and_then(|value| value.to_str().ok());
            let next = location
                .and_then(|location| join(&url, location))
                .ok_or_else(|| fault("the server redirects to nowhere", false))?;
            if url.starts_with("https://") && !next.starts_with("https://") {
                return Err(fault(
                    format!("the server redirects from TLS to {next}"),
                    false,
                ));
            }
            if authority(&url) != authority(&next) {
                other_hosts += 1;
                if other_hosts > MAX_OTHER_HOSTS {
                    return Err(fault("the server redirects from host to host", false));
                }
            }
            url = next;
        }
        Err(fault("the server redirects without an end", false))
    }

    /// Asks. Who we are by the file that `NETRC` names is told to servers that want to know it.
    fn ask(&self, url: &str, want: &Want, have: u64) -> Result<http::Response<Body>, Fault> {
        let guarded = || self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = netrc::secret(url).filter(|_| own_secret(url).is_none());
        let Some(secret) = secret else {
            return self.ask_as(url, want, have, credentials(url, None));
        };
        let server = authority(url);
        let is_guarded = guarded().contains(server);
        if !is_guarded {
            let response = self.ask_as(url, want, have, None)?;
            if response.status().as_u16() != 401 {
                return Ok(response);
            }
            guarded().insert(server.to_owned());
        }
        self.ask_as(url, want, have, credentials(url, Some(secret)))
    }

    fn ask_as(
        &self,
        url: &str,
        want: &Want,
        have: u64,
        credentials: Option<String>,
    ) -> Result<http::Response<Body>, Fault> {
        let mut request = self.agent(url)?.get(url);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        if let Some(since) = want
            .since
            .and_then(|since| since.duration_since(UNIX_EPOCH).ok())
        {
            request = request.header(
                header::IF_MODIFIED_SINCE,
                crate::http_date::to_text(since.as_secs()),
            );
        }
        if let Some(etag) = &want.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if self.options.refresh {
            request = request.header(header::CACHE_CONTROL, "no-cache");
        }
        if let Ok(referer) = std::env::var("HTTP_REFERER") {
            request = request.header(header::REFERER, referer);
        }
        if let Some(secret) = credentials {
            request = request.header(header::AUTHORIZATION, secret);
        }
        request.call().map_err(|error| self.explain(error))
    }

    /// Why a request failed, in words.
    fn explain(&self, error: ureq::Error) -> Fault {
        match error {
            ureq::Error::Io(error) => explain_io(&error, self.options.timeout),
            ureq::Error::Timeout(_) => fault(stalled(self.options.timeout), true),
            ureq::Error::HostNotFound => fault("there is no such host", false),
            other => fault(other.to_string(), false),
        }
    }
}

fn stalled(timeout: Duration) -> String {
    format!(
        "no progress for {} seconds (see --timeout)",
        timeout.as_secs()
    )
}

fn explain_io(error: &std::io::Error, timeout: Duration) -> Fault {
    use std::io::ErrorKind::{ConnectionRefused, TimedOut, WouldBlock};
    let text = error.to_string();
    let text = text
        .split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned();
    match error.kind() {
        TimedOut | WouldBlock => fault(stalled(timeout), true),
        ConnectionRefused => fault(text, false),
        _ => fault(text, true),
    }
}
