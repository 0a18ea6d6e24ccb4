//! A client of dinit's control socket, as far as it is needed here: requests whose replies have one length each. The crate `dinit` has all of the
//! protocol, which was 13 KB of this program; here it is what the tests have answer.

use crate::error::{Error, Result, told};
use common::Root;
use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

/// The socket of the system's instance.
const SOCKET: &str = "/run/dinitctl";

/// The version of the protocol that is spoken. All versions before it have these requests too.
const VERSION: u16 = 7;

/// Requests (`control-cmds.h` of dinit); the last one is an extension of ours.
const QUERY_VERSION: u8 = 0;
const FIND: u8 = 1;
const STATUS: u8 = 18;
const SIGNAL: u8 = 21;
const DETAILS: u8 = 200;

/// How their replies begin; that of DETAILS as the request.
const ACK: u8 = 50;
const BAD_REQUEST: u8 = 52;
const NO_MEMORY: u8 = 55;
const VERSION_REPLY: u8 = 58;
const RECORD: u8 = 59;
const NO_SERVICE: u8 = 60;
const STATUS_REPLY: u8 = 70;
const BAD_DESCRIPTION: u8 = 71;
const LOAD_ERROR: u8 = 72;
const NO_PROCESS: u8 = 74;

/// All services, of DETAILS.
const ALL: u32 = u32::MAX;

/// The longest name of a service in a request, and text of a reply, in bytes.
const LONGEST_NAME: usize = 1021;
const LONGEST_TEXT: u32 = 256 << 20;

/// A connection.
pub struct Client(UnixStream);

/// A service that dinit knows, by its number on a connection.
#[derive(Clone, Copy)]
pub struct Service(u32);

impl Client {
    /// Connects to dinit below a root; in the system that runs, to where `DINIT_SOCKET_PATH` says.
    ///
    /// # Errors
    /// Nobody listens there, or speaks this protocol.
    pub fn connect(root: &Root) -> Result<Self> {
        let named = std::env::var_os("DINIT_SOCKET_PATH").filter(|_| root.is_real());
        let path: OsString = named.unwrap_or_else(|| root.at(SOCKET).into());
        let stream = UnixStream::connect(&path).map_err(|error| {
            let path = path.to_string_lossy();
            told!("connecting to socket: {path}: {}", common::reason(&error))
        })?;
        let mut client = Self(stream);
        let code = client.ask(QUERY_VERSION, &[])?;
        let mut versions = [0; 4];
        client.rest(code, VERSION_REPLY, &mut versions)?;
        if u16::from_ne_bytes([versions[0], versions[1]]) > VERSION {
            return Err(told!(
                "too old for this daemon: it no longer speaks protocol version {VERSION}"
            ));
        }
        Ok(client)
    }

    /// A service by its name; none if it is not loaded.
    ///
    /// # Errors
    /// dinit cannot be spoken to; as below.
    pub fn find(&mut self, name: &str) -> Result<Option<Service>> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Ok(None);
        }
        let mut words = (name.len() as u16).to_ne_bytes().to_vec();
        words.extend_from_slice(name.as_bytes());
        let code = self.ask(FIND, &words)?;
        if matches!(
            code,
            NO_SERVICE | BAD_DESCRIPTION | LOAD_ERROR | NO_MEMORY | BAD_REQUEST
        ) {
            return Ok(None);
        }
        // Its state, the number, its target.
        let mut record = [0; 6];
        self.rest(code, RECORD, &mut record)?;
        Ok(Some(Service(number(&record[1..5]))))
    }

    /// The process of a service, if it has one.
    ///
    /// # Errors
    /// As above.
    pub fn process(&mut self, service: Service) -> Result<Option<i32>> {
        let code = self.ask(STATUS, &service.0.to_ne_bytes())?;
        // A reserved byte, two states, flags, why it stopped, a stage in two bytes, and the process or how it ended.
        let mut status = [0; 11];
        self.rest(code, STATUS_REPLY, &mut status)?;
        let runs = status[3] & 16 != 0;
        Ok(runs.then(|| number(&status[7..]) as i32))
    }

    /// The text of our extension about a service, or all of them; none if this dinit does not have it.
    ///
    /// # Errors
    /// As above.
    pub fn details(&mut self, service: Option<Service>) -> Result<Option<Vec<u8>>> {
        let number_of = service.map_or(ALL, |service| service.0);
        let code = self.ask(DETAILS, &number_of.to_ne_bytes())?;
        if code != DETAILS {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = number(&length);
        if length > LONGEST_TEXT {
            return Err(senseless());
        }
        let mut text = vec![0; length as usize];
        self.fill(&mut text)?;
        Ok(Some(text))
    }

    /// Sends a signal to a service's process. The inner error: whether there was none.
    ///
    /// # Errors
    /// As above.
    pub fn signal(&mut self, service: Service, signal: i32) -> Result<Result<(), bool>> {
        let mut words = signal.to_ne_bytes().to_vec();
        words.extend_from_slice(&service.0.to_ne_bytes());
        Ok(match self.ask(SIGNAL, &words)? {
            ACK => Ok(()),
            code => Err(code == NO_PROCESS),
        })
    }

    /// Sends a request; how its reply begins.
    fn ask(&mut self, request: u8, words: &[u8]) -> Result<u8> {
        let mut bytes = vec![request];
        bytes.extend_from_slice(words);
        self.0
            .write_all(&bytes)
            .map_err(|error| told!("writing to the control socket: {}", common::reason(&error)))?;
        loop {
            let mut code = [0; 2];
            self.fill(&mut code[..1])?;
            // What dinit says of services by itself, with its whole length behind that.
            if !(100..200).contains(&code[0]) {
                return Ok(code[0]);
            }
            self.fill(&mut code[1..])?;
            let mut event = [0; 255];
            let rest = code[1].saturating_sub(2);
            self.fill(&mut event[..usize::from(rest)])?;
        }
    }

    /// The rest of a reply that is to begin like that.
    fn rest(&mut self, code: u8, expected: u8, rest: &mut [u8]) -> Result<()> {
        match code == expected {
            true => self.fill(rest),
            false => Err(senseless()),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                    told!("the daemon closed the connection")
                }
                _ => told!(
                    "reading from the control socket: {}",
                    common::reason(&error)
                ),
            })
    }
}

#[cold]
fn senseless() -> Box<Error> {
    told!("protocol error: the daemon's answer makes no sense here")
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dinit::engine::{Event, State};
    use dinit::protocol::reply::{self, Code};
    use dinit::protocol::request::{self, Request};
    use dinit::protocol::status::{Layout, Process, Status};
    use dinit::protocol::{Parsed, extension, info};
    use std::os::unix::net::UnixListener;

    /// Answers requests as dinit does, with the crate that is its, until the connection ends.
    fn answer(mut stream: UnixStream, events: bool) {
        let status = |pid| Status {
            process: match pid {
                0 => Status::STOPPED.process,
                pid => Process::Running { pid },
            },
            ..Status::STOPPED
        };
        let mut received = Vec::new();
        loop {
            let mut chunk = [0; 64];
            match stream.read(&mut chunk) {
                Ok(length @ 1..) => received.extend_from_slice(&chunk[..length]),
                _ => return,
            }
            let Parsed::Done(request, taken) = request::parse(&received) else {
                continue;
            };
            let mut out = Vec::new();
            if events {
                info::service_event(&mut out, 3, Event::Started, &status(9)).unwrap();
            }
            match request {
                Request::QueryVersion => reply::version(&mut out),
                Request::Find(b"web") => reply::record(&mut out, State::Started, 7, State::Started),
                Request::Find(b"idle") => {
                    reply::record(&mut out, State::Stopped, 8, State::Stopped)
                }
                Request::Find(_) => reply::code(&mut out, Code::NoService),
                Request::Status(Layout::V1, 7) => reply::status(&mut out, Layout::V1, &status(42)),
                Request::Status(Layout::V1, 8) => reply::status(&mut out, Layout::V1, &status(0)),
                Request::Signal {
                    handle: 7,
                    signal: 15,
                } => reply::code(&mut out, Code::Ack),
                Request::Signal { handle: 7, .. } => reply::code(&mut out, Code::BadSignal),
                Request::Signal { .. } => reply::code(&mut out, Code::NoPid),
                Request::Extension(extension::Request::Details(Some(7))) => {
                    out.extend_from_slice(b"\xc8\x05\0\0\0a\nb c");
                    Ok(())
                }
                _ => reply::code(&mut out, Code::BadRequest),
            }
            .unwrap();
            received.drain(..taken);
            stream.write_all(&out).unwrap();
        }
    }

    #[test]
    fn dinit_is_understood_whatever_it_says_beside() {
        for events in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let root = Root::new(folder.path());
            std::fs::create_dir(root.at("/run")).unwrap();
            let listener = UnixListener::bind(root.at(SOCKET)).unwrap();
            let thread = std::thread::spawn(move || answer(listener.accept().unwrap().0, events));
            let mut client = Client::connect(&root).unwrap();
            assert!(client.find("none").unwrap().is_none());
            assert!(client.find("").unwrap().is_none());
            let web = client.find("web").unwrap().unwrap();
            assert_eq!(client.process(web).unwrap(), Some(42));
            let text = client.details(Some(web)).unwrap();
            assert_eq!(text.as_deref(), Some(&b"a\nb c"[..]));
            assert_eq!(client.details(None).unwrap(), None);
            assert_eq!(client.signal(web, 15).unwrap(), Ok(()));
            assert_eq!(client.signal(web, 99).unwrap(), Err(false));
            let idle = client.find("idle").unwrap().unwrap();
            assert_eq!(client.process(idle).unwrap(), None);
            assert_eq!(client.signal(idle, 15).unwrap(), Err(true));
            let told = client.process(Service(99)).unwrap_err().to_string();
            assert!(told.starts_with("protocol error"), "{told}");
            drop(client);
            thread.join().unwrap();
            let told = Client::connect(&Root::new("/none")).err().unwrap();
            assert!(told.to_string().contains("/none/run/dinitctl"), "{told}");
        }
    }

    #[test]
    fn a_daemon_that_goes_away_is_told() {
        for said in [&b""[..], b"\x3a\x01"] {
            let folder = tempfile::tempdir().unwrap();
            let root = Root::new(folder.path());
            std::fs::create_dir(root.at("/run")).unwrap();
            let listener = UnixListener::bind(root.at(SOCKET)).unwrap();
            let thread = std::thread::spawn(move || {
                let mut stream = listener.accept().unwrap().0;
                stream.read_exact(&mut [0]).unwrap();
                stream.write_all(said).unwrap();
            });
            let told = Client::connect(&root).err().unwrap().to_string();
            assert_eq!(told, "the daemon closed the connection");
            thread.join().unwrap();
        }
    }
}
