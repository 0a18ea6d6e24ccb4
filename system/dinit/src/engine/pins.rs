//! Pins (dinitctl(8), `--pin`, `unpin`): a service that is pinned does not leave the state once it is in it. What is
//! pinned started keeps everything that it needs from stopping.

use super::record::Flags;
use super::{Engine, State};

impl Engine {
    pub(super) fn pin_start(&mut self, index: u32) {
        self.set(index, Flags::PINNED_STARTED);
        self.reconsider_needed(index);
    }

    pub(super) fn order_unpin(&mut self, index: u32) {
        self.clear(index, Flags::PINNED_STOPPED);
        if self.has(index, Flags::PINNED_STARTED) {
            self.drop_start_pin(index);
            if !self.pinned_started(index) {
                self.pin_lifted(index);
            }
        }
    }

    pub(super) fn drop_start_pin(&mut self, index: u32) {
        if self.take_flag(index, Flags::PINNED_STARTED) {
            self.reconsider_needed(index);
        }
    }

    /// Whether what it needs is held by a pin may have changed.
    fn reconsider_needed(&mut self, index: u32) {
        let mut number = self.at(index).first_out;
        while let Some(link) = self.link(number) {
            if link.needs() {
                self.reconsider_pin(link.to);
            }
            number = link.next_out;
        }
    }

    pub(super) fn reconsider_pin(&mut self, index: u32) {
        self.queue_propagation(index, Flags::P_PIN);
    }

    pub(super) fn propagate_pin(&mut self, index: u32) {
        let mut pinned = false;
        let mut number = self.at(index).first_in;
        while let Some(link) = self.link(number)
            && !pinned
        {
            pinned = link.needs() && self.pinned_started(link.from);
            number = link.next_in;
        }
        if pinned == self.has(index, Flags::DEPENDENT_PINNED) {
            return;
        }
        self.at_mut(index)
            .flags
            .set(Flags::DEPENDENT_PINNED, pinned);
        self.reconsider_needed(index);
        if !self.pinned_started(index) {
            self.pin_lifted(index);
        }
    }

    /// What the pin kept from happening happens now.
    fn pin_lifted(&mut self, index: u32) {
        if self.at(index).required_by == 0 {
            self.at_mut(index).target = State::Stopped;
            self.clear(index, Flags::P_REQUIRE | Flags::P_START);
            self.queue_propagation(index, Flags::P_RELEASE);
        }
        let must_stop =
            self.at(index).target == State::Stopped || self.has(index, Flags::FORCE_STOP);
        if must_stop {
            self.begin_stop(index, false);
        }
    }
}
