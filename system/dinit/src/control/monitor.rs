//! dinit-monitor: runs a command whenever a service or the environment changes.

use super::address::Address;
use super::arguments::{self, Given};
use super::client::Client;
use super::failure::Failure;
use super::output::Output;
use super::{help, table};
use crate::daemon::program;
use crate::engine::{Event, State};
use crate::protocol::info::Info;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::Layout;
use crate::text::Errno;
use crate::text::Show;
use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};

/// What one run was told.
struct Monitor {
    output: Output,
    /// The words of the command, with their quotes and percent signs.
    command: Vec<Vec<u8>>,
    given: Given,
}

#[inline(never)] // The programs lie apart: layout.ld.
pub fn main(arguments: Vec<Vec<u8>>) -> i32 {
    let output = Output {
        program: table::DINIT_MONITOR.name,
        quiet: false,
    };
    if arguments.is_empty() {
        help::print(&table::DINIT_MONITOR, output);
        return 1;
    }
    let given = match arguments::parse(&table::DINIT_MONITOR, arguments) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.words.is_empty() && !given.has("env") {
        output.error(format_args!("name at least one service"));
        return 1;
    }
    let Some(command) = given.value("command").map(split) else {
        output.error(format_args!("a command is needed (-c)"));
        return 1;
    };
    if command.is_empty() {
        output.error(format_args!("the command is empty"));
        return 1;
    }
    // Rust's library ignores it, and the command would inherit that.
    bare::sys::default_signal(bare::abi::SIGPIPE);
    let monitor = Monitor {
        output,
        command,
        given,
    };
    match monitor.run() {
        Ok(()) => 0,
        Err(failure) => {
            failure.report(output);
            1
        }
    }
}

impl Monitor {
    fn run(&self) -> Result<(), Failure> {
        let mut address = Address::usual();
        address.choose(&self.given);
        let client = Client::connect(&address)?;
        match self.given.has("env") {
            true => self.environment(client),
            false => self.services(client),
        }
    }

    fn services(&self, mut client: Client) -> Result<(), Failure> {
        let mut watched = Vec::new();
        for name in &self.given.words {
            match client.find(name, true)? {
                Ok(record) => watched.push((record, name)),
                Err(_) => {
                    self.output
                        .error(format_args!("cannot load service '{}'", Show(name)));
                    return Err(Failure::Said);
                }
            }
        }
        if self.given.has("initial") {
            for (record, name) in &watched {
                let word = match record.state {
                    State::Started => self.word("str-started", "started"),
                    State::Stopped => self.word("str-stopped", "stopped"),
                    _ => continue,
                };
                if self.act(name, None, word) {
                    return Ok(());
                }
            }
        }
        loop {
            // Every event is told twice; that of version 1 is told by all daemons.
            let Info::Service {
                handle,
                event,
                layout: Layout::V1,
                ..
            } = client.info()?
            else {
                continue;
            };
            let word = match event {
                Event::Started => self.word("str-started", "started"),
                Event::Stopped => self.word("str-stopped", "stopped"),
                Event::FailedStart => self.word("str-failed", "failed"),
                _ => continue,
            };
            let mut of = watched.iter().filter(|(record, _)| record.handle == handle);
            if let Some((_, name)) = of.next()
                && self.act(name, None, word)
            {
                return Ok(());
            }
        }
    }

    fn environment(&self, mut client: Client) -> Result<(), Failure> {
        client.require(5)?;
        match client.ask(&Request::ListenEnvironment)? {
            Reply::Code(Code::Ack) => (),
            _ => return Err(Failure::Protocol),
        }
        if self.given.has("initial") {
            let Reply::Environment(entries) = client.ask(&Request::GetEnvironment)? else {
                return Err(Failure::Protocol);
            };
            let entries = entries.split(|byte| *byte == 0);
            for entry in entries.filter(|entry| !entry.is_empty()) {
                if self.variable(entry) {
                    return Ok(());
                }
            }
        }
        loop {
            if let Info::Environment { entry, .. } = client.info()? {
                let entry = entry.to_vec();
                if self.variable(&entry) {
                    return Ok(());
                }
            }
        }
    }

    /// A variable was set, or unset if there is no `=`. True: it is time to exit.
    fn variable(&self, entry: &[u8]) -> bool {
        let equals = entry.iter().position(|byte| *byte == b'=');
        let name = &entry[..equals.unwrap_or(entry.len())];
        let watched = &self.given.words;
        if !watched.is_empty() && !watched.iter().any(|word| word == name) {
            return false;
        }
        match equals {
            Some(at) => self.act(name, Some(&entry[at + 1..]), self.word("str-set", "set")),
            None => self.act(name, None, self.word("str-unset", "unset")),
        }
    }

    fn word<'m>(&'m self, option: &str, usual: &'static str) -> &'m [u8] {
        self.given.value(option).unwrap_or(usual.as_bytes())
    }

    /// Runs the command and waits for it. True: it is time to exit.
    fn act(&self, name: &[u8], value: Option<&[u8]>, word: &[u8]) -> bool {
        let words: Vec<Vec<u8>> = self
            .command
            .iter()
            .map(|part| fill(part, name, value.unwrap_or_default(), word))
            .collect();
        match run(&words) {
            Ok(status) => match (status.terminating_signal(), status.exit_status()) {
                (Some(signal), _) => self.output.error(format_args!(
                    "notification command terminated due to signal {signal}"
                )),
                (None, Some(0)) => (),
                (None, code) => self.output.error(format_args!(
                    "notification command terminated with exit status {}",
                    code.unwrap_or(-1)
                )),
            },
            Err(number) => {
                self.output
                    .error(format_args!("{}: {}", Show(&words[0]), Errno(number)))
            }
        }
        self.given.has("exit")
    }
}

/// Runs a command, which is looked for in PATH, and waits for it. The error's number when it cannot be run.
fn run(words: &[Vec<u8>]) -> Result<WaitStatus, i32> {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let pid = program::start(&words, None).map_err(|error| error.errno)?;
    loop {
        match waitpid(Pid::from_raw(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.raw_os_error()),
        }
    }
}

/// Words of a command: parted by blanks outside of double quotes, which stay in.
fn split(command: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let mut quoted = false;
    for byte in command {
        if byte.is_ascii_whitespace() && !quoted {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        quoted ^= *byte == b'"';
        word.push(*byte);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `%n` the name, `%v` the value, `%s` the word, `%%` a percent sign; quotes go; the rest stays.
fn fill(part: &[u8], name: &[u8], value: &[u8], word: &[u8]) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut bytes = part.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => (),
            b'%' => match bytes.next() {
                Some(b'n') => filled.extend_from_slice(name),
                Some(b'v') => filled.extend_from_slice(value),
                Some(b's') => filled.extend_from_slice(word),
                Some(b'%') | None => filled.push(b'%'),
                Some(other) => filled.extend_from_slice(&[b'%', *other]),
            },
            other => filled.push(*other),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_and_filled() {
        let words = split(b"  say \"a %n\"%s\t%% %q %v% \"\" ");
        let filled: Vec<Vec<u8>> = words
            .iter()
            .map(|word| fill(word, b"N \"", b"V", b"S"))
            .collect();
        let expected: [&[u8]; 6] = [b"say", b"a N \"S", b"%", b"%q", b"V%", b""];
        assert_eq!(filled, expected);
        assert!(split(b" \t").is_empty());
    }
}
