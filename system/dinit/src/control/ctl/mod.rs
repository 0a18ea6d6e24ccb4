//! dinitctl: one file a command, or a family of them.

mod analyze;
mod catlog;
mod chart;
mod completion;
mod dependency;
mod describe;
mod description;
mod details;
mod enable;
mod environment;
mod graph;
mod list;
mod load;
mod order;
mod process;
mod status;
mod wait;
mod why;

use super::address::Address;
use super::arguments::{self, Given};
use super::client::{Client, Record};
use super::failure::Failure;
use super::output::Output;
use super::{help, table};
use crate::engine::DependencyKind;
use crate::protocol::extension;
use crate::protocol::reply::{Code, Reply};
use crate::protocol::request::Request;
use crate::text::Show;

/// One run of dinitctl: the connection, and what it was told.
struct Session {
    client: Client,
    output: Output,
    given: Given,
}

#[inline(never)] // The programs lie apart: layout.ld.
pub fn main(arguments: Vec<Vec<u8>>) -> i32 {
    let mut output = Output {
        program: table::DINITCTL.name,
        quiet: false,
    };
    if arguments.is_empty() {
        help::print(&table::DINITCTL, output);
        return 0;
    }
    let given = match arguments::parse(&table::DINITCTL, arguments) {
        Ok(given) => given,
        Err(status) => return status,
    };
    output.quiet = given.has("quiet");
    match run(output, given) {
        Ok(status) => status,
        Err(failure) => {
            failure.report(output);
            1
        }
    }
}

fn run(output: Output, given: Given) -> Result<i32, Failure> {
    let command = given.command.map_or("", |command| command.name);
    let mut address = Address::usual();
    address.choose(&given);
    match command {
        "signal" if given.has("list") => return Ok(process::list(output)),
        "completion" => return Ok(completion::print(output, &given.words[0])),
        "enable" | "disable" if given.has("offline") => {
            return enable::offline(output, &given, !address.user, command == "enable");
        }
        _ if given.has("offline") => {
            output.error(format_args!("{command} cannot be done offline"));
            return Ok(1);
        }
        _ => (),
    }
    let client = Client::connect(&address)?;
    let mut session = Session {
        client,
        output,
        given,
    };
    let session = &mut session;
    match command {
        "start" | "stop" | "restart" | "wake" | "release" => order::run(session, command),
        "status" => status::run(session),
        "is-started" => status::is_started(session),
        "is-failed" => status::is_failed(session),
        "list" => list::run(session),
        "unpin" => order::unpin(session),
        "unload" => load::unload(session),
        "reload" => load::reload(session),
        "shutdown" => process::shutdown(session),
        "add-dep" => dependency::run(session, true),
        "rm-dep" => dependency::run(session, false),
        "enable" => enable::online(session, true),
        "disable" => enable::online(session, false),
        "trigger" => process::trigger(session, true),
        "untrigger" => process::trigger(session, false),
        "setenv" => environment::run(session, false),
        "unsetenv" => environment::run(session, true),
        "catlog" => catlog::run(session),
        "signal" => process::signal(session),
        "graph" => graph::run(session),
        "analyze" => analyze::run(session),
        "why" => why::run(session),
        "reexec" => process::reexec(session),
        _ => Err(Failure::Protocol),
    }
}

impl Session {
    /// The first word behind the command: a service.
    fn service(&self) -> Vec<u8> {
        self.given.words.first().cloned().unwrap_or_default()
    }

    /// Loads a service, or says why not.
    fn load(&mut self, name: &[u8]) -> Result<Record, Failure> {
        match self.client.find(name, true)? {
            Ok(record) => Ok(record),
            Err(code) => Err(self.load_failed(name, code)),
        }
    }

    /// Finds a loaded service, or says that it is not loaded.
    fn find(&mut self, name: &[u8]) -> Result<Record, Failure> {
        match self.client.find(name, false)? {
            Ok(record) => Ok(record),
            Err(Code::NoService) => {
                self.output
                    .error(format_args!("service '{}' is not loaded", Show(name)));
                Err(Failure::Said)
            }
            Err(code) => Err(self.load_failed(name, code)),
        }
    }

    /// Says why a service could not be loaded. The connection may be closed after that.
    fn load_failed(&mut self, name: &[u8], code: Code) -> Failure {
        let name = Show(name);
        let error = |text: &str| {
            self.output.error(format_args!("service '{name}': {text}"));
        };
        match code {
            Code::NoService => error("no description of that name was found"),
            Code::DescriptionError => error("its description has an error"),
            Code::LoadError => error("it or something that it depends on could not be loaded"),
            Code::ServiceOutOfMemory => error("the daemon has no memory for it"),
            Code::BadRequest => error("this is not the name of a service"),
            _ => return Failure::Protocol,
        }
        if code != Code::BadRequest {
            match self.last_error() {
                Some(reason) => self.output.error(format_args!("{}", Show(&reason))),
                None if code == Code::NoService => self.output.error(format_args!(
                    "look whether the description is there and the name is spelled right"
                )),
                None => self
                    .output
                    .error(format_args!("'dinit-check {name}' or the log tells more")),
            }
        }
        Failure::Said
    }

    /// What a daemon with our extensions says about the last load that failed. Another closes the connection.
    fn last_error(&mut self) -> Option<Vec<u8>> {
        match self
            .client
            .ask(&Request::Extension(extension::Request::LastError))
        {
            Ok(Reply::LastError(reason)) if !reason.is_empty() => Some(reason.to_vec()),
            _ => None,
        }
    }

    /// One-byte answers to requests that have no other.
    fn code(&mut self, request: &Request<'_>) -> Result<Code, Failure> {
        match self.client.ask(request)? {
            Reply::Code(code) => Ok(code),
            _ => Err(Failure::Protocol),
        }
    }
}

/// What add-dep and rm-dep call a kind of dependency.
fn dependency_kind(word: &[u8]) -> Option<DependencyKind> {
    match word {
        b"need" | b"regular" => Some(DependencyKind::Need),
        b"milestone" => Some(DependencyKind::Milestone),
        b"waits-for" => Some(DependencyKind::WaitsFor),
        _ => None,
    }
}
