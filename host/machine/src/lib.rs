//! The last stage: an image becomes a running system.
//!
//! A [`Spec`] says what the machine is made of, a [`Hypervisor`] how QEMU is started on this
//! computer. From the two:
//!
//! - [`run`] boots, logs in on the serial console, runs commands and powers off;
//! - [`interactive::run`] hands the terminal to the machine;
//! - [`measure::measure`] counts the guest's instructions up to events, the same to the last digit
//!   on each run; [`memory::smallest`] finds the memory a boot needs; [`report`] writes both down;
//! - [`uml::Uml`] starts the same kernel as a native process, with the same console.
//!
//! Below them: [`Machine`] is one running machine (its process and its [`console::Console`]),
//! [`login`] turns a console into a [`session::Session`], and [`qemu::arguments`] is the one place
//! that knows QEMU's command line. Whatever happens, dropping a [`Machine`] ends its whole process
//! group; and nothing waits without a limit ([`Limits`]).

pub mod console;
pub mod counter;
mod error;
pub mod guest;
pub mod hypervisor;
pub mod interactive;
pub mod kvm;
pub mod login;
mod machine;
pub mod measure;
pub mod memory;
pub mod qemu;
pub mod report;
pub mod session;
mod spec;
#[cfg(test)]
mod testing;
pub mod uml;

use std::time::Duration;

pub use error::{Error, Result, Tail};
pub use login::Credential;
pub use machine::Machine;
pub use session::{Outcome, Session};
pub use spec::{Accelerator, Board, DiskBus, Hypervisor, Limits, Marker, Network, Spec, Stop};

/// What [`run`] brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// One outcome for each command, in order.
    pub outcomes: Vec<Outcome>,
    /// The guest's memory as it said after login and [`Spec::settle`].
    pub memory: guest::Memory,
    /// The marks of its start, as it has them then.
    pub marks: Vec<guest::Mark>,
    /// From starting the machine to its login prompt.
    pub to_login: Duration,
    /// From starting the machine to its end.
    pub wall: Duration,
}

/// Boots a machine, logs in, runs each command, and powers off.
///
/// `each` is called after every command, so that its output can be shown while the next one runs.
/// A command that fails is an [`Outcome`] with its status, not an error; all commands are run.
///
/// # Errors
/// A machine that panics, hangs past a limit of `spec.limits`, ends early or refuses the login: the
/// error carries the last lines of its console, and the machine is gone when this returns.
pub fn run(
    hypervisor: &Hypervisor,
    spec: &Spec,
    credential: &Credential,
    commands: &[String],
    each: impl FnMut(&str, &Outcome),
) -> Result<Finished> {
    for command in commands {
        session::check(command)?;
    }
    run_on(
        Machine::start(hypervisor, spec)?,
        credential,
        commands,
        each,
    )
}

/// Does what [`run`] does on a machine that was just started, User Mode Linux for one.
///
/// # Errors
/// Those of [`run`].
pub fn run_on(
    mut machine: Machine,
    credential: &Credential,
    commands: &[String],
    mut each: impl FnMut(&str, &Outcome),
) -> Result<Finished> {
    let (limit, settle) = (machine.limits().boot, machine.settle());
    machine.expect("its login prompt", &[login::PROMPT], limit)?;
    let to_login = machine.age();
    let mut session = login::at_prompt(&mut machine, credential)?;
    if let Some(command) = settle {
        session.run(&command)?;
    }
    let memory = session.memory()?;
    let marks = session.marks()?;
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        let outcome = session.run(command)?;
        each(command, &outcome);
        outcomes.push(outcome);
    }
    session.power_off()?;
    Ok(Finished {
        outcomes,
        memory,
        marks,
        to_login,
        wall: machine.age(),
    })
}
