//! An engine from the bytes of `save`.
//!
//! The bytes come from this program, through memory that nobody else writes to; yet process 1 must not die of a
//! mistake in them. So all that the rest of the engine takes for granted is made sure of here, and counts, which could
//! contradict what they count, are counted again.

use super::record::{Flags, Link, LinkFlags, NONE, Phase, Record, Slot, StopPhase};
use super::save::{MAGIC, VERSION};
use super::{
    DependencyKind, Engine, Exit, LaunchError, OutOfMemory, Settings, Stage, State, StopReason,
    Time, Times,
};
use crate::description::{Kind, Options, Restart};

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

const STATES: [State; 4] = [
    State::Stopped,
    State::Starting,
    State::Started,
    State::Stopping,
];
const REASONS: [StopReason; 7] = [
    StopReason::Normal,
    StopReason::DependencyRestarted,
    StopReason::DependencyFailed,
    StopReason::Failed,
    StopReason::ExecFailed,
    StopReason::TimedOut,
    StopReason::Terminated,
];
const PHASES: [Phase; 10] = [
    Phase::None,
    Phase::Checking,
    Phase::AwaitingTrigger,
    Phase::Listening,
    Phase::Idle,
    Phase::Delayed,
    Phase::Launching,
    Phase::Alive,
    Phase::ReadingPid,
    Phase::Daemon,
];
const STOP_PHASES: [StopPhase; 3] = [StopPhase::None, StopPhase::Launching, StopPhase::Alive];
const STAGES: [Stage; 15] = [
    Stage::ArrangeFds,
    Stage::ReadEnvFile,
    Stage::SetNotifyFdVar,
    Stage::ActivationSocket,
    Stage::ControlSocket,
    Stage::Chdir,
    Stage::StdInOut,
    Stage::EnterCgroup,
    Stage::Limits,
    Stage::UserGroup,
    Stage::OpenLogFile,
    Stage::Capabilities,
    Stage::IoPriority,
    Stage::Sandbox,
    Stage::Exec,
];
const KINDS: [Kind; 6] = [
    Kind::Process,
    Kind::Bgprocess,
    Kind::Scripted,
    Kind::Internal,
    Kind::Triggered,
    Kind::Timer,
];
const RESTARTS: [Restart; 3] = [Restart::Always, Restart::OnFailure, Restart::Never];
const DEPENDENCIES: [DependencyKind; 6] = [
    DependencyKind::Need,
    DependencyKind::Milestone,
    DependencyKind::WaitsFor,
    DependencyKind::PreparedBy,
    DependencyKind::After,
    DependencyKind::Before,
];

/// Marks of work that is left; there is none in what is saved.
const WORK: Flags = Flags::P_REQUIRE
    .union(Flags::P_RELEASE)
    .union(Flags::P_FAILURE)
    .union(Flags::P_START)
    .union(Flags::P_STOP)
    .union(Flags::P_PIN)
    .union(Flags::IN_PROPAGATION)
    .union(Flags::IN_TRANSITION);

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let (head, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(RestoreError::Corrupt)?;
        self.0 = rest;
        Ok(*head)
    }

    fn word(&mut self) -> Result<u32, RestoreError> {
        self.array().map(u32::from_le_bytes)
    }

    fn words<const N: usize>(&mut self) -> Result<[u32; N], RestoreError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.word()?;
        }
        Ok(numbers)
    }

    fn longs<const N: usize>(&mut self) -> Result<[u64; N], RestoreError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.array().map(u64::from_le_bytes)?;
        }
        Ok(numbers)
    }

    fn settings(&mut self) -> Result<Settings, RestoreError> {
        let [
            kind,
            restart,
            smooth,
            command,
            stop_command,
            notifies,
            conditional,
            chains,
        ] = self.array()?;
        let [count, signal, options] = self.words()?;
        let [delay, interval, start, stop] = self.longs()?;
        Ok(Settings {
            kind: pick(&KINDS, kind)?,
            restart: pick(&RESTARTS, restart)?,
            smooth_recovery: smooth != 0,
            restart_delay: delay,
            restart_limit_interval: interval,
            restart_limit_count: count,
            start_timeout: start,
            stop_timeout: stop,
            term_signal: signal as i32,
            options: Options::from_bits(options).ok_or(RestoreError::Corrupt)?,
            has_command: command != 0,
            has_stop_command: stop_command != 0,
            notifies: notifies != 0,
            conditional: conditional != 0,
            chains: chains != 0,
        })
    }

    fn name(&mut self) -> Result<Box<[u8]>, RestoreError> {
        let length = self.word()? as usize;
        let (name, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(RestoreError::Corrupt)?;
        self.0 = rest;
        Ok(super::links::boxed(name)?)
    }

    /// The record and its deadline.
    fn record(&mut self) -> Result<(Record, Option<Time>), RestoreError> {
        let [slot] = self.array()?;
        if pick(&[Slot::Free, Slot::Named, Slot::Loaded], slot)? == Slot::Free {
            let mut record = Record::new(Box::default(), 0);
            record.slot = Slot::Free;
            record.next = self.word()?;
            return Ok((record, None));
        }
        let name = self.name()?;
        let hash = crate::hash::hash(&name);
        let mut record = Record::new(name, hash);
        record.slot = pick(&[Slot::Free, Slot::Named, Slot::Loaded], slot)?;
        let [
            state,
            target,
            reason,
            phase,
            stop_phase,
            failed,
            stage,
            timed,
        ] = self.array()?;
        record.state = pick(&STATES, state)?;
        record.target = pick(&STATES, target)?;
        record.reason = pick(&REASONS, reason)?;
        record.phase = pick(&PHASES, phase)?;
        record.stop_phase = pick(&STOP_PHASES, stop_phase)?;
        let [flags, required_by, waits, blocker] = self.words()?;
        record.flags = Flags::from_bits(flags).ok_or(RestoreError::Corrupt)?;
        (record.required_by, record.waits, record.blocker) = (required_by, waits, blocker);
        [
            record.first_out,
            record.last_out,
            record.first_in,
            record.last_in,
        ] = self.words()?;
        let [pid, stop_pid, errno, interval_count] = self.words()?;
        (record.pid, record.stop_pid) = (pid as i32, stop_pid as i32);
        record.interval_count = interval_count;
        if failed != 0 {
            let stage = STAGES.iter().find(|known| **known as u8 == stage);
            record.launch_error = Some(LaunchError {
                stage: *stage.ok_or(RestoreError::Corrupt)?,
                errno: errno as i32,
            });
        }
        let [code, status] = self.words()?;
        record.exit = Exit {
            code: code as i32,
            status: status as i32,
        };
        record.settings = self.settings()?;
        let times = self.longs()?.map(Time);
        let [
            last_launch,
            interval_start,
            requested,
            launched,
            started,
            stopped,
            deadline,
        ] = times;
        (record.last_launch, record.interval_start) = (last_launch, interval_start);
        record.times = Times {
            requested,
            launched,
            started,
            stopped,
        };
        Ok((record, (timed != 0).then_some(deadline)))
    }

    fn link(&mut self) -> Result<Link, RestoreError> {
        let [from, to, next_out, previous_out, next_in, previous_in] = self.words()?;
        let [kind, flags] = self.array()?;
        Ok(Link {
            from,
            to,
            next_out,
            previous_out,
            next_in,
            previous_in,
            kind: pick(&DEPENDENCIES, kind)?,
            flags: LinkFlags::from_bits(flags).ok_or(RestoreError::Corrupt)?,
        })
    }
}

/// What a number stands for, in a list of what there is.
fn pick<T: Copy>(all: &[T], number: u8) -> Result<T, RestoreError> {
    all.get(number as usize)
        .copied()
        .ok_or(RestoreError::Corrupt)
}

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
