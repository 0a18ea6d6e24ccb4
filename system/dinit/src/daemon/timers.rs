//! Extension: services of type `timer`, which start another service at their times.

use super::manager::{Manager, SECOND, now};
use super::options::Level;
use super::poll::{Interest, Token};
use crate::codec::{Codec, Reader, choice};
use crate::description::calendar::Minute;
use crate::description::{Kind, Timer};
use crate::engine::{Id, State};
use crate::text::Show;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// What is due when.
#[derive(Default)]
pub struct Timers {
    due: Vec<Due>,
    /// Tells when the clock is set, which moves every time of a calendar; opened with the first calendar.
    clock: Option<OwnedFd>,
}

/// CLOCK_MONOTONIC in nanoseconds, whose, and by which of its settings.
pub type Due = (u64, Id, Cause);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `timer-on-boot`, `timer-on-active`, and then `timer-every`.
    Interval,
    /// `timer-calendar`
    Calendar,
}

choice!(Cause { Interval, Calendar });

impl Codec for Id {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Codec::read(from).map(Self)
    }
}

impl Timers {
    pub fn save(&self) -> Vec<Due> {
        self.due.clone()
    }

    /// The earliest time.
    pub fn next(&self) -> Option<u64> {
        self.due.iter().map(|(at, ..)| *at).min()
    }

    /// The timer service no longer runs.
    pub fn remove(&mut self, id: Id) {
        self.due.retain(|(_, other, _)| *other != id);
    }
}

impl Manager {
    /// Takes over what [`Timers::save`] gave.
    pub(super) fn restore_timers(&mut self, due: Vec<Due>) {
        if due.iter().any(|(_, _, cause)| *cause == Cause::Calendar) {
            self.watch_clock();
        }
        self.timers.due = due;
    }

    /// A timer service has started: from now on it has times.
    pub(super) fn timer_started(&mut self, id: Id) {
        let Some(timer) = self.timer(id) else { return };
        let now = now();
        if let Some(delay) = timer.on_active {
            self.timers
                .due
                .push((now.saturating_add(nanos(delay)), id, Cause::Interval));
        }
        if let Some(delay) = timer.on_boot {
            // Boot time counts sleep too; what is past is not caught up on.
            let up = crate::clock::boottime();
            if let Some(rest) = nanos(delay).checked_sub(up) {
                self.timers
                    .due
                    .push((now.saturating_add(rest), id, Cause::Interval));
            } else if let Some(every) = timer.every {
                self.timers
                    .due
                    .push((now.saturating_add(nanos(every)), id, Cause::Interval));
            }
        }
        if timer.on_active.is_none()
            && timer.on_boot.is_none()
            && let Some(every) = timer.every
        {
            self.timers
                .due
                .push((now.saturating_add(nanos(every)), id, Cause::Interval));
        }
        if !timer.calendar.is_empty() {
            self.watch_clock();
            self.plan_calendar(id, &timer);
        }
    }

    fn timer(&self, id: Id) -> Option<Timer> {
        let unit = self
            .unit(id)
            .filter(|unit| unit.description.kind == Kind::Timer)?;
        unit.description.extra().timer.as_deref().cloned()
    }

    fn plan_calendar(&mut self, id: Id, timer: &Timer) {
        let wall = crate::clock::realtime();
        let second = (wall / SECOND) as i64;
        let next = timer.calendar.iter().filter_map(|calendar| {
            let minute = calendar.next_after(local(second)?)?;
            seconds(&minute).filter(|at| *at > second)
        });
        if let Some(at) = next.min() {
            let left = (at as u64 * SECOND).saturating_sub(wall);
            let due = now().saturating_add(left);
            self.timers.due.push((due, id, Cause::Calendar));
        }
    }

    /// Starts what is due.
    pub(super) fn fire_timers(&mut self, now: u64) {
        while let Some(place) = self.timers.due.iter().position(|(at, ..)| *at <= now) {
            let (at, id, cause) = self.timers.due.swap_remove(place);
            let Some(timer) = self.timer(id) else {
                continue;
            };
            match (cause, timer.every) {
                (Cause::Calendar, _) => self.plan_calendar(id, &timer),
                (Cause::Interval, Some(every)) => {
                    // From when it was due, so that it does not drift; what was slept through is not caught up on.
                    let next = at.saturating_add(nanos(every)).max(now);
                    self.timers.due.push((next, id, cause));
                }
                (Cause::Interval, None) => {}
            }
            self.start_for_timer(id, &timer.starts);
        }
    }

    fn start_for_timer(&mut self, timer: Id, name: &[u8]) {
        match self.load(name) {
            Ok(id) => {
                let scripted = self
                    .unit(id)
                    .is_some_and(|unit| unit.description.kind == Kind::Scripted);
                if scripted && self.engine.state(id) == State::Started {
                    self.engine.restart(id);
                } else {
                    self.engine.start(id);
                }
            }
            Err(error) => {
                let timer = Show(self.engine.name(timer));
                self.log.say(
                    Level::Error,
                    format_args!("service {timer}: timer-starts: {error}"),
                );
            }
        }
    }

    /// Has the kernel say when the clock is set (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
    fn watch_clock(&mut self) {
        if self.timers.clock.is_some() {
            return;
        }
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let Ok(clock) = timerfd_create(TimerfdClockId::Realtime, flags) else {
            return;
        };
        if arm(&clock) && self.poll.add(&clock, Token::Clock, Interest::Read).is_ok() {
            self.timers.clock = Some(clock);
        }
    }

    /// The clock was set: every calendar is reckoned anew.
    pub(super) fn clock_set(&mut self) {
        let Some(clock) = &self.timers.clock else {
            return;
        };
        let mut expirations = [0; 8];
        let _ = rustix::io::read(clock, &mut expirations);
        arm(clock);
        let ids: Vec<Id> = self
            .timers
            .due
            .iter()
            .filter(|due| due.2 == Cause::Calendar)
            .map(|due| due.1)
            .collect();
        self.timers.due.retain(|due| due.2 != Cause::Calendar);
        for id in ids {
            if let Some(timer) = self.timer(id) {
                self.plan_calendar(id, &timer);
            }
        }
    }
}

/// Sets it to a time that never comes.
fn arm(clock: &OwnedFd) -> bool {
    let never = Itimerspec {
        it_interval: Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        },
        it_value: Timespec {
            tv_sec: i64::MAX / SECOND as i64,
            tv_nsec: 0,
        },
    };
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    timerfd_settime(clock, flags, &never).is_ok()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Local time, by the C library's idea of the time zone (TZ, /etc/localtime).
fn local(seconds: i64) -> Option<Minute> {
    let mut time = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both point to what they should; the result is null or `time`.
    let time = unsafe {
        if libc::localtime_r(&seconds, time.as_mut_ptr()).is_null() {
            return None;
        }
        time.assume_init()
    };
    Some(Minute {
        year: time.tm_year + 1900,
        month: u8::try_from(time.tm_mon + 1).ok()?,
        day: u8::try_from(time.tm_mday).ok()?,
        hour: u8::try_from(time.tm_hour).ok()?,
        minute: u8::try_from(time.tm_min).ok()?,
    })
}

/// Seconds since 1970 of a local minute; one that a change of clocks leaves out is that much later.
fn seconds(minute: &Minute) -> Option<i64> {
    // SAFETY: all zeros is a time.
    let mut time: libc::tm = unsafe { std::mem::zeroed() };
    time.tm_year = minute.year - 1900;
    time.tm_mon = i32::from(minute.month) - 1;
    time.tm_mday = i32::from(minute.day);
    time.tm_hour = i32::from(minute.hour);
    time.tm_min = i32::from(minute.minute);
    time.tm_isdst = -1;
    // SAFETY: it is a whole `tm`.
    let seconds = unsafe { libc::mktime(&mut time) };
    (seconds != -1).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_minutes_and_seconds_agree() {
        for at in [0, 1_700_000_000, 1_795_000_020, 4_000_000_000] {
            let minute = local(at).unwrap();
            assert_eq!(seconds(&minute), Some(at - at % 60));
        }
    }
}
