//! Opens indexes, those of remote repositories by way of the cache.

use super::Context;
use super::cache::Cache;
use crate::error::{Error, Result};
use crate::fetch::{Client, Got, Want};
use crate::index::{Index, IndexTrust};
use crate::repositories::Repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How an index was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It is of a local repository.
    Local,
    /// What the cache has is young enough, or nobody was to be asked.
    Cached,
    /// The server was asked: it is new, or it did not change.
    Refreshed,
    /// The server was asked in vain; what the cache has is old.
    Stale,
    /// There is none.
    Unavailable,
}

/// What came of one repository's index.
struct Opened {
    index: Option<Index>,
    freshness: Freshness,
    warning: Option<String>,
}

/// What indexes are opened with.
struct Opener<'a> {
    client: Option<&'a Client>,
    cache: &'a Cache,
    max_age: Duration,
    refresh: bool,
    trust: IndexTrust<'a>,
    arch: &'a str,
}

impl Context {
    /// Opens the indexes of all repositories. With a `client`, those in the cache that are too old are refreshed, all
    /// at once. What cannot be had is told in [`Context::warnings`] and [`Context::freshness`].
    pub fn load(&mut self, client: Option<&Client>) {
        let opener = Opener {
            client: client.filter(|_| self.settings.network),
            cache: &self.cache,
            max_age: self.settings.cache_max_age,
            refresh: self.settings.refresh,
            trust: match self.settings.allow_untrusted {
                true => IndexTrust::Anything,
                false => IndexTrust::Keys(&self.keys),
            },
            arch: &self.arches[0],
        };
        let list = &self.repositories.list;
        let opened: Vec<Opened> =
            if opener.client.is_some() && list.iter().any(Repository::is_remote) {
                std::thread::scope(|scope| {
                    let opener = &opener;
                    let threads: Vec<_> = list
                        .iter()
                        .map(|repository| scope.spawn(move || opener.open(repository)))
                        .collect();
                    threads
                        .into_iter()
                        .map(|thread| thread.join().unwrap_or_else(|_| nothing()))
                        .collect()
                })
            } else {
                list.iter()
                    .map(|repository| opener.open(repository))
                    .collect()
            };
        self.indexes.clear();
        self.freshness.clear();
        for one in opened {
            self.indexes.push(one.index);
            self.freshness.push(one.freshness);
            self.warnings.extend(one.warning);
        }
    }
}

fn nothing() -> Opened {
    Opened {
        index: None,
        freshness: Freshness::Unavailable,
        warning: Some("an index could not be opened".to_owned()),
    }
}

impl Opener<'_> {
    fn open(&self, repository: &Repository) -> Opened {
        let url = repository.index_url(self.arch);
        if !repository.is_remote() {
            let source = super::cache::local_path(&url);
            return self.opened(&source, &url, Freshness::Local, "opening", None);
        }
        let place = self.cache.cached_index(&url);
        let mark = self.cache.mark(&url);
        let Some(client) = self
            .client
            .filter(|_| self.refresh || self.is_old(&place, &mark))
        else {
            return self.opened(&place, &url, Freshness::Cached, "opening from cache", None);
        };
        match self.fetch(client, &url, &place, &mark) {
            Ok(Some(index)) => Opened {
                index: Some(index),
                freshness: Freshness::Refreshed,
                warning: None,
            },
            Ok(None) => self.opened(
                &place,
                &url,
                Freshness::Refreshed,
                "opening from cache",
                None,
            ),
            Err(error) => {
                let reason = match error {
                    Error::Fetch { url: own, reason } if own == url => reason,
                    other => other.to_string(),
                };
                let warning = format!("updating and opening {url}: {reason}");
                self.opened(&place, &url, Freshness::Stale, "", Some(warning))
            }
        }
    }

    /// An index that is there as a file; `said` was said already.
    fn opened(
        &self,
        source: &Path,
        url: &str,
        freshness: Freshness,
        doing: &str,
        said: Option<String>,
    ) -> Opened {
        match Index::load(source, &self.cache.compiled(url), self.trust) {
            Ok(index) => Opened {
                index: Some(index),
                freshness,
                warning: said,
            },
            Err(error) => Opened {
                index: None,
                freshness: match freshness {
                    Freshness::Local => Freshness::Local,
                    _ => Freshness::Unavailable,
                },
                warning: said.or_else(|| Some(format!("{doing} {url}: {}", plain(&error)))),
            },
        }
    }

    fn is_old(&self, place: &Path, mark: &Path) -> bool {
        let changed = |path: &Path| {
            fs::metadata(path)
                .and_then(|metadata| metadata.modified())
                .ok()
        };
        let Some(fetched) = changed(place) else {
            return true;
        };
        let checked = changed(mark).map_or(fetched, |checked| checked.max(fetched));
        SystemTime::now()
            .duration_since(checked)
            .is_ok_and(|age| age >= self.max_age)
    }

    /// Asks the server. None: what the cache has is what the server has. Nothing comes into the cache that is not
    /// verified.
    fn fetch(
        &self,
        client: &Client,
        url: &str,
        place: &Path,
        mark: &Path,
    ) -> Result<Option<Index>> {
        let kept = place.exists() && !self.refresh;
        let etag = fs::read_to_string(mark)
            .ok()
            .filter(|text| kept && !text.is_empty());
        let since = fs::metadata(place)
            .and_then(|metadata| metadata.modified())
            .ok();
        let want = Want {
            size: None,
            since: since.filter(|_| kept && etag.is_none()),
            etag,
        };
        let beside = beside(place);
        match client.get(url, &beside, &want, &|_| {})? {
            Got::Same => {
                touch(mark);
                Ok(None)
            }
            Got::New(etag) => {
                let index = Index::load(&beside, &self.cache.compiled(url), self.trust);
                if index.is_err() || !self.cache.is_enabled() {
                    let _ = fs::remove_file(&beside);
                    return index.map(Some);
                }
                fs::rename(&beside, place).map_err(Error::file(place))?;
                let _ = fs::write(mark, etag.unwrap_or_default());
                index.map(Some)
            }
        }
    }
}

fn beside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

/// Says that something was looked at now. If that fails, it will be looked at again.
fn touch(path: &Path) {
    let file = fs::File::options().append(true).create(true).open(path);
    if let Ok(file) = file {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// An error's reason in the words of the C library.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    text.split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned()
}
