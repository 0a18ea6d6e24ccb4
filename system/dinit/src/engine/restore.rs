//! An engine from the bytes of `save`.
//!
//! The bytes come from this program, through memory that nobody else writes to; yet process 1 must not die of a
//! mistake in them. So all that the rest of the engine takes for granted is made sure of here, and counts, which could
//! contradict what they count, are counted again.

mod reader;

use super::record::{Flags, LinkFlags, NONE, Record, Slot};
use super::save::{MAGIC, VERSION};
use super::{Engine, OutOfMemory, State, Time};
use reader::Reader;

/// Why there is no engine in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    OutOfMemory,
    /// Of another version, or nothing of ours at all.
    Unknown,
    /// They end too soon, or contradict themselves.
    Corrupt,
}

impl From<OutOfMemory> for RestoreError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// Marks of work that is left; there is none in what is saved.
const WORK: Flags = Flags::P_REQUIRE
    .union(Flags::P_RELEASE)
    .union(Flags::P_FAILURE)
    .union(Flags::P_START)
    .union(Flags::P_STOP)
    .union(Flags::P_PIN)
    .union(Flags::IN_PROPAGATION)
    .union(Flags::IN_TRANSITION);

fn ensure(holds: bool) -> Result<(), RestoreError> {
    if holds {
        Ok(())
    } else {
        Err(RestoreError::Corrupt)
    }
}

impl Engine {
    /// The engine whose `save` wrote the bytes.
    pub fn restore(bytes: &[u8]) -> Result<Self, RestoreError> {
        let mut reader = Reader(bytes);
        if reader.array() != Ok(*MAGIC) || reader.word() != Ok(VERSION) {
            return Err(RestoreError::Unknown);
        }
        let [records, links, loaded, free_record, free_link, holder] = reader.words()?;
        let [shutting_down] = reader.array()?;
        let [now] = reader.longs()?;
        // Each takes at least so many bytes: nothing is allocated for more than there can be.
        ensure(records as usize <= bytes.len() / 5 && links as usize <= bytes.len() / 26)?;
        let mut engine = Self::new();
        engine.reserve(records as usize, links as usize)?;
        engine.now = Time(now);
        engine.shutting_down = shutting_down != 0;
        engine.console.holder = holder;
        (engine.free_record, engine.free_link) = (free_record, free_link);
        for index in 0..records {
            let (record, deadline) = reader.record()?;
            engine.restore_record(index, record, deadline)?;
        }
        for _ in 0..links {
            let link = reader.link()?;
            engine.links.push(link);
        }
        engine.check_lists()?;
        engine.check_counts()?;
        engine.check_free()?;
        engine.check_order()?;
        for _ in 0..loaded {
            engine.append(reader.word()?)?;
        }
        let all = |record: &&Record| record.slot == Slot::Loaded;
        ensure(engine.records.iter().filter(all).count() == engine.loaded)?;
        engine.restore_console(&mut reader)?;
        ensure(reader.0.is_empty())?;
        Ok(engine)
    }

    fn restore_record(
        &mut self,
        index: u32,
        record: Record,
        deadline: Option<Time>,
    ) -> Result<(), RestoreError> {
        ensure(!record.flags.intersects(WORK))?;
        ensure(matches!(record.target, State::Started | State::Stopped))?;
        if record.slot != Slot::Loaded {
            ensure(record.state == State::Stopped && record.flags.is_empty())?;
        }
        if record.slot != Slot::Free {
            ensure(self.named(&record.name).is_none())?;
            self.names.insert(record.hash, index);
        }
        if record.state != State::Stopped {
            self.active += 1;
        }
        if let Some(deadline) = deadline {
            self.timers.set(index, deadline);
        }
        self.records.push(record);
        Ok(())
    }

    /// Every link is in the list of its `from` and in that of its `to`, and nothing else is.
    fn check_lists(&mut self) -> Result<(), RestoreError> {
        let mut outward = 0;
        let mut inward = 0;
        for (index, record) in self.records.iter().enumerate() {
            let index = index as u32;
            let (mut number, mut last) = (record.first_out, NONE);
            while let Some(link) = self.links.get(number as usize) {
                // What has one predecessor cannot be reached twice: this ends.
                ensure(link.from == index && link.previous_out == last)?;
                let to = self
                    .records
                    .get(link.to as usize)
                    .ok_or(RestoreError::Corrupt)?;
                let named = record.slot != Slot::Loaded || to.slot != Slot::Loaded;
                ensure(record.slot != Slot::Free && to.slot != Slot::Free)?;
                ensure(link.to != index && !link.flags.contains(LinkFlags::OLD))?;
                ensure(!link.only_orders() || !link.holding())?;
                ensure(!named || (link.only_orders() && !link.waiting()))?;
                outward += 1;
                (last, number) = (number, link.next_out);
            }
            ensure(number == NONE && last == record.last_out)?;
            let (mut number, mut last) = (record.first_in, NONE);
            while let Some(link) = self.links.get(number as usize) {
                ensure(link.to == index && link.previous_in == last)?;
                inward += 1;
                (last, number) = (number, link.next_in);
            }
            ensure(number == NONE && last == record.last_in)?;
            let blocker = self.links.get(record.blocker as usize);
            ensure(record.blocker == NONE || blocker.is_some_and(|link| link.to == index))?;
        }
        let used = self.links.iter().filter(|link| link.from != NONE).count();
        ensure(outward == used && inward == used)?;
        self.links_used = used;
        Ok(())
    }

    /// What counts links agrees with them.
    fn check_counts(&self) -> Result<(), RestoreError> {
        for record in &self.records {
            let mut waits = 0;
            let mut number = record.first_out;
            while let Some(link) = self.links.get(number as usize) {
                waits += u32::from(link.waiting());
                number = link.next_out;
            }
            let mut required_by = u32::from(record.flags.contains(Flags::EXPLICIT));
            let mut number = record.first_in;
            while let Some(link) = self.links.get(number as usize) {
                required_by += u32::from(link.holding());
                number = link.next_in;
            }
            ensure(waits == record.waits && required_by == record.required_by)?;
        }
        Ok(())
    }

    /// Free places are in the lists of free places, once each.
    fn check_free(&self) -> Result<(), RestoreError> {
        let free = |record: &&Record| record.slot == Slot::Free;
        let mut left = self.records.iter().filter(free).count();
        let mut index = self.free_record;
        while let Some(record) = self.records.get(index as usize) {
            ensure(record.slot == Slot::Free && left > 0)?;
            left -= 1;
            index = record.next;
        }
        ensure(index == NONE && left == 0)?;
        let mut left = self.links.len() - self.links_used;
        let mut number = self.free_link;
        while let Some(link) = self.links.get(number as usize) {
            ensure(link.from == NONE && left > 0)?;
            left -= 1;
            number = link.next_out;
        }
        ensure(number == NONE && left == 0)
    }

    /// No service waits for itself: else the engine might never come to rest. Takes away, again and again, those that
    /// wait for nothing (Kahn, Topological sorting of large networks).
    fn check_order(&mut self) -> Result<(), RestoreError> {
        let mut ready = std::mem::take(&mut self.search[0]);
        let mut left = self.records.len();
        for index in 0..self.records.len() as u32 {
            let mut before = 0;
            let mut number = self.at(index).first_out;
            while let Some(link) = self.link(number) {
                before += 1;
                number = link.next_out;
            }
            self.at_mut(index).marks[0] = before;
            if before == 0 {
                ready.push(index);
            }
        }
        while let Some(index) = ready.pop() {
            left -= 1;
            let mut number = self.at(index).first_in;
            while let Some(link) = self.link(number) {
                let before = &mut self.at_mut(link.from).marks[0];
                *before -= 1;
                if *before == 0 {
                    ready.push(link.from);
                }
                number = link.next_in;
            }
        }
        self.search[0] = ready;
        for record in &mut self.records {
            record.marks = [0; 2];
        }
        ensure(left == 0)
    }

    /// The next one in load order.
    fn append(&mut self, index: u32) -> Result<(), RestoreError> {
        let last = self.last;
        let record = self
            .records
            .get_mut(index as usize)
            .ok_or(RestoreError::Corrupt)?;
        // One that is in the list already has a neighbour, or is the only one.
        let there = record.previous != NONE || self.first == index;
        ensure(record.slot == Slot::Loaded && !there)?;
        record.previous = last;
        match last {
            NONE => self.first = index,
            last => self.at_mut(last).next = index,
        }
        self.last = index;
        self.loaded += 1;
        Ok(())
    }

    fn restore_console(&mut self, reader: &mut Reader<'_>) -> Result<(), RestoreError> {
        let holder = self.console.holder;
        let having = |record: &&Record| record.flags.contains(Flags::HAS_CONSOLE);
        let count = self.records.iter().filter(having).count();
        let right = match self.records.get(holder as usize) {
            Some(record) => count == 1 && record.flags.contains(Flags::HAS_CONSOLE),
            None => count == 0 && holder == NONE,
        };
        ensure(right)?;
        let waits = |record: &Record| {
            record.flags.contains(Flags::WAITING_CONSOLE)
                && !record.flags.contains(Flags::HAS_CONSOLE)
        };
        let mut left = self.records.iter().filter(|record| waits(record)).count();
        loop {
            let index = reader.word()?;
            if index == NONE {
                break;
            }
            let last = self.console.last;
            let record = self
                .records
                .get_mut(index as usize)
                .ok_or(RestoreError::Corrupt)?;
            let there = record.console_previous != NONE || self.console.first == index;
            ensure(waits(record) && !there && left > 0)?;
            left -= 1;
            record.console_previous = last;
            match last {
                NONE => self.console.first = index,
                last => self.at_mut(last).console_next = index,
            }
            self.console.last = index;
        }
        // Nobody waits for a console that nobody has.
        ensure(left == 0 && (self.console.first == NONE || holder != NONE))
    }
}
