//! Listening to what neighbours tell of themselves, on links whose table asks for it.

use super::{Daemon, NEIGHBOURS, events};
use crate::configuration::table_of;
use crate::lldp::{self, Neighbours, News};
use crate::system;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::net::{RecvFlags, recv};

/// One link that is listened on.
pub struct Listener {
    pub name: String,
    pub index: u32,
    socket: OwnedFd,
    pub neighbours: Neighbours,
}

/// A socket for units of the link; the hardware is told that these groups are for us.
fn socket(index: u32) -> Option<OwnedFd> {
    let socket = system::packet_socket(index, lldp::PROTOCOL, &[]).ok()?;
    for group in lldp::GROUPS {
        system::join(&socket, index, group).ok()?;
    }
    Some(socket)
}

fn told(link: &str, news: &News) -> String {
    match news {
        News::Came(neighbour) => events::neighbour(link, None, Some(neighbour)),
        News::Went(neighbour) => events::neighbour(link, Some(neighbour), None),
    }
}

impl Daemon {
    /// Listens where that is asked for, and nowhere else. Who is at the other end of a link without carrier is not known.
    pub(super) fn listen(&mut self) {
        let (all, state) = (&self.all, &self.state);
        let asked = |name: &str| table_of(all, state, name).is_some_and(|table| table.lldp);
        let mut lines = String::new();
        self.listeners.retain_mut(|one| {
            let link = state
                .by_index(one.index)
                .filter(|link| link.name == one.name);
            let kept = link.is_some_and(|link| link.has_carrier() && asked(&link.name));
            if !kept {
                for news in one.neighbours.forget(u64::MAX) {
                    lines += &told(&one.name, &news);
                }
            }
            kept
        });
        for link in state
            .links
            .iter()
            .filter(|link| link.has_carrier() && link.hardware == 1)
        {
            if !asked(&link.name) || self.listeners.iter().any(|one| one.index == link.index) {
                continue;
            }
            let Some(socket) = socket(link.index) else {
                continue;
            };
            let data = epoll::EventData::new_u64(NEIGHBOURS << 32 | u64::from(link.index));
            if epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN).is_ok() {
                self.listeners.push(Listener {
                    name: link.name.clone(),
                    index: link.index,
                    socket,
                    neighbours: Neighbours::default(),
                });
            }
        }
        self.tell(&lines);
    }

    /// Reads what neighbours on a link told.
    pub(super) fn neighbours(&mut self, index: u32) {
        let now = system::now();
        let mut lines = String::new();
        let Some(one) = self.listeners.iter_mut().find(|one| one.index == index) else {
            return;
        };
        let mut buffer = [0u8; 1600];
        // So many at a time: others are to have their turn.
        for _ in 0..64 {
            let Ok((length, whole)) = recv(&one.socket, &mut buffer, RecvFlags::TRUNC) else {
                break;
            };
            if whole <= length
                && let Some(news) = one.neighbours.hear(&buffer[..length], now)
            {
                lines += &told(&one.name, &news);
            }
        }
        self.tell(&lines);
    }

    /// Forgets those who told nothing for too long.
    pub(super) fn forget_neighbours(&mut self, now: u64) {
        let mut lines = String::new();
        for one in &mut self.listeners {
            for news in one.neighbours.forget(now) {
                lines += &told(&one.name, &news);
            }
        }
        self.tell(&lines);
    }
}
