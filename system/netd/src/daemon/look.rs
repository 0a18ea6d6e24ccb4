//! Looking at what there is, and giving each link what it is to have.

use super::changed::Changed;
use super::links::Managed;
use super::links6::{self, Managed6};
use super::{ARP, DHCP6, Daemon, PACKETS, control, events, log, names};
use crate::apply::{self, Manner, Report};
use crate::configuration::{Contribution, table_of};
use crate::error::Result;
use crate::netlink::constants::{NLM_F_CREATE, NLM_F_REPLACE, RTM_NEWADDR};
use crate::plan::Scope;
use crate::state::State;
use crate::system;
use rustix::event::epoll;

impl Daemon {
    /// Looks at what there is, tells of it, and does what a change of links asks for.
    pub(super) fn look(&mut self) {
        let now = system::now();
        let new = match State::read(&mut self.socket) {
            Ok(new) => new,
            Err(error) => {
                log(&error.to_string());
                self.looked = now;
                return;
            }
        };
        self.stale = false;
        let old = std::mem::replace(&mut self.state, new);
        if self
            .connections
            .iter()
            .any(|one| one.used == control::Use::Watching)
        {
            let lines = events::changes(&old, &self.state);
            self.tell(&lines);
        }
        // A link that came, was brought up, or has carrier again, is given what it is to have.
        let mut touched = Vec::new();
        for link in &self.state.links {
            let was = old.by_index(link.index).filter(|was| was.name == link.name);
            let rose = was.is_none_or(|was| !was.is_up()) && link.is_up();
            if rose || was.is_none() {
                self.risen.retain(|(name, _)| *name != link.name);
                self.risen.push((link.name.clone(), now));
            }
            let regained = was.is_some_and(|was| !was.has_carrier() || was.losses != link.losses);
            if was.is_none() || rose || regained && link.has_carrier() {
                touched.push(link.name.clone());
            }
        }
        let state = &self.state;
        self.risen.retain(|(name, _)| state.link(name).is_some());
        touched.extend(self.manage(now));
        self.listen();
        let first = old.links.is_empty();
        if !touched.is_empty() && !first && self.unconfirmed.is_none() {
            self.settle(&touched);
        }
        self.write_names();
        self.looked = system::now();
    }

    /// Has a client for each link whose table asks for one, and tells it of carrier. Returns the links whose addresses
    /// changed by that.
    pub(super) fn manage(&mut self, now: u64) -> Vec<String> {
        let (all, state) = (&self.all, &self.state);
        self.managed.retain(|one| {
            let there = state
                .by_index(one.index)
                .is_some_and(|link| link.name == one.name && link.mac == Some(one.mac));
            there && table_of(all, state, &one.name).is_some_and(|table| one.suits(table))
        });
        for link in state.links.iter().filter(|link| link.has_arp()) {
            if self.managed.iter().any(|one| one.index == link.index) {
                continue;
            }
            if let (Some(table), Some(mac)) = (table_of(all, state, &link.name), link.mac) {
                let has = |prefix| {
                    state
                        .addresses
                        .iter()
                        .any(|address| address.link == link.name && address.prefix == prefix)
                };
                let (name, kept) = (&link.name, &self.options.kept);
                self.managed
                    .extend(Managed::new(table, name, link.index, mac, kept, now, has));
            }
        }
        let mut wanted = Vec::new();
        for at in 0..self.managed.len() {
            let one = &mut self.managed[at];
            let Some(link) = self.state.by_index(one.index) else {
                continue;
            };
            let changed = one.look(link, now);
            self.changed(at, changed, &mut wanted);
        }
        self.manage6(now, &mut wanted);
        wanted
    }

    /// The same for IPv6.
    fn manage6(&mut self, now: u64, wanted: &mut Vec<String>) {
        let (all, state) = (&self.all, &self.state);
        let settings =
            |name: &str| table_of(all, state, name).and_then(|table| table.dhcp6.as_ref());
        self.managed6.retain(|one| {
            let there = state
                .by_index(one.index)
                .is_some_and(|link| link.name == one.name);
            there && settings(&one.name).is_some_and(|settings| one.suits(settings))
        });
        for link in &state.links {
            if self.managed6.iter().any(|one| one.index == link.index) {
                continue;
            }
            let kept = &self.options.kept;
            if let Some(settings) = settings(&link.name)
                && let Some(machine) = links6::machine(kept, state)
            {
                let one = Managed6::new(settings, link, &machine, kept, now, state);
                self.managed6.push(one);
            }
        }
        let taken = std::mem::take(&mut self.taken);
        for at in 0..self.managed6.len() {
            let one = &mut self.managed6[at];
            let Some(link) = self.state.by_index(one.index) else {
                continue;
            };
            let mut changed = one.look(link, &self.state, now);
            for (index, address) in &taken {
                if *index == one.index {
                    changed.add(one.taken(*address, now));
                }
            }
            self.changed6(at, changed, wanted);
        }
    }

    /// As [`Daemon::changed`].
    pub(super) fn changed6(&mut self, at: usize, changed: Changed, wanted: &mut Vec<String>) {
        let one = &self.managed6[at];
        if changed.sockets
            && let Some(socket) = one.socket()
        {
            let data = epoll::EventData::new_u64(DHCP6 << 32 | u64::from(one.index));
            // One that is waited for already is no matter.
            let _ = epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN);
        }
        if changed.wanted {
            wanted.extend(one.links(&self.all, &self.state));
            for wrong in one.too_small(&self.all, &self.state) {
                log(&wrong);
            }
        }
        if changed.renewed {
            let contributions = one.contributions(&self.all, &self.state, system::now());
            for contribution in &contributions {
                self.prolong(contribution);
            }
        }
        if changed.names {
            self.write_names();
        }
    }

    /// Waits for other sockets, and notes whose address is another.
    pub(super) fn changed(&mut self, at: usize, changed: Changed, wanted: &mut Vec<String>) {
        let managed = &self.managed[at];
        if changed.sockets {
            for (kind, socket) in [PACKETS, ARP].into_iter().zip(managed.sockets()) {
                let data = epoll::EventData::new_u64(kind << 32 | u64::from(managed.index));
                if let Some(socket) = socket {
                    // One that is waited for already is no matter.
                    let _ = epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN);
                }
            }
        }
        if changed.wanted {
            wanted.push(managed.name.clone());
        }
        if changed.renewed
            && let Some(lease) = managed.contribution(system::now())
        {
            self.prolong(&lease);
        }
    }

    /// Moves the kernel's end of addresses, however near it is.
    fn prolong(&mut self, lease: &Contribution) {
        let Some(link) = self.state.link(&lease.link) else {
            return;
        };
        for address in &lease.addresses {
            let message = address.message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, link.index);
            if let Err(failure) = self.socket.request(message) {
                log(&format!(
                    "{}: address {}: {failure}",
                    lease.link, address.prefix
                ));
            }
        }
    }

    pub(super) fn packet(&mut self, index: u32, kind: u64) {
        let now = system::now();
        let mut wanted = Vec::new();
        if kind == DHCP6 {
            if let Some(at) = self.managed6.iter().position(|one| one.index == index) {
                let changed = self.managed6[at].readable(now);
                self.changed6(at, changed, &mut wanted);
            }
        } else if let Some(at) = self.managed.iter().position(|one| one.index == index) {
            let changed = self.managed[at].readable(kind == ARP, now);
            self.changed(at, changed, &mut wanted);
        }
        self.settle(&wanted);
    }

    /// Gives links what they are to have now.
    pub(super) fn settle(&mut self, links: &[String]) {
        if links.is_empty() {
            return;
        }
        match self.perform(Some(links)) {
            Ok(report) if report.failed() => log(report.text().trim_end()),
            Ok(report) => {
                for step in &report.steps {
                    log(&step.action.told().to_string());
                }
            }
            Err(error) => log(&error.to_string()),
        }
        self.stale = true;
        // What was done is to be seen at once.
        self.looked = 0;
        self.write_names();
    }

    pub(super) fn leases(&self) -> Vec<Contribution> {
        let now = system::now();
        let four = self.managed.iter().filter_map(|one| one.contribution(now));
        let six = |one: &Managed6| one.contributions(&self.all, &self.state, now);
        four.chain(self.managed6.iter().flat_map(six)).collect()
    }

    pub(super) fn perform(&mut self, only: Option<&[String]>) -> Result<Report> {
        let leases = self.leases();
        let manner = Manner {
            scope: Scope::All,
            only,
            patient: true,
        };
        apply::apply(&mut self.socket, &self.all, &leases, manner).map(|(report, _)| report)
    }

    pub(super) fn names(&self) -> names::Names {
        let mut leases = self.leases();
        // Of links that a table is about, like all else.
        for link in &self.state.links {
            if table_of(&self.all, &self.state, &link.name).is_some() {
                leases.extend(self.router.contribution(link.index, &link.name));
            }
        }
        names::gather(&self.all, &self.state, &leases)
    }

    pub(super) fn write_names(&mut self) {
        let names = self.names();
        self.named |= names.known(&self.all);
        for wrong in names.write(&self.all, &self.options.resolv_conf, self.named) {
            log(&wrong);
        }
        if let Err(wrong) = super::time::write(&self.all.ntp, &self.leases()) {
            log(&wrong);
        }
    }
}
