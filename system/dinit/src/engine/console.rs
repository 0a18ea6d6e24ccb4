//! The console: one service has it at a time, the others wait for it in the order in which they asked.

use super::record::{Flags, NONE};
use super::{Effect, Engine, Id};
use crate::description::Options;

#[derive(Debug)]
pub(super) struct Console {
    /// Who has it.
    pub holder: u32,
    /// Who waits for it, linked through the records.
    pub first: u32,
    pub last: u32,
}

impl Console {
    pub const fn new() -> Self {
        Self {
            holder: NONE,
            first: NONE,
            last: NONE,
        }
    }
}

impl Engine {
    pub(super) fn wants_console(&self, index: u32) -> bool {
        let options = self.at(index).settings.options;
        options.intersects(Options::STARTS_ON_CONSOLE | Options::RUNS_ON_CONSOLE)
    }

    pub(super) fn queue_for_console(&mut self, index: u32) {
        self.set(index, Flags::WAITING_CONSOLE);
        let last = self.console.last;
        self.at_mut(index).console_previous = last;
        self.at_mut(index).console_next = NONE;
        if last == NONE {
            self.console.first = index;
        } else {
            self.at_mut(last).console_next = index;
        }
        self.console.last = index;
        self.grant_console();
    }

    /// It no longer wants it.
    pub(super) fn unqueue_from_console(&mut self, index: u32) {
        if self.take_flag(index, Flags::WAITING_CONSOLE) && !self.has(index, Flags::HAS_CONSOLE) {
            self.leave_console_queue(index);
        }
    }

    fn leave_console_queue(&mut self, index: u32) {
        let record = self.at(index);
        let (previous, next) = (record.console_previous, record.console_next);
        if previous == NONE {
            self.console.first = next;
        } else {
            self.at_mut(previous).console_next = next;
        }
        if next == NONE {
            self.console.last = previous;
        } else {
            self.at_mut(next).console_previous = previous;
        }
    }

    /// Gives the console to the one that has waited longest, if it is free. That one goes on in a step of its own, for
    /// it may give the console back at once, and so on down the queue.
    pub(super) fn grant_console(&mut self) {
        let index = self.console.first;
        if self.console.holder != NONE || index == NONE {
            return;
        }
        self.leave_console_queue(index);
        self.console.holder = index;
        self.set(index, Flags::HAS_CONSOLE);
        self.emit(Effect::TakeConsole(Id(index)));
        self.queue_transition(index);
    }

    pub(super) fn release_console(&mut self, index: u32) {
        self.clear(index, Flags::HAS_CONSOLE);
        self.console.holder = NONE;
        if self.console.first == NONE {
            self.emit(Effect::ReleaseConsole(Id(index)));
        } else {
            self.grant_console();
        }
    }
}
