//! One step, done by the kernel.

use crate::address::Mac;
use crate::netlink::constants::{
    IFF_UP, IFLA_ADDRESS, IFLA_IFALIAS, IFLA_IFNAME, IFLA_MASTER, IFLA_MTU, NLM_F_CREATE,
    NLM_F_EXCL, NLM_F_REPLACE, RTM_DELADDR, RTM_DELLINK, RTM_DELNEIGH, RTM_DELROUTE, RTM_DELRULE,
    RTM_GETLINK, RTM_NEWADDR, RTM_NEWNEIGH, RTM_NEWROUTE, RTM_NEWRULE, RTM_SETLINK,
};
use crate::netlink::{Builder, Failure, Socket};
use crate::plan::{Action, Change};
use crate::state::link::{self, header};
use crate::state::{Address, Kind, OURS, State, features, sysctl, wireguard};
use rustix::io::Errno;

/// Does steps, and knows the links that there are meanwhile.
pub struct Performer<'s> {
    socket: &'s mut Socket,
    /// Names, indices and whether it is up.
    links: Vec<(String, u32, bool, bool)>,
}

type Done = Result<(), String>;

/// What a change does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Add,
    Replace,
    Remove,
}

/// What a change is about, and what it does with that; nothing of nothing.
fn how<T>(change: &Change<T>) -> Option<(&T, How)> {
    Some(match (&change.from, &change.to) {
        (None, Some(to)) => (to, How::Add),
        (Some(_), Some(to)) => (to, How::Replace),
        (Some(from), None) => (from, How::Remove),
        (None, None) => return None,
    })
}

impl<'s> Performer<'s> {
    pub fn new(socket: &'s mut Socket, state: &State) -> Self {
        let of = |link: &crate::state::Link| {
            let bond = matches!(link.kind, Kind::Bond(_));
            (link.name.clone(), link.index, link.is_up(), bond)
        };
        Self {
            socket,
            links: state.links.iter().map(of).collect(),
        }
    }

    fn index(&self, name: &str) -> Result<u32, String> {
        let found = self.links.iter().find(|(known, ..)| known == name);
        found
            .map(|(_, index, ..)| *index)
            .ok_or_else(|| format!("there is no link '{name}'"))
    }

    /// Whether the link that a step is about was there and is no more.
    pub fn vanished(&mut self, action: &Action) -> bool {
        let name = action.told().link;
        !name.is_empty() && self.index(&name).is_ok() && matches!(self.look_up(&name), Ok(None))
    }

    /// The index of a link, asked of the kernel.
    fn look_up(&mut self, name: &str) -> Result<Option<u32>, Failure> {
        let mut message = Builder::new(RTM_GETLINK, 0, &[0; 16]);
        message.text(IFLA_IFNAME, name);
        let mut index = None;
        let asked = self.socket.ask(message, &mut |answer| {
            let head = answer.split(16).map(|(head, _)| head);
            index = head.map(|head| u32::from_ne_bytes([head[4], head[5], head[6], head[7]]));
        });
        match asked {
            Ok(()) => Ok(index),
            Err(failure) if failure.errno == Errno::NODEV => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn set(&mut self, name: &str, flags: Option<bool>, write: &dyn Fn(&mut Builder)) -> Done {
        let index = self.index(name)?;
        let (flags, change) = match flags {
            Some(up) => (if up { IFF_UP } else { 0 }, IFF_UP),
            None => (0, 0),
        };
        let mut message = Builder::new(RTM_SETLINK, 0, &header(index, flags, change));
        write(&mut message);
        self.socket
            .request(message)
            .map_err(|failure| failure.to_string())?;
        if let (Some(up), Some(link)) = (
            (change != 0).then_some(flags != 0),
            self.links.iter_mut().find(|(known, ..)| known == name),
        ) {
            link.2 = up;
        }
        Ok(())
    }

    /// Does what can only be done while a link is down.
    fn while_down(&mut self, name: &str, write: &dyn Fn(&mut Builder)) -> Done {
        let up = self
            .links
            .iter()
            .any(|(known, _, up, _)| known == name && *up);
        if up {
            self.set(name, Some(false), &|_| {})?;
        }
        let done = self.set(name, None, write);
        if up {
            self.set(name, Some(true), &|_| {})?;
        }
        done
    }

    /// # Errors
    /// Why it could not be done, in words.
    pub fn perform(&mut self, action: &Action) -> Done {
        let said = |failure: Failure| failure.to_string();
        match action {
            Action::Link {
                name,
                kind,
                mac,
                mtu,
                make: true,
            } => self.make(name, kind, *mac, *mtu),
            Action::Link {
                name, make: false, ..
            } => {
                let index = self.index(name)?;
                let message = Builder::new(RTM_DELLINK, 0, &header(index, 0, 0));
                let done = self.socket.request(message);
                self.links.retain(|(known, ..)| known != name);
                match done {
                    // The other end of a pair, or a link on one that went, has gone with it.
                    Err(failure) if failure.errno == Errno::NODEV => Ok(()),
                    done => done.map_err(said),
                }
            }
            Action::Kind { link, to, .. } => {
                let index = self.index(link)?;
                self.socket
                    .request(link::change_kind(index, to))
                    .map_err(said)
            }
            Action::Mtu { link, to, .. } => self.set(link, None, &|message| {
                message.u32(IFLA_MTU, *to);
            }),
            Action::Mac { link, to, .. } => {
                let write = |message: &mut Builder| {
                    message.bytes(IFLA_ADDRESS, &to.0);
                };
                self.set(link, None, &write)
                    .or_else(|_| self.while_down(link, &write))
            }
            Action::Master { link, to, .. } => {
                let index = match to {
                    Some(to) => self.index(to)?,
                    None => 0,
                };
                let write = |message: &mut Builder| {
                    message.u32(IFLA_MASTER, index);
                };
                // A bond takes no link that is up.
                let bond = self
                    .links
                    .iter()
                    .any(|(_, known, _, bond)| *known == index && *bond);
                match bond {
                    true => self.while_down(link, &write),
                    false => self.set(link, None, &write),
                }
            }
            Action::Up { link, to, .. } => self.set(link, Some(*to), &|_| {}),
            Action::Sysctl { name, to, .. } => {
                sysctl::write(name, to).map_err(|error| common::reason(&error).to_string())
            }
            Action::Feature { link, name, to, .. } => {
                features::write(link, name, *to).map_err(said)
            }
            Action::Wireguard { link, from, to } => wireguard::write(link, from, to).map_err(said),
            Action::Address(change) => self.address(change),
            Action::Route(change) => {
                let Some((route, how)) = how(change) else {
                    return Ok(());
                };
                self.change(
                    how,
                    [RTM_NEWROUTE, RTM_DELROUTE],
                    route.link.as_deref(),
                    &|kind, flags, index| route.message(kind, flags, (index != 0).then_some(index)),
                )
            }
            Action::Rule(change) => {
                let Some((rule, how)) = how(change) else {
                    return Ok(());
                };
                self.change(how, [RTM_NEWRULE, RTM_DELRULE], None, &|kind, flags, _| {
                    rule.message(kind, flags)
                })
            }
            Action::Neighbour(change) => {
                let Some((neighbour, how)) = how(change) else {
                    return Ok(());
                };
                self.change(
                    how,
                    [RTM_NEWNEIGH, RTM_DELNEIGH],
                    Some(&neighbour.link),
                    &|kind, flags, index| neighbour.message(kind, flags, index),
                )
            }
        }
    }

    fn make(&mut self, name: &str, kind: &Kind, mac: Option<Mac>, mtu: u32) -> Done {
        let parent = match kind.parent() {
            Some(parent) => Some(self.index(parent)?),
            None => None,
        };
        let mut message = link::create(name, kind, parent, mac);
        if mtu != 0 {
            message.u32(IFLA_MTU, mtu);
        }
        let made = match self.socket.request(message) {
            // The module makes a first bond when it is loaded, which this request had the kernel do.
            Err(failure) if failure.errno == Errno::EXIST && matches!(kind, Kind::Bond(_)) => {
                match self.look_up(name).map_err(|failure| failure.to_string())? {
                    Some(index) => self.socket.request(link::change_kind(index, kind)),
                    None => Err(failure),
                }
            }
            made => made,
        };
        made.map_err(|failure| match failure.errno {
            Errno::OPNOTSUPP => format!(
                "{failure}; the kernel has no links of kind {}, not their module, or not what is asked of them",
                kind.word()
            ),
            _ => failure.to_string(),
        })?;
        let mut names = vec![name];
        if let Kind::Veth { peer } = kind {
            names.push(peer);
        }
        for name in names {
            let index = self.look_up(name).map_err(|failure| failure.to_string())?;
            let index = index.ok_or("it was made, and is gone")?;
            let bond = matches!(kind, Kind::Bond(_));
            self.links.push((name.to_owned(), index, false, bond));
            self.set(name, None, &|message| {
                message.text(IFLA_IFALIAS, OURS);
            })?;
        }
        Ok(())
    }

    fn address(&mut self, change: &Change<Address>) -> Done {
        if let (Some(from), None) = (&change.from, &change.to)
            && !from.prefix.is_v6()
        {
            // Else the other addresses of the network go with the first.
            let promote = sysctl::of_link(false, &from.link, "promote_secondaries");
            if sysctl::read(&promote).is_ok_and(|value| value == "0") {
                let _ = sysctl::write(&promote, "1");
            }
        }
        let Some((address, how)) = how(change) else {
            return Ok(());
        };
        self.change(
            how,
            [RTM_NEWADDR, RTM_DELADDR],
            Some(&address.link),
            &|kind, flags, index| address.message(kind, flags, index),
        )
    }

    /// Adds, replaces or removes what a message each does.
    fn change(
        &mut self,
        how: How,
        [new, delete]: [u16; 2],
        link: Option<&str>,
        message: &dyn Fn(u16, u16, u32) -> Builder,
    ) -> Done {
        let (kind, flags) = match how {
            How::Add => (new, NLM_F_CREATE | NLM_F_EXCL),
            How::Replace => (new, NLM_F_CREATE | NLM_F_REPLACE),
            How::Remove => (delete, 0),
        };
        let index = match link {
            Some(name) => self.index(name)?,
            None => 0,
        };
        match self.socket.request(message(kind, flags, index)) {
            // It went with something else, or came by itself meanwhile.
            Err(failure)
                if how == How::Remove
                    && matches!(
                        failure.errno,
                        Errno::SRCH | Errno::NOENT | Errno::ADDRNOTAVAIL
                    ) =>
            {
                Ok(())
            }
            Err(failure) if how == How::Add && failure.errno == Errno::EXIST => Ok(()),
            done => done.map_err(|failure| failure.to_string()),
        }
    }
}
