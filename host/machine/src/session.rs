//! A logged-in shell on a machine's console: commands in, their output and status out.
//!
//! The shell reads from a terminal, which sets what can be sent: a line of at most 4095 bytes
//! (`N_TTY_BUF_SIZE`, termios(3)), and no control characters.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::guest;
use crate::login::token;
use crate::machine::Machine;

/// Bytes of a line that a terminal takes in canonical mode, without its newline.
const LINE: usize = 4094;
/// Bytes of a command's `'…'` line that are not the command.
const FRAME: usize = 160;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it wrote on standard output and standard error.
    pub output: String,
    /// Its exit status; 128 + n when signal n ended it.
    pub status: i32,
}

/// A shell on a machine.
pub struct Session<'m> {
    machine: &'m mut Machine,
}

impl<'m> Session<'m> {
    pub(crate) fn new(machine: &'m mut Machine) -> Session<'m> {
        Session { machine }
    }

    /// Runs a command within `limits.command`.
    ///
    /// # Errors
    /// A command that a terminal can't take; the machine's troubles.
    pub fn run(&mut self, command: &str) -> Result<Outcome> {
        self.run_within(command, self.machine.limits().command)
    }

    /// Runs a command in a subshell of its own with an empty standard input: `exit` ends just the
    /// command, and what it changes (folder, variables) ends with it.
    ///
    /// # Errors
    /// A command that a terminal can't take; the machine's troubles.
    pub fn run_within(&mut self, command: &str, limit: Duration) -> Result<Outcome> {
        check(command)?;
        let (begin, begun) = token();
        let (end, ended) = token();
        let quoted = quote(command);
        self.machine.send_line(&format!(
            "echo; echo {begin}; (eval {quoted}) </dev/null 2>&1; s=$?; echo; echo {end} $s"
        ))?;
        let what = format!("the end of the command '{}'", start_of(command));
        self.machine
            .expect(&what, &[&format!("{begun}\n")], limit)?;
        // The newline before the mark is ours, whether the output ended with one or not.
        let mark = format!("\n{ended} ");
        let output = self.machine.expect(&what, &[&mark], limit)?.before;
        let status = self.machine.expect(&what, &["\n"], limit)?.before;
        let status = status.trim().parse().map_err(|_| Error::Reply {
            machine: self.machine.name().to_owned(),
            what: "a command's exit status",
            text: status.chars().take(80).collect(),
        })?;
        Ok(Outcome { output, status })
    }

    /// The guest's memory, from `/proc/meminfo`.
    ///
    /// # Errors
    /// The guest has no such file, or the machine's troubles.
    pub fn memory(&mut self) -> Result<guest::Memory> {
        let reply = self.run("cat /proc/meminfo")?;
        guest::memory(&reply.output).ok_or_else(|| Error::Reply {
            machine: self.machine.name().to_owned(),
            what: "MemTotal and MemAvailable of /proc/meminfo",
            text: reply.output.chars().take(200).collect(),
        })
    }

    /// The marks of the guest's start; none where it keeps none.
    ///
    /// # Errors
    /// The machine's troubles.
    pub fn marks(&mut self) -> Result<Vec<guest::Mark>> {
        let reply = self.run("cat /proc/bootstat 2> /dev/null")?;
        Ok(guest::marks(&reply.output))
    }

    /// Ends the machine in good order, within `limits.power_off`.
    ///
    /// # Errors
    /// It did not end: it is killed then. Its kernel told of a fault, at any time.
    pub fn power_off(self) -> Result<()> {
        self.machine.send_line(self.machine.power_off_command())?;
        self.machine.expect_end(self.machine.limits().power_off)?;
        self.machine.sound()
    }
}

/// Whether a terminal can take a command.
///
/// # Errors
/// A line too long, or a control character.
pub fn check(command: &str) -> Result<()> {
    let control = |b: u8| (b < b' ' && b != b'\n' && b != b'\t') || b == 0x7f;
    if let Some(byte) = command.bytes().find(|&b| control(b)) {
        return Err(Error::ControlByte {
            command: command
                .chars()
                .take(80)
                .collect::<String>()
                .escape_debug()
                .to_string(),
            byte,
        });
    }
    let longest = quote(command).split('\n').map(str::len).max().unwrap_or(0);
    if longest + FRAME > LINE {
        return Err(Error::LongCommand {
            start: start_of(command),
            bytes: longest,
            limit: LINE - FRAME,
        });
    }
    Ok(())
}

/// For a POSIX shell: within `'…'` only the quote itself is special.
fn quote(command: &str) -> String {
    format!("'{}'", command.replace('\'', r"'\''"))
}

/// A command's first line, shortened for a message.
fn start_of(command: &str) -> String {
    let line = command.lines().next().unwrap_or_default();
    line.chars().take(60).collect()
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
