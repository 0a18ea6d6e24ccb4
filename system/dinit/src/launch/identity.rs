//! Who the process is and what it may do: user, groups and capabilities (credentials(7), capabilities(7)). Runs in the
//! child, see `child`.

use super::prepare::Job;
use crate::description::{Options, User};
use crate::engine::Stage;
use rustix::io::Errno;
use rustix::thread::{self, CapabilitiesSecureBits, CapabilitySet, CapabilitySets, Gid, Uid};

impl Job<'_> {
    pub fn change_identity(&mut self) -> Result<(), Errno> {
        self.stage = Stage::Capabilities;
        // While it may still do so: the user may not.
        self.bound()?;
        let granted = self.extra.capabilities.is_some() || self.extra.securebits != 0;
        if let Some(user) = &self.extra.run_as {
            self.stage = Stage::UserGroup;
            if granted {
                thread::set_keep_capabilities(true)?;
            }
            self.change_user(user)?;
        }
        self.stage = Stage::Capabilities;
        if granted {
            self.grant()?;
        }
        let wanted = self.options.contains(Options::NO_NEW_PRIVS);
        if wanted || self.sandbox.implies_no_new_privs() {
            thread::set_no_new_privs(true)?;
        }
        Ok(())
    }

    /// Drops from the bounding set what is blocked, and what is not in the set asked for.
    fn bound(&self) -> Result<(), Errno> {
        let blocked = self.extra.capabilities.map_or(0, |sets| sets.blocked);
        let kept = self.extra.sandbox.bounding.unwrap_or(u64::MAX);
        for bit in 0..64 {
            let capability = 1 << bit;
            if (blocked | !kept) & capability == 0 {
                continue;
            }
            let set = CapabilitySet::from_bits_retain(capability);
            match thread::remove_capability_from_bounding_set(set) {
                // There are no more of them.
                Err(Errno::INVAL) => break,
                done => done?,
            }
        }
        Ok(())
    }

    /// Groups first, as the user may not change them. By number: the group stays.
    fn change_user(&self, user: &User) -> Result<(), Errno> {
        thread::set_thread_groups(&self.groups)?;
        if let Some(gid) = user.gid {
            let gid = Gid::from_raw(gid);
            thread::set_thread_res_gid(gid, gid, gid)?;
        }
        let uid = Uid::from_raw(user.uid);
        thread::set_thread_res_uid(uid, uid, uid)
    }

    /// Inheritable and ambient sets and securebits, with what may be permitted made effective for the time of it.
    fn grant(&self) -> Result<(), Errno> {
        let before = thread::capabilities(None)?;
        let sets = self.extra.capabilities.unwrap_or_default();
        let inheritable = match self.extra.capabilities {
            Some(_) => CapabilitySet::from_bits_retain(sets.inheritable | sets.ambient),
            None => before.inheritable,
        };
        let mut now = CapabilitySets {
            effective: before.permitted,
            permitted: before.permitted,
            inheritable,
        };
        thread::set_capabilities(None, now)?;
        if self.extra.capabilities.is_some() {
            thread::clear_ambient_capability_set()?;
            for bit in 0..64 {
                let set = CapabilitySet::from_bits_retain(sets.ambient & (1 << bit));
                if !set.is_empty() {
                    thread::configure_capability_in_ambient_set(set, true)?;
                }
            }
        }
        if self.extra.securebits != 0 {
            let bits = CapabilitiesSecureBits::from_bits_retain(self.extra.securebits);
            thread::set_capabilities_secure_bits(bits)?;
        }
        // What is effective is also what the command's file is opened with.
        now.effective = before.effective;
        thread::set_capabilities(None, now)
    }
}
