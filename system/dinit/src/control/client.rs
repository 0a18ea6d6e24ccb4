//! One connection to the daemon: requests out, replies and info in. Blocking.

use super::address::{self, Address};
use super::check::Manager;
use super::failure::Failure;
use crate::description::environment::Environment;
use crate::engine::State;
use crate::protocol::info::{self, Info};
use crate::protocol::reply::{self, Code, Reply};
use crate::protocol::request::Request;
use crate::protocol::status::{Layout, Status};
use crate::protocol::{self, Handle, Parsed};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;

/// No message of a daemon is longer, in bytes: a service's log and the text of DETAILS are the longest.
const MAX_MESSAGE: usize = 256 << 20;

pub struct Client {
    stream: UnixStream,
    received: Vec<u8>,
    /// So much of `received` was handed out last and is to be dropped.
    taken: usize,
    /// The daemon's protocol version.
    pub version: u16,
}

/// A service that the daemon knows.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub handle: Handle,
    pub state: State,
    pub target: State,
}

impl Client {
    /// Connects, and agrees on a version.
    pub fn connect(address: &Address) -> Result<Self, Failure> {
        let passed = address.passed.then(address::passed).flatten();
        let stream = match passed {
            Some(connection) => UnixStream::from(connection),
            None => {
                let (path, user) = address.resolve()?;
                let name = OsString::from_vec(path.clone());
                UnixStream::connect(name).map_err(|error| Failure::Connect { path, error, user })?
            }
        };
        Self::over(stream)
    }

    /// The same over a connection that is there.
    pub fn over(stream: UnixStream) -> Result<Self, Failure> {
        let mut client = Self {
            stream,
            received: Vec::new(),
            taken: 0,
            version: 0,
        };
        let Reply::Version { minimum, current } = client.ask(&Request::QueryVersion)? else {
            return Err(Failure::Protocol);
        };
        if minimum > protocol::VERSION {
            return Err(Failure::DaemonNewer);
        }
        if current < protocol::MINIMUM_VERSION {
            return Err(Failure::DaemonOlder);
        }
        client.version = current;
        Ok(client)
    }

    /// Fails unless the daemon speaks at least that version.
    pub fn require(&self, version: u16) -> Result<(), Failure> {
        match self.version >= version {
            true => Ok(()),
            false => Err(Failure::DaemonOlder),
        }
    }

    /// The layout in which statuses of one service come.
    pub fn status_layout(&self) -> Layout {
        match self.version {
            0..5 => Layout::V1,
            5 => Layout::V5,
            _ => Layout::V6,
        }
    }

    /// The layout in which statuses of all services come.
    pub fn list_layout(&self) -> Layout {
        match self.version {
            0..5 => Layout::V1,
            _ => Layout::V5,
        }
    }

    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).map_err(Failure::Write)
    }

    /// Sends a request and waits for its reply; info that comes before it is passed over.
    pub fn ask(&mut self, request: &Request<'_>) -> Result<Reply<'_>, Failure> {
        let layout = match request {
            Request::List(layout) | Request::Status(layout, _) => *layout,
            _ => Layout::V6,
        };
        let bytes = request.encode().ok_or(Failure::Protocol)?;
        self.send(&bytes)?;
        self.reply(layout, &mut |_| ())
    }

    /// Waits for a reply; info that comes before it is shown to `watch`.
    pub fn reply(
        &mut self,
        layout: Layout,
        watch: &mut dyn FnMut(&Info<'_>),
    ) -> Result<Reply<'_>, Failure> {
        while self.fetch(layout)? {
            if let Parsed::Done(info, _) = info::parse(&self.received) {
                watch(&info);
            }
        }
        match reply::parse(&self.received, layout) {
            Parsed::Done(reply, _) => Ok(reply),
            _ => Err(Failure::Protocol),
        }
    }

    /// Waits for info. There must be no reply on the way.
    pub fn info(&mut self) -> Result<Info<'_>, Failure> {
        if !self.fetch(Layout::V6)? {
            return Err(Failure::Protocol);
        }
        match info::parse(&self.received) {
            Parsed::Done(info, _) => Ok(info),
            _ => Err(Failure::Protocol),
        }
    }

    /// Puts the next whole message at the start of `received`; true: it is info.
    fn fetch(&mut self, layout: Layout) -> Result<bool, Failure> {
        self.received.drain(..self.taken);
        self.taken = 0;
        let mut needs = 1;
        loop {
            while self.received.len() < needs {
                self.read()?;
            }
            let is_info = info::is_info(self.received[0]);
            let length = match is_info {
                true => length(&info::parse(&self.received)),
                false => length(&reply::parse(&self.received, layout)),
            };
            match length? {
                Ok(taken) => {
                    self.taken = taken;
                    return Ok(is_info);
                }
                Err(more) => needs = more,
            }
        }
    }

    fn read(&mut self) -> Result<(), Failure> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Failure::Closed),
                Ok(length) => {
                    self.received.extend_from_slice(&chunk[..length]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Err(Failure::Closed);
                }
                Err(error) => return Err(Failure::Read(error)),
            }
        }
    }

    /// Finds a service, or loads it too. The inner error is the daemon's reason.
    pub fn find(&mut self, name: &[u8], load: bool) -> Result<Result<Record, Code>, Failure> {
        let request = match load {
            true => Request::Load(name),
            false => Request::Find(name),
        };
        if request.encode().is_none() {
            // No service has such a name; the daemon would close the connection.
            return Ok(Err(Code::NoService));
        }
        match self.ask(&request)? {
            Reply::Record {
                state,
                handle,
                target,
            } => Ok(Ok(Record {
                handle,
                state,
                target,
            })),
            Reply::Code(
                code @ (Code::NoService
                | Code::DescriptionError
                | Code::LoadError
                | Code::ServiceOutOfMemory
                | Code::BadRequest),
            ) => Ok(Err(code)),
            _ => Err(Failure::Protocol),
        }
    }

    /// A service's status, in the best layout that the daemon has.
    pub fn status(&mut self, handle: Handle) -> Result<Status, Failure> {
        let layout = self.status_layout();
        match self.ask(&Request::Status(layout, handle))? {
            Reply::Status { status, .. } => Ok(status),
            _ => Err(Failure::Protocol),
        }
    }

    /// The name behind a handle.
    pub fn name(&mut self, handle: Handle) -> Result<Vec<u8>, Failure> {
        match self.ask(&Request::QueryName(handle))? {
            Reply::Name(name) => Ok(name.to_vec()),
            _ => Err(Failure::Protocol),
        }
    }

    /// The environment that services are given.
    pub fn environment(&mut self) -> Result<Environment, Failure> {
        let mut environment = Environment::default();
        match self.ask(&Request::GetEnvironment)? {
            Reply::Environment(entries) => {
                let entries = entries.split(|byte| *byte == 0);
                entries
                    .filter(|entry| entry.contains(&b'='))
                    .for_each(|entry| environment.set(entry));
                Ok(environment)
            }
            _ => Err(Failure::Protocol),
        }
    }

    /// The folder that a service's description was read from: absolute, if the daemon knows where it is itself.
    pub fn directory(&mut self, handle: Handle) -> Result<Vec<u8>, Failure> {
        let folder = match self.ask(&Request::QueryDirectory(handle))? {
            Reply::Directory(folder) if !folder.is_empty() => folder.to_vec(),
            _ => return Err(Failure::Protocol),
        };
        if folder[0] == b'/' {
            return Ok(folder);
        }
        match self.ask(&Request::QueryLoadMechanism)? {
            Reply::LoadMechanism { working_folder, .. } if !working_folder.is_empty() => {
                Ok(join(working_folder, &folder))
            }
            _ => Err(Failure::Protocol),
        }
    }

    /// The path of a service's description.
    pub fn description(&mut self, handle: Handle, name: &[u8]) -> Result<Vec<u8>, Failure> {
        let folder = self.directory(handle)?;
        Ok(join(&folder, template(name)))
    }
}

/// For dinit-check: what a running daemon goes by. `user`: the user's instance, if no socket is given.
pub fn manager(socket: Option<&[u8]>, user: bool) -> Result<Manager, String> {
    let address = Address {
        path: socket.map(<[u8]>::to_vec),
        user,
        passed: false,
    };
    let ask = || {
        let mut client = Client::connect(&address)?;
        client.require(4)?;
        let environment = client.environment()?;
        let folders = match client.ask(&Request::QueryLoadMechanism)? {
            Reply::LoadMechanism {
                working_folder,
                folders,
            } => folders
                .iter()
                .map(|folder| join(working_folder, folder).into())
                .collect(),
            _ => return Err(Failure::Protocol),
        };
        Ok(Manager {
            folders,
            environment,
        })
    };
    ask().map_err(|failure: Failure| failure.to_string())
}

/// How long a message is, or the number of bytes at which to look again.
fn length<T>(parsed: &Parsed<T>) -> Result<Result<usize, usize>, Failure> {
    match parsed {
        Parsed::Done(_, length) => Ok(Ok(*length)),
        Parsed::Incomplete(needs) if *needs <= MAX_MESSAGE => Ok(Err(*needs)),
        _ => Err(Failure::Protocol),
    }
}

/// A name without its argument: `getty` of `getty@tty1`.
pub fn template(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b'@').next().unwrap_or(name)
}

/// A path in a folder, unless it is absolute.
pub fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    if folder.is_empty() || path.first() == Some(&b'/') {
        return path.to_vec();
    }
    let mut joined = folder.to_vec();
    if !path.is_empty() {
        if joined.last() != Some(&b'/') {
            joined.push(b'/');
        }
        joined.extend_from_slice(path);
    }
    joined
}
