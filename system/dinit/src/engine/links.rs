//! Records and links: making, finding, joining and removing them, and the marks on them.

use super::record::{Flags, Link, LinkFlags, NONE, Record, Slot};
use super::{DependencyKind, Engine, Id, OutOfMemory, State, StopReason};
use crate::memory::Room;

impl Engine {
    pub(super) fn at(&self, index: u32) -> &Record {
        &self.records[index as usize]
    }

    pub(super) fn at_mut(&mut self, index: u32) -> &mut Record {
        &mut self.records[index as usize]
    }

    pub(super) fn has(&self, index: u32, flags: Flags) -> bool {
        self.at(index).flags.intersects(flags)
    }

    pub(super) fn set(&mut self, index: u32, flags: Flags) {
        self.at_mut(index).flags.insert(flags);
    }

    pub(super) fn clear(&mut self, index: u32, flags: Flags) {
        self.at_mut(index).flags.remove(flags);
    }

    /// The record of a loaded service; none for an `Id` that is not one, whoever made it up.
    pub(super) fn loaded(&self, id: Id) -> Option<u32> {
        let record = self.records.get(id.0 as usize)?;
        (record.slot == Slot::Loaded).then_some(id.0)
    }

    /// The link with this number; none at the end of a list.
    pub(super) fn link(&self, number: u32) -> Option<Link> {
        #[cfg(test)]
        self.steps.set(self.steps.get() + 1);
        self.links.get(number as usize).copied()
    }

    pub(super) fn named(&self, name: &[u8]) -> Option<u32> {
        self.names.find(crate::hash::hash(name), |index| {
            *self.at(index).name == *name
        })
    }

    /// Makes room for that many more records and links everywhere, so that what follows cannot fail for want of it.
    pub(super) fn reserve(&mut self, records: usize, links: usize) -> Result<(), OutOfMemory> {
        let total = self.records.len().saturating_add(records);
        if u32::try_from(total).is_err() || u32::try_from(self.links.len() + links).is_err() {
            return Err(OutOfMemory);
        }
        let more = |have: &Vec<u32>| total - have.len().min(total);
        let [one, other] = &mut self.search;
        self.records
            .room(records)
            .and_then(|()| self.links.room(links))
            .and_then(|()| self.propagation.room(more(&self.propagation)))
            .and_then(|()| self.transition.room(more(&self.transition)))
            .and_then(|()| one.room(more(one)))
            .and_then(|()| other.room(more(other)))
            .map_err(|_| OutOfMemory)?;
        self.timers.reserve(total)?;
        let all = &self.records;
        self.names
            .reserve(records, |index| all[index as usize].hash)?;
        self.inbox.reserve(4 * total + 64)?;
        self.effects.reserve(2 * Self::effects_of_a_step(total))
    }

    /// A new record of that name, of a service that is not loaded. `reserve` comes first.
    pub(super) fn make_record(&mut self, name: &[u8]) -> Result<u32, OutOfMemory> {
        let name = boxed(name)?;
        let hash = crate::hash::hash(&name);
        let record = Record::new(name, hash);
        let index = self.free_record;
        let index = if let Some(free) = self.records.get_mut(index as usize) {
            self.free_record = free.next;
            *free = record;
            index
        } else {
            self.records.push(record);
            (self.records.len() - 1) as u32
        };
        self.names.insert(hash, index);
        Ok(index)
    }

    /// Gives the record's place back if it is only a name that nobody mentions any more.
    pub(super) fn prune(&mut self, index: u32) {
        let record = self.at(index);
        if record.slot != Slot::Named || record.first_out != NONE || record.first_in != NONE {
            return;
        }
        let hash = record.hash;
        let all = &self.records;
        self.names
            .remove(hash, index, |index| all[index as usize].hash);
        let mut free = Record::new(Box::default(), 0);
        free.slot = Slot::Free;
        free.next = self.free_record;
        *self.at_mut(index) = free;
        self.free_record = index;
    }

    /// A new link, at the end of both lists. `reserve` comes first.
    pub(super) fn join(&mut self, from: u32, kind: DependencyKind, to: u32) -> u32 {
        let link = Link {
            from,
            to,
            next_out: NONE,
            previous_out: self.at(from).last_out,
            next_in: NONE,
            previous_in: self.at(to).last_in,
            kind,
            flags: LinkFlags::empty(),
        };
        let number = self.free_link;
        let number = if let Some(free) = self.links.get_mut(number as usize) {
            self.free_link = free.next_out;
            *free = link;
            number
        } else {
            self.links.push(link);
            (self.links.len() - 1) as u32
        };
        self.links_used += 1;
        match self.links.get_mut(link.previous_out as usize) {
            Some(previous) => previous.next_out = number,
            None => self.at_mut(from).first_out = number,
        }
        self.at_mut(from).last_out = number;
        match self.links.get_mut(link.previous_in as usize) {
            Some(previous) => previous.next_in = number,
            None => self.at_mut(to).first_in = number,
        }
        self.at_mut(to).last_in = number;
        number
    }

    /// Takes a link out, with all that depended on it: `to` is released, `from` no longer waits for it.
    pub(super) fn part(&mut self, number: u32) {
        let Some(link) = self.link(number) else {
            return;
        };
        self.clear_waiting(number);
        if self.at(link.to).blocker == number {
            self.at_mut(link.to).blocker = link.next_in;
            self.queue_transition(link.to);
        }
        match self.links.get_mut(link.previous_out as usize) {
            Some(previous) => previous.next_out = link.next_out,
            None => self.at_mut(link.from).first_out = link.next_out,
        }
        match self.links.get_mut(link.next_out as usize) {
            Some(next) => next.previous_out = link.previous_out,
            None => self.at_mut(link.from).last_out = link.previous_out,
        }
        match self.links.get_mut(link.previous_in as usize) {
            Some(previous) => previous.next_in = link.next_in,
            None => self.at_mut(link.to).first_in = link.next_in,
        }
        match self.links.get_mut(link.next_in as usize) {
            Some(next) => next.previous_in = link.previous_in,
            None => self.at_mut(link.to).last_in = link.previous_in,
        }
        if let Some(free) = self.links.get_mut(number as usize) {
            free.next_out = self.free_link;
            free.from = NONE;
            free.to = NONE;
            free.flags = LinkFlags::empty();
        }
        self.free_link = number;
        self.links_used -= 1;
        if link.needs() {
            self.reconsider_pin(link.to);
        }
        if link.holding() {
            self.let_go(link.to, false);
            if self.at(link.to).required_by == 0
                && self.is_up_or_starting(link.to)
                && !self.pinned_started(link.to)
            {
                self.at_mut(link.to).reason = StopReason::Normal;
                self.queue_propagation(link.to, Flags::P_STOP);
            }
        }
    }

    pub(super) fn mark(&mut self, number: u32, flags: LinkFlags, on: bool) {
        if let Some(link) = self.links.get_mut(number as usize) {
            link.flags.set(flags, on);
        }
    }

    pub(super) fn set_waiting(&mut self, number: u32) {
        if let Some(link) = self.links.get_mut(number as usize)
            && !link.waiting()
        {
            link.flags.insert(LinkFlags::WAITING);
            let from = link.from;
            self.at_mut(from).waits += 1;
        }
    }

    /// The last one lets the service go on with its start.
    pub(super) fn clear_waiting(&mut self, number: u32) {
        if let Some(link) = self.links.get_mut(number as usize)
            && link.waiting()
        {
            link.flags.remove(LinkFlags::WAITING);
            let from = link.from;
            let record = self.at_mut(from);
            record.waits -= 1;
            if record.waits == 0
                && record.state == State::Starting
                && record.flags.contains(Flags::WAITING)
            {
                self.queue_transition(from);
            }
        }
    }
}

/// A copy on the heap, or the news that there is no room for one.
pub(super) fn boxed(name: &[u8]) -> Result<Box<[u8]>, OutOfMemory> {
    let mut copy = Vec::new();
    copy.room_exact(name.len()).map_err(|_| OutOfMemory)?;
    copy.extend_from_slice(name);
    Ok(copy.into_boxed_slice())
}
