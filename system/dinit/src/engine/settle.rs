//! Going on until nothing moves.

use super::record::{Flags, Phase};
use super::{Effect, Engine, Event, Id, State, StopReason, Time};

impl Engine {
    /// Carries out what was ordered and what happened since the last time, in that order, then what is due at `now`.
    ///
    /// If there is no memory for the effects it ends early; `next_deadline` is then in the past, and it goes on when
    /// it is called again after the effects were taken.
    pub fn settle(&mut self, now: Time) {
        self.now = self.now.max(now);
        while self.step(true) {}
    }

    /// The earliest time at which `settle` has something to do by itself.
    pub fn next_deadline(&self) -> Option<Time> {
        if self.has_work() {
            return Some(Time(0));
        }
        self.timers.first().map(|(deadline, _)| deadline)
    }

    /// The next effect. Taken one by one so that nothing is lost when carrying one out brings new ones about.
    pub fn pop_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// The effects so far.
    pub fn effects(&mut self) -> impl Iterator<Item = Effect> + '_ {
        std::iter::from_fn(|| self.pop_effect())
    }

    /// How many effects a single step may have. It tells each neighbour at most to stop (a signal, an event, a note).
    pub(super) fn effects_of_a_step(records: usize) -> usize {
        4 * records + 16
    }

    fn has_work(&self) -> bool {
        !self.inbox.is_empty() || !self.propagation.is_empty() || !self.transition.is_empty()
    }

    /// Does what is pending, at the time of the last `settle`.
    pub(super) fn work(&mut self) {
        while self.step(false) {}
    }

    /// The next thing that is to be done, with timers or without. False: there is none, or no room for its effects.
    pub(super) fn step(&mut self, timers: bool) -> bool {
        let needed = Self::effects_of_a_step(self.records.len());
        if self.effects.room() < needed && self.effects.reserve(needed).is_err() {
            return false;
        }
        if let Some(index) = self.propagation.pop() {
            self.clear(index, Flags::IN_PROPAGATION);
            self.propagate(index);
        } else if let Some(index) = self.transition.pop() {
            self.clear(index, Flags::IN_TRANSITION);
            self.transit(index);
        } else if let Some((id, input)) = self.inbox.pop() {
            self.take(id, input);
        } else if let Some((deadline, index)) = self.timers.first()
            && timers
            && deadline <= self.now
        {
            self.timers.cancel(index);
            self.expired(index);
        } else {
            return false;
        }
        true
    }

    pub(super) fn queue_propagation(&mut self, index: u32, what: Flags) {
        let queued = self.has(index, Flags::IN_PROPAGATION);
        self.set(index, what | Flags::IN_PROPAGATION);
        if !queued {
            self.propagation.push(index);
        }
    }

    pub(super) fn queue_transition(&mut self, index: u32) {
        if !self.has(index, Flags::IN_TRANSITION) {
            self.set(index, Flags::IN_TRANSITION);
            self.transition.push(index);
        }
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        let pushed = self.effects.push(effect);
        debug_assert!(pushed, "room is made before every step");
    }

    pub(super) fn emit_event(&mut self, index: u32, event: Event) {
        self.emit(Effect::Event(Id(index), event));
    }

    pub(super) fn set_state(&mut self, index: u32, state: State) {
        let old = std::mem::replace(&mut self.at_mut(index).state, state);
        match (old == State::Stopped, state == State::Stopped) {
            (true, false) => self.active += 1,
            (false, true) => self.active -= 1,
            _ => {}
        }
    }

    /// Removes the mark and says whether it was there.
    pub(super) fn take_flag(&mut self, index: u32, flag: Flags) -> bool {
        let there = self.has(index, flag);
        self.clear(index, flag);
        there
    }

    /// Tells the neighbours what was marked. Counts of who needs whom are right, for all services, once no mark is
    /// left: only then does any service take a step that cannot be taken back.
    fn propagate(&mut self, index: u32) {
        if self.take_flag(index, Flags::P_REQUIRE) {
            self.require_dependencies(index);
        }
        if self.take_flag(index, Flags::P_RELEASE) {
            self.release_dependencies(index);
        }
        if self.take_flag(index, Flags::P_FAILURE) {
            self.dependency_failed(index);
        }
        if self.take_flag(index, Flags::P_START) && self.at(index).required_by > 0 {
            self.begin_start(index);
        }
        if self.take_flag(index, Flags::P_STOP) {
            let restart = self.has(index, Flags::USER_RESTART);
            self.begin_stop(index, restart);
        }
        if self.take_flag(index, Flags::P_PIN) {
            self.propagate_pin(index);
        }
    }

    /// Takes the step that the service was waiting for, if it still is and nothing is in its way.
    fn transit(&mut self, index: u32) {
        match self.at(index).state {
            State::Starting => self.go_on_starting(index),
            State::Stopping => self.go_on_stopping(index),
            State::Stopped | State::Started => {}
        }
    }

    /// A hard dependency did not start.
    fn dependency_failed(&mut self, index: u32) {
        let record = self.at(index);
        match record.state {
            State::Starting
                if record.flags.contains(Flags::WAITING)
                    && !record.flags.contains(Flags::UP)
                    && record.phase == Phase::None =>
            {
                self.at_mut(index).reason = StopReason::DependencyFailed;
                self.failed_to_start(index, true);
            }
            State::Stopped => {}
            // What runs already has to be stopped in its proper way.
            _ => {
                self.at_mut(index).reason = StopReason::DependencyFailed;
                self.stop_for_good(index);
            }
        }
    }
}
