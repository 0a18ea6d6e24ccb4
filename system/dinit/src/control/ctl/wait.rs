//! Waiting until a service is started or stopped.

use super::Session;
use super::describe::StartFailure;
use crate::control::failure::Failure;
use crate::engine::Event;
use crate::protocol::Handle;
use crate::protocol::info::Info;
use crate::protocol::status::Status;
use crate::text::Show;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Started,
    Stopped,
}

impl Goal {
    pub fn state(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
        }
    }

    pub fn verb(self) -> &'static str {
        match self {
            Self::Started => "start",
            Self::Stopped => "stop",
        }
    }
}

/// How the waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Reached,
    Cancelled,
    Failed(Option<Status>),
}

/// What an event says about the goal, if anything.
pub fn outcome(info: &Info<'_>, handle: Handle, goal: Goal) -> Option<Outcome> {
    let Info::Service {
        handle: of,
        event,
        status,
        ..
    } = info
    else {
        return None;
    };
    if *of != handle {
        return None;
    }
    match (goal, event) {
        (Goal::Started, Event::Started) | (Goal::Stopped, Event::Stopped) => Some(Outcome::Reached),
        (Goal::Started, Event::StartCancelled) | (Goal::Stopped, Event::StopCancelled) => {
            Some(Outcome::Cancelled)
        }
        (Goal::Started, Event::FailedStart) => Some(Outcome::Failed(*status)),
        _ => None,
    }
}

impl Session {
    /// Waits, says what came of it, and gives the exit status.
    pub(super) fn wait(&mut self, handle: Handle, name: &[u8], goal: Goal) -> Result<i32, Failure> {
        loop {
            let info = self.client.info()?;
            if let Some(outcome) = outcome(&info, handle, goal) {
                return Ok(self.conclude(name, goal, outcome));
            }
        }
    }

    /// Says what came of it, and gives the exit status.
    pub(super) fn conclude(&self, name: &[u8], goal: Goal, outcome: Outcome) -> i32 {
        let name = Show(name);
        let output = self.output;
        match outcome {
            Outcome::Reached => {
                output.say(format_args!("Service '{name}' {}.\n", goal.state()));
                return 0;
            }
            Outcome::Cancelled => {
                output.say(format_args!(
                    "Service '{name}' {} cancelled.\n",
                    goal.verb()
                ));
            }
            Outcome::Failed(status) => {
                output.say(format_args!("Service '{name}' failed to start.\n"));
                if let Some(status) = status {
                    output.say(format_args!("{}", StartFailure(&status)));
                }
            }
        }
        1
    }
}
