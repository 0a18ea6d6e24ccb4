//! What services say by sd_notify(3).

use super::manager::Manager;
use super::options::Level;
use super::poll::{Interest, Token};
use crate::engine::{Id, Target};
use crate::notify::{self, Message};
use crate::text::{Errno as Words, Show};
use rustix::io::Errno;

/// The socket of the system's manager; another daemon's has an abstract name of its own.
const SYSTEM: &[u8] = b"/run/dinit-notify";

/// A datagram is no longer; what is over is dropped.
const LONGEST: usize = 4096;

impl Manager {
    /// Opens the socket, once.
    pub(super) fn open_notify(&mut self) -> Result<(), Errno> {
        if self.notify.is_some() {
            return Ok(());
        }
        let path = if self.options.manager {
            SYSTEM.to_vec()
        } else {
            format!("@dinit-notify-{}", std::process::id()).into_bytes()
        };
        let socket = notify::open(&path)?;
        self.poll.add(&socket, Token::Notify, Interest::Read)?;
        self.notify = Some(socket);
        self.notify_path = path;
        Ok(())
    }

    /// Takes what has come.
    pub(super) fn read_notify(&mut self) {
        let mut room = [0; LONGEST];
        // As many as one round may take; more are seen in the next.
        for _ in 0..64 {
            let Some(socket) = &self.notify else { return };
            match notify::receive(socket, &mut room) {
                Ok(Some((pid, length))) => self.take_message(pid, &Message::parse(&room[..length])),
                Ok(None) => return,
                Err(error) => {
                    let error = Words(error.raw_os_error());
                    return self.log.say(
                        Level::Warn,
                        format_args!("the notification socket: {error}"),
                    );
                }
            }
        }
    }

    fn take_message(&mut self, pid: i32, message: &Message<'_>) {
        let main = |pid| {
            let found = self.children.get(&pid);
            found
                .filter(|found| found.1 == Target::Main)
                .map(|found| found.0)
        };
        // What strangers say is nothing to us.
        let Some(id) = notify::known_ancestor(pid, main) else {
            return;
        };
        if let Some(status) = message.status
            && let Some(unit) = self.unit_mut(id)
        {
            unit.run().status = Some(status.into());
        }
        if let Some(time) = message.extend_timeout {
            self.engine
                .extend_start(id, u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        }
        if let Some(errno) = message.errno {
            let name = Show(self.engine.name(id));
            self.log.say(
                Level::Error,
                format_args!("service {name} says: {}", Words(errno)),
            );
        }
        if message.ready && self.expects_notice(id) {
            self.engine.ready(id);
        }
    }

    fn expects_notice(&self, id: Id) -> bool {
        use crate::description::Ready;
        self.unit(id)
            .is_some_and(|unit| unit.description.extra().ready == Ready::SdNotify)
    }
}
