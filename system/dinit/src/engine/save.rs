//! The engine as bytes, for the process that takes over when process 1 executes itself again.
//!
//! Native numbers, little-endian; everything in the order in which `restore` reads it. The layout is this program's
//! own business: a version says whether the other side knows it.

use super::record::{Flags, Record, Slot};
use super::{Engine, Exit, Link, NONE, OutOfMemory, Settings};
use crate::memory::Room;

pub(super) const MAGIC: &[u8; 12] = b"dinit-engine";
pub(super) const VERSION: u32 = 1;

/// Why it cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveError {
    OutOfMemory,
    /// Something still moves: `settle` first, and take the effects.
    Busy,
}

impl From<OutOfMemory> for SaveError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        self.0.room(bytes.len()).map_err(|_| OutOfMemory)?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn small(&mut self, numbers: &[u8]) -> Result<(), OutOfMemory> {
        self.bytes(numbers)
    }

    fn words(&mut self, numbers: &[u32]) -> Result<(), OutOfMemory> {
        numbers
            .iter()
            .try_for_each(|number| self.bytes(&number.to_le_bytes()))
    }

    fn longs(&mut self, numbers: &[u64]) -> Result<(), OutOfMemory> {
        numbers
            .iter()
            .try_for_each(|number| self.bytes(&number.to_le_bytes()))
    }

    fn exit(&mut self, exit: Exit) -> Result<(), OutOfMemory> {
        self.words(&[exit.code as u32, exit.status as u32])
    }

    fn settings(&mut self, settings: &Settings) -> Result<(), OutOfMemory> {
        self.small(&[
            settings.kind as u8,
            settings.restart as u8,
            settings.smooth_recovery.into(),
            settings.has_command.into(),
            settings.has_stop_command.into(),
            settings.notifies.into(),
            settings.conditional.into(),
            settings.chains.into(),
        ])?;
        self.words(&[
            settings.restart_limit_count,
            settings.term_signal as u32,
            settings.options.bits(),
        ])?;
        self.longs(&[
            settings.restart_delay,
            settings.restart_limit_interval,
            settings.start_timeout,
            settings.stop_timeout,
        ])
    }

    fn record(&mut self, record: &Record, deadline: Option<u64>) -> Result<(), OutOfMemory> {
        self.small(&[record.slot as u8])?;
        if record.slot == Slot::Free {
            return self.words(&[record.next]);
        }
        self.words(&[record.name.len() as u32])?;
        self.bytes(&record.name)?;
        let error = record.launch_error;
        self.small(&[
            record.state as u8,
            record.target as u8,
            record.reason as u8,
            record.phase as u8,
            record.stop_phase as u8,
            error.is_some().into(),
            error.map_or(0, |error| error.stage as u8),
            deadline.is_some().into(),
        ])?;
        self.words(&[
            record.flags.bits(),
            record.required_by,
            record.waits,
            record.blocker,
            record.first_out,
            record.last_out,
            record.first_in,
            record.last_in,
            record.pid as u32,
            record.stop_pid as u32,
            error.map_or(0, |error| error.errno) as u32,
            record.interval_count,
        ])?;
        self.exit(record.exit)?;
        self.settings(&record.settings)?;
        self.longs(&[
            record.last_launch.0,
            record.interval_start.0,
            record.times.requested.0,
            record.times.launched.0,
            record.times.started.0,
            record.times.stopped.0,
            deadline.unwrap_or(0),
        ])
    }

    fn link(&mut self, link: &Link) -> Result<(), OutOfMemory> {
        self.words(&[
            link.from,
            link.to,
            link.next_out,
            link.previous_out,
            link.next_in,
            link.previous_in,
        ])?;
        self.small(&[link.kind as u8, link.flags.bits()])
    }
}

impl Engine {
    /// Appends all that it knows to `out`. On an error, `out` may hold a part of it.
    pub fn save(&self, out: &mut Vec<u8>) -> Result<(), SaveError> {
        let moves = self.records.iter().any(|record| {
            record
                .flags
                .intersects(Flags::IN_PROPAGATION | Flags::IN_TRANSITION)
        });
        if moves || !self.inbox.is_empty() || !self.effects.is_empty() {
            return Err(SaveError::Busy);
        }
        let mut writer = Writer(out);
        writer.bytes(MAGIC)?;
        writer.words(&[
            VERSION,
            self.records.len() as u32,
            self.links.len() as u32,
            self.loaded as u32,
            self.free_record,
            self.free_link,
            self.console.holder,
        ])?;
        writer.small(&[self.shutting_down.into()])?;
        writer.longs(&[self.now.0])?;
        for (index, record) in self.records.iter().enumerate() {
            let deadline = self.timers.get(index as u32).map(|time| time.0);
            writer.record(record, deadline)?;
        }
        for link in &self.links {
            writer.link(link)?;
        }
        for id in self.ids() {
            writer.words(&[id.0])?;
        }
        let mut index = self.console.first;
        while let Some(record) = self.records.get(index as usize) {
            writer.words(&[index])?;
            index = record.console_next;
        }
        Ok(writer.words(&[NONE])?)
    }
}
