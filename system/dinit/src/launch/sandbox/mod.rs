//! What a service may still see and do, beyond what dinit has (all of it extensions): a mount namespace with paths made
//! read-only or inaccessible and its own /tmp, Landlock, and a filter of system calls. Prepared by the parent, carried
//! out in the child (see `child`).

mod landlock;
mod mounts;
pub mod seccomp;

use super::prepare::Job;
use super::strings::Strings;
use crate::description::{Options, Sandbox};
use crate::engine::Stage;
use landlock::Rules;
use mounts::Mounts;
use rustix::io::Errno;
use seccomp::Filter;
use std::os::fd::{IntoRawFd, RawFd};

/// What the description asks for. Nothing for most.
#[derive(Default)]
pub struct Prepared {
    mounts: Option<Mounts>,
    rules: Option<Rules>,
    filter: Option<Filter>,
    /// Made while the child still has every right. A number of the child: the parent, on whose memory this is, must not
    /// close it.
    ruleset: Option<RawFd>,
}

impl Prepared {
    pub fn of(options: Options, sandbox: &Sandbox, strings: &mut Strings) -> Result<Self, Errno> {
        let filter = sandbox.seccomp.as_deref().map(Filter::allowing);
        Ok(Self {
            mounts: Mounts::of(options, sandbox, strings)?,
            rules: Rules::of(sandbox, strings)?,
            filter: filter.transpose()?,
            ruleset: None,
        })
    }

    /// Whether a program with more rights than the service (set-user-id) would be run under restrictions that it does not
    /// expect. So these imply `no-new-privs`; the kernel insists on it, too, but for root.
    pub fn implies_no_new_privs(&self) -> bool {
        self.rules.is_some() || self.filter.is_some()
    }
}

impl Job<'_> {
    /// Child, as the daemon's user: mounts, and the Landlock ruleset.
    pub fn hide_files(&mut self) -> Result<(), Errno> {
        if let Some(mounts) = &self.sandbox.mounts {
            self.stage = Stage::Sandbox;
            mounts.make(&self.strings)?;
            // The folder that it is in may be hidden now, or of a mount that is still writable.
            self.stage = Stage::Chdir;
            self.enter_folder()?;
        }
        if let Some(rules) = &self.sandbox.rules {
            self.stage = Stage::Sandbox;
            self.sandbox.ruleset = Some(rules.make(&self.strings)?.into_raw_fd());
        }
        Ok(())
    }

    /// Child, last before the program: Landlock and the filter.
    pub fn restrict(&mut self) -> Result<(), Errno> {
        self.stage = Stage::Sandbox;
        if let Some(ruleset) = self.sandbox.ruleset {
            landlock::restrict(ruleset)?;
        }
        match &self.sandbox.filter {
            Some(filter) => filter.set(),
            None => Ok(()),
        }
    }
}
