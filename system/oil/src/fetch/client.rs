//! Gets one file.

use super::address::{Address, authority, credentials, join, own_secret};
use super::body::{part, part_length, receive};
use super::connection::{Answer, Connections, Refusal};
use super::tls::Secure;
use super::{Mirrors, netrc};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    /// What is told of who asks.
    name: String,
    connections: Connections,
    secure: OnceLock<Result<Secure, String>>,
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
        let name = std::env::var("HTTP_USER_AGENT");
        Self {
            name: name.unwrap_or_else(|_| concat!("oil/", env!("CARGO_PKG_VERSION")).to_owned()),
            connections: Connections::new(options.timeout, options.connections * 2),
            secure: OnceLock::new(),
            guarded: Mutex::default(),
            options,
        }
    }

    /// How servers are asked.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    fn secure(&self) -> Result<&Secure, Fault> {
        let secure = self.secure.get_or_init(|| {
            Secure::new(&self.options.root, self.options.check_certificate)
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
        let answer = self.follow(url, want, have)?;
        match answer.head.status {
            200 => have = 0,
            206 if have > 0 => {
                let range = answer.head.get("content-range").unwrap_or_default();
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
            status => {
                let said = format!("the server says {status} {}", answer.head.reason);
                return Err(fault(said.trim_end(), false));
            }
        }
        let length = answer.length();
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
        let etag = answer.head.get("etag").map(str::to_owned);
        let whole = want.size.or(length.map(|length| have + length));
        receive(answer, place, have, whole, received)?;
        fs::rename(part(place), place)
            .map_err(|error| fault(format!("{}: {error}", place.display()), false))?;
        Ok(Got::New(etag))
    }

    /// Asks, and follows redirects.
    fn follow(&self, url: &str, want: &Want, have: u64) -> Result<Answer<'_>, Fault> {
        let mut url = url.to_owned();
        let mut other_hosts = 0;
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.ask(&url, want, have)?;
            let location = match answer.head.status {
                301 | 302 | 303 | 307 | 308 => answer.head.get("location"),
                _ => return Ok(answer),
            };
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
    fn ask(&self, url: &str, want: &Want, have: u64) -> Result<Answer<'_>, Fault> {
        let guarded = || self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = netrc::secret(url).filter(|_| own_secret(url).is_none());
        let Some(secret) = secret else {
            return self.ask_as(url, want, have, credentials(url, None));
        };
        let server = authority(url);
        let is_guarded = guarded().contains(server);
        if !is_guarded {
            let answer = self.ask_as(url, want, have, None)?;
            if answer.head.status != 401 {
                return Ok(answer);
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
    ) -> Result<Answer<'_>, Fault> {
        let address = Address::parse(url)
            .ok_or_else(|| fault("this is no address of http:// or https://", false))?;
        let secure = match address.is_secure {
            true => Some(self.secure()?),
            false => None,
        };
        let range = (have > 0).then(|| format!("bytes={have}-"));
        let since = want
            .since
            .and_then(|since| since.duration_since(UNIX_EPOCH).ok());
        let since = since.map(|since| crate::http_date::to_text(since.as_secs()));
        let referer = std::env::var("HTTP_REFERER").ok();
        let fields = [
            ("User-Agent", Some(self.name.as_str())),
            ("Range", range.as_deref()),
            ("If-Modified-Since", since.as_deref()),
            ("If-None-Match", want.etag.as_deref()),
            ("Cache-Control", self.options.refresh.then_some("no-cache")),
            ("Referer", referer.as_deref()),
            ("Authorization", credentials.as_deref()),
        ];
        let fields = fields.map(|(name, value)| value.map(|value| (name, value)));
        let fields: Vec<_> = fields.into_iter().flatten().collect();
        let asked = self.connections.ask(&address, secure, &fields);
        asked.map_err(|Refusal { reason, kind }| {
            use std::io::ErrorKind::{ConnectionRefused, InvalidData, Other};
            // That nobody is there, who it is, and what it says, stays so.
            let again = !matches!(kind, ConnectionRefused | InvalidData | Other);
            fault(reason, again)
        })
    }
}
