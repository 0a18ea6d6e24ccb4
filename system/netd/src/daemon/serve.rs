//! What those who connect to the daemon ask for.

use super::control::{Command, Connection, Use};
use super::{CONNECTION, Daemon, Demand, Unconfirmed, Verdict, events, log, online, status};
use crate::apply::{self, Manner};
use crate::configuration;
use crate::plan::Scope;
use crate::system;
use rustix::event::epoll;
use rustix::fd::OwnedFd;

impl Daemon {
    pub(super) fn accept(&mut self, listener: &OwnedFd) {
        while let Some(connection) = Connection::accept(listener, self.next_connection) {
            self.next_connection = self.next_connection.wrapping_add(1);
            let data = epoll::EventData::new_u64(CONNECTION << 32 | u64::from(connection.id));
            if epoll::add(&self.epoll, &connection, data, epoll::EventFlags::IN).is_ok() {
                self.connections.push(connection);
            }
        }
    }

    pub(super) fn connection(&mut self, id: u32) {
        let Some(at) = self.connections.iter().position(|one| one.id == id) else {
            return;
        };
        self.connections[at].write();
        match self.connections[at].read() {
            Err(_) => {
                self.connections.remove(at);
                return;
            }
            Ok(Some(line)) => self.command(at, &line),
            Ok(None) => {}
        }
        self.tidy();
    }

    /// Closes what is over, and waits for room where more is to be written.
    fn tidy(&mut self) {
        self.connections.retain(|one| !one.is_over());
        for one in &self.connections {
            let mut flags = epoll::EventFlags::IN;
            if one.has_more() {
                flags |= epoll::EventFlags::OUT;
            }
            let data = epoll::EventData::new_u64(CONNECTION << 32 | u64::from(one.id));
            let _ = epoll::modify(&self.epoll, one, data, flags);
        }
    }

    pub(super) fn tell(&mut self, lines: &str) {
        if lines.is_empty() {
            return;
        }
        for one in self
            .connections
            .iter_mut()
            .filter(|one| one.used == Use::Watching)
        {
            one.tell(lines);
        }
        self.tidy();
    }

    fn command(&mut self, at: usize, line: &str) {
        let Some(command) = Command::parse(line) else {
            self.connections[at].answer(2, "this netd knows no such command\n");
            return;
        };
        if command.changes() && !self.connections[at].may_change() {
            self.connections[at].answer(1, "only root may change the network\n");
            return;
        }
        let (status, text) = match command {
            Command::Status { json } => {
                let text = if json { status::json(self) } else { status::text(self) };
                (0, text)
            }
            Command::Plan { json } => self.plan(json),
            Command::Apply { json, confirm } => self.reload(confirm, json),
            Command::Confirm => match self.unconfirmed.take() {
                Some(_) => (0, "it stays\n".to_owned()),
                None => (1, "there is nothing to confirm: it was not asked for with --confirm, or the time is over and all went back\n".to_owned()),
            },
            Command::Rollback => match self.take_back() {
                true => (0, "all is as it was before\n".to_owned()),
                false => (1, "there is nothing to take back: what was applied was confirmed, or needed not be\n".to_owned()),
            },
            Command::Watch => {
                self.connections[at].used = Use::Watching;
                self.connections[at].tell("0\n");
                return;
            }
            Command::WaitOnline { timeout, demands } => {
                let until = system::now() + u64::from(timeout) * 1000;
                self.connections[at].used = Use::Waiting { until, demands };
                self.answer_waiting();
                return;
            }
        };
        self.connections[at].answer(status, &text);
    }

    fn plan(&mut self, json: bool) -> (u8, String) {
        let all = match configuration::read(&self.options.folder) {
            Ok(all) => all,
            Err(error) => return (1, format!("{error}\n")),
        };
        let leases = self.leases();
        let manner = Manner {
            scope: Scope::All,
            only: None,
            patient: false,
        };
        match apply::plan(&mut self.socket, &all, &leases, manner) {
            Ok(report) => {
                let text = if json { report.json() } else { report.text() };
                (u8::from(report.failed()), text)
            }
            Err(error) => (1, format!("{error}\n")),
        }
    }

    /// Reads the files anew and does what they say, to be confirmed in so many seconds, if not 0.
    pub(super) fn reload(&mut self, confirm: u32, json: bool) -> (u8, String) {
        if self.unconfirmed.is_some() {
            return (1, "what was applied before is not confirmed yet: 'netd confirm' or 'netd rollback' first\n".to_owned());
        }
        let all = match configuration::read(&self.options.folder) {
            Ok(all) => all,
            Err(error) => return (1, format!("{error}\n")),
        };
        let old = std::mem::replace(&mut self.all, all);
        let now = system::now();
        let mut moved = self.manage(now);
        moved.clear();
        let leases = self.leases();
        let manner = Manner {
            scope: Scope::All,
            only: None,
            patient: false,
        };
        let (mut report, before) = match apply::apply(&mut self.socket, &self.all, &leases, manner)
        {
            Ok(done) => done,
            Err(error) => {
                self.all = old;
                return (1, format!("{error}\n"));
            }
        };
        if report.failed() {
            self.all = old;
        } else if confirm > 0 {
            report.confirm = confirm;
            self.unconfirmed = Some(Unconfirmed {
                until: now + u64::from(confirm) * 1000,
                before,
                old,
            });
        }
        self.look();
        let text = if json { report.json() } else { report.text() };
        (u8::from(report.failed()), text)
    }

    /// Goes back to what was before what was not confirmed.
    pub(super) fn take_back(&mut self) -> bool {
        let Some(unconfirmed) = self.unconfirmed.take() else {
            return false;
        };
        self.all = unconfirmed.old;
        for left in apply::undo(&mut self.socket, &unconfirmed.before) {
            log(&format!("not put back: {left}"));
        }
        self.look();
        self.tell(&events::other("", "rollback", "all is as it was before"));
        true
    }

    /// Seconds in which what was applied must be confirmed.
    pub(super) fn to_confirm(&self) -> u64 {
        let left = self
            .unconfirmed
            .as_ref()
            .map(|one| one.until.saturating_sub(system::now()));
        left.map_or(0, |left| left.div_ceil(1000))
    }

    pub(super) fn verdict(&self, demands: &[Demand]) -> Verdict {
        let now = system::now();
        online::verdict(&self.all, &self.state, demands, |name, table| {
            let risen = self.risen.iter().find(|(risen, _)| risen == name);
            risen.is_some_and(|(_, at)| now < at + table.carrier_wait)
        })
    }

    /// When those who wait to be online are to be answered, whatever comes.
    pub(super) fn waits(&self) -> Vec<u64> {
        let mut times = Vec::new();
        for one in &self.connections {
            if let Use::Waiting { until, .. } = &one.used {
                times.push(*until);
                let now = system::now();
                // Carrier that has not come by then will not.
                for (name, at) in &self.risen {
                    let table = configuration::table_of(&self.all, &self.state, name);
                    times.extend(
                        table
                            .map(|table| at + table.carrier_wait)
                            .filter(|time| *time > now),
                    );
                }
            }
        }
        times
    }

    pub(super) fn answer_waiting(&mut self) {
        let now = system::now();
        for at in 0..self.connections.len() {
            let Use::Waiting { until, demands } = self.connections[at].used.clone() else {
                continue;
            };
            // What changed and was not looked at yet is looked at first.
            if self.stale && now < until {
                continue;
            }
            match self.verdict(&demands) {
                Verdict::Online => self.connections[at].answer(0, "online\n"),
                Verdict::Offline(why) => {
                    self.connections[at].answer(1, &format!("offline: {why}\n"))
                }
                Verdict::Waiting(what) if now >= until => {
                    self.connections[at].answer(1, &format!("not online in time: {what}\n"));
                }
                Verdict::Waiting(_) => {}
            }
        }
        self.tidy();
    }
}
