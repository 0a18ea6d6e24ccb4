//! Requests: what a client asks.

use super::command::{Change, Command, Order, OrderFlags, Shutdown, dependency_kind};
use super::status::Layout;
use super::{Handle, MAX_REQUEST, Parsed, Reader, Short, command, extension};
use crate::engine::DependencyKind;

/// The longest name or variable that a request can carry, in bytes.
pub const MAX_TEXT: usize = MAX_REQUEST - 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Answer: [`super::reply::version`].
    QueryVersion,
    /// Answer: a record, or NOSERVICE.
    Find(&'a [u8]),
    /// The same, but load it first. NOSERVICE, SERVICE_DESC_ERR or SERVICE_LOAD_ERR when that fails.
    Load(&'a [u8]),
    Order(Order, OrderFlags, Handle),
    Unpin(Handle),
    Unload(Handle),
    Reload(Handle),
    CloseHandle(Handle),
    List(Layout),
    Status(Layout, Handle),
    Shutdown(Shutdown),
    Dependency {
        change: Change,
        kind: DependencyKind,
        from: Handle,
        to: Handle,
    },
    QueryLoadMechanism,
    QueryName(Handle),
    /// The folder that the description was read from.
    QueryDirectory(Handle),
    /// `NAME=VALUE`; never empty, never begins with `=`.
    SetEnvironment(&'a [u8]),
    /// `NAME`
    UnsetEnvironment(&'a [u8]),
    GetEnvironment,
    ListenEnvironment,
    SetTrigger(Handle, bool),
    CatLog {
        handle: Handle,
        clear: bool,
    },
    Signal {
        handle: Handle,
        signal: i32,
    },
    /// Well-formed, but a byte that is kept free is not zero: answer NAK.
    Refused,
    Extension(extension::Request<'a>),
}

/// The request at the start of what a connection has sent. After `Bad`, BADREQ is to be sent and the connection closed.
pub fn parse(buffer: &[u8]) -> Parsed<Request<'_>> {
    let mut reader = Reader::new(buffer);
    let outcome = read(&mut reader);
    match reader.done(outcome) {
        Parsed::Incomplete(length) if length > MAX_REQUEST => Parsed::Bad,
        parsed => parsed,
    }
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<Request<'a>, Short> {
    let byte = reader.u8()?;
    let Some(command) = Command::from_byte(byte) else {
        return extension::read_request(byte, reader).map(Request::Extension);
    };
    Ok(match command {
        Command::QueryVersion => Request::QueryVersion,
        Command::Find => Request::Find(name(reader)?),
        Command::Load => Request::Load(name(reader)?),
        Command::Start => order(reader, Order::Start)?,
        Command::Stop => order(reader, Order::Stop)?,
        Command::Wake => order(reader, Order::Wake)?,
        Command::Release => order(reader, Order::Release)?,
        Command::Unpin => Request::Unpin(reader.u32()?),
        Command::List => Request::List(Layout::V1),
        Command::List5 => Request::List(Layout::V5),
        Command::Unload => Request::Unload(reader.u32()?),
        Command::Reload => Request::Reload(reader.u32()?),
        Command::CloseHandle => Request::CloseHandle(reader.u32()?),
        Command::Shutdown => {
            Request::Shutdown(Shutdown::from_byte(reader.u8()?).ok_or(Short::Bad)?)
        }
        Command::AddDependency => dependency(reader, Change::Add)?,
        Command::RemoveDependency => dependency(reader, Change::Remove)?,
        Command::Enable => dependency(reader, Change::Enable)?,
        Command::Enable7 => dependency(reader, Change::Enable7)?,
        Command::QueryLoadMechanism => Request::QueryLoadMechanism,
        Command::QueryName => {
            reader.u8()?;
            Request::QueryName(reader.u32()?)
        }
        Command::QueryDirectory => {
            let reserved = reader.u8()?;
            let handle = reader.u32()?;
            match reserved {
                0 => Request::QueryDirectory(handle),
                _ => Request::Refused,
            }
        }
        Command::SetEnvironment => {
            let entry = text(reader)?;
            match entry.iter().position(|byte| *byte == b'=') {
                None => Request::UnsetEnvironment(entry),
                Some(0) => return Err(Short::Bad),
                Some(_) => Request::SetEnvironment(entry),
            }
        }
        Command::GetEnvironment => match reader.u8()? {
            0 => Request::GetEnvironment,
            _ => return Err(Short::Bad),
        },
        Command::ListenEnvironment => Request::ListenEnvironment,
        Command::Status => Request::Status(Layout::V1, reader.u32()?),
        Command::Status5 => Request::Status(Layout::V5, reader.u32()?),
        Command::Status6 => Request::Status(Layout::V6, reader.u32()?),
        Command::SetTrigger => {
            let handle = reader.u32()?;
            Request::SetTrigger(handle, reader.u8()? != 0)
        }
        Command::CatLog => {
            let flags = reader.u8()?;
            let handle = reader.u32()?;
            let clear = flags & 1 != 0;
            Request::CatLog { handle, clear }
        }
        Command::Signal => {
            let signal = reader.i32()?;
            let handle = reader.u32()?;
            Request::Signal { handle, signal }
        }
    })
}

/// u16 and bytes: not empty, and without a NUL, which dinit would take for the end.
fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Short> {
    let length = usize::from(reader.u16()?);
    if length == 0 || length > MAX_TEXT {
        return Err(Short::Bad);
    }
    let text = reader.take(length)?;
    match text.contains(&0) {
        false => Ok(text),
        true => Err(Short::Bad),
    }
}

fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Short> {
    let name = text(reader)?;
    match name[0] {
        b'.' | b'@' => Err(Short::Bad),
        _ => Ok(name),
    }
}

fn order<'a>(reader: &mut Reader<'_>, order: Order) -> Result<Request<'a>, Short> {
    let flags = OrderFlags::from_bits_truncate(reader.u8()?);
    Ok(Request::Order(order, flags, reader.u32()?))
}

fn dependency<'a>(reader: &mut Reader<'_>, change: Change) -> Result<Request<'a>, Short> {
    let kind = reader.u8()?;
    let from = reader.u32()?;
    let to = reader.u32()?;
    Ok(Request::Dependency {
        change,
        kind: dependency_kind(kind).ok_or(Short::Bad)?,
        from,
        to,
    })
}

impl Request<'_> {
    /// What a client has to send. `None`: a text is too long, empty, or there is no such dependency.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let plain =
            |command: Command, handle: Handle| bytes(command as u8, &[&handle.to_ne_bytes()]);
        let reserved =
            |command: Command, handle: Handle| bytes(command as u8, &[&[0], &handle.to_ne_bytes()]);
        Some(match self {
            Self::QueryVersion => vec![Command::QueryVersion as u8],
            Self::Find(name) => with_text(Command::Find, name)?,
            Self::Load(name) => with_text(Command::Load, name)?,
            Self::Order(order, flags, handle) => {
                bytes(*order as u8, &[&[flags.bits()], &handle.to_ne_bytes()])
            }
            Self::Unpin(handle) => plain(Command::Unpin, *handle),
            Self::Unload(handle) => plain(Command::Unload, *handle),
            Self::Reload(handle) => plain(Command::Reload, *handle),
            Self::CloseHandle(handle) => plain(Command::CloseHandle, *handle),
            Self::List(Layout::V1) => vec![Command::List as u8],
            Self::List(_) => vec![Command::List5 as u8],
            Self::Status(Layout::V1, handle) => plain(Command::Status, *handle),
            Self::Status(Layout::V5, handle) => plain(Command::Status5, *handle),
            Self::Status(Layout::V6, handle) => plain(Command::Status6, *handle),
            Self::Shutdown(kind) => vec![Command::Shutdown as u8, *kind as u8],
            Self::Dependency {
                change,
                kind,
                from,
                to,
            } => bytes(
                *change as u8,
                &[
                    &[command::dependency_number(*kind)?],
                    &from.to_ne_bytes(),
                    &to.to_ne_bytes(),
                ],
            ),
            Self::QueryLoadMechanism => vec![Command::QueryLoadMechanism as u8],
            Self::QueryName(handle) => reserved(Command::QueryName, *handle),
            Self::QueryDirectory(handle) => reserved(Command::QueryDirectory, *handle),
            Self::SetEnvironment(entry) | Self::UnsetEnvironment(entry) => {
                with_text(Command::SetEnvironment, entry)?
            }
            Self::GetEnvironment => vec![Command::GetEnvironment as u8, 0],
            Self::ListenEnvironment => vec![Command::ListenEnvironment as u8],
            Self::SetTrigger(handle, value) => bytes(
                Command::SetTrigger as u8,
                &[&handle.to_ne_bytes(), &[u8::from(*value)]],
            ),
            Self::CatLog { handle, clear } => bytes(
                Command::CatLog as u8,
                &[&[u8::from(*clear)], &handle.to_ne_bytes()],
            ),
            Self::Signal { handle, signal } => bytes(
                Command::Signal as u8,
                &[&signal.to_ne_bytes(), &handle.to_ne_bytes()],
            ),
            Self::Refused => return None,
            Self::Extension(request) => request.encode()?,
        })
    }
}

pub(super) fn bytes(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![first];
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn with_text(command: Command, text: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(text.len()).ok()?;
    (length > 0 && text.len() <= MAX_TEXT)
        .then(|| bytes(command as u8, &[&length.to_ne_bytes(), text]))
}
