//! What the bytes of `save` say, piece by piece; whether the pieces fit is not asked here.

use super::super::record::{Flags, Link, LinkFlags, Phase, Record, Slot, StopPhase};
use super::super::{
    DependencyKind, Exit, LaunchError, Settings, Stage, State, StopReason, Time, Times, links,
};
use super::RestoreError;
use crate::description::{Kind, Options, Restart};
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

/// The bytes that are left.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let (head, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(RestoreError::Corrupt)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn word(&mut self) -> Result<u32, RestoreError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn words<const N: usize>(&mut self) -> Result<[u32; N], RestoreError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.word()?;
        }
        Ok(numbers)
    }

    pub(super) fn longs<const N: usize>(&mut self) -> Result<[u64; N], RestoreError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.array().map(u64::from_le_bytes)?;
        }
        Ok(numbers)
    }

    pub(super) fn settings(&mut self) -> Result<Settings, RestoreError> {
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

    pub(super) fn name(&mut self) -> Result<Box<[u8]>, RestoreError> {
        let length = self.word()? as usize;
        let (name, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(RestoreError::Corrupt)?;
        self.0 = rest;
        Ok(links::boxed(name)?)
    }

    /// The record and its deadline.
    pub(super) fn record(&mut self) -> Result<(Record, Option<Time>), RestoreError> {
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

    pub(super) fn link(&mut self) -> Result<Link, RestoreError> {
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
