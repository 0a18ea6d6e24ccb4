//! Replies: functions that write one, for the daemon, and [`parse`], for clients.

use super::extension::{self, Handles};
use super::status::{Layout, Status, state_from};
use super::{Handle, MINIMUM_VERSION, OutOfMemory, Parsed, Reader, Short, VERSION, append};
use crate::engine::State;
use crate::memory::Room;

/// Replies that are one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    Ack = 50,
    Nak = 51,
    /// The request was bad; the connection is closed.
    BadRequest = 52,
    /// There is no memory; the connection is closed.
    OutOfMemory = 53,
    /// The service could not be loaded or started for want of memory; the connection stays.
    ServiceOutOfMemory = 55,
    NoService = 60,
    /// It is in the state ordered already.
    Already = 61,
    ListDone = 63,
    /// It cannot be started: it is pinned stopped.
    PinnedStopped = 67,
    PinnedStarted = 68,
    /// Nothing starts any more.
    ShuttingDown = 69,
    DescriptionError = 71,
    LoadError = 72,
    NoPid = 74,
    BadSignal = 75,
    KillError = 76,
    /// Before anything is done for an order that asked for it; the reply proper follows.
    PreAck = 79,
}

const VERSION_REPLY: u8 = 58;
const RECORD: u8 = 59;
const SERVICE_INFO: u8 = 62;
const LOAD_MECHANISM: u8 = 64;
const DEPENDENTS: u8 = 65;
const NAME: u8 = 66;
const STATUS: u8 = 70;
const LOG: u8 = 73;
const DIRECTORY: u8 = 77;
const ENVIRONMENT: u8 = 78;

/// The only kind of load mechanism there is: folders.
const DIRECTORIES: u8 = 1;

impl Code {
    fn from_byte(byte: u8) -> Option<Self> {
        use Code::*;
        [
            Ack,
            Nak,
            BadRequest,
            OutOfMemory,
            ServiceOutOfMemory,
            NoService,
            Already,
            ListDone,
            PinnedStopped,
            PinnedStarted,
            ShuttingDown,
            DescriptionError,
            LoadError,
            NoPid,
            BadSignal,
            KillError,
            PreAck,
        ]
        .into_iter()
        .find(|code| *code as u8 == byte)
    }
}

pub fn code(out: &mut Vec<u8>, code: Code) -> Result<(), OutOfMemory> {
    append(out, &[&[code as u8]])
}

/// To QUERYVERSION.
pub fn version(out: &mut Vec<u8>) -> Result<(), OutOfMemory> {
    append(
        out,
        &[
            &[VERSION_REPLY],
            &MINIMUM_VERSION.to_ne_bytes(),
            &VERSION.to_ne_bytes(),
        ],
    )
}

/// To FIND and LOAD.
pub fn record(
    out: &mut Vec<u8>,
    state: State,
    handle: Handle,
    target: State,
) -> Result<(), OutOfMemory> {
    append(
        out,
        &[
            &[RECORD, state as u8],
            &handle.to_ne_bytes(),
            &[target as u8],
        ],
    )
}

/// To LIST, once for every service, before [`Code::ListDone`]. Names are cut after 255 bytes.
pub fn service(
    out: &mut Vec<u8>,
    layout: Layout,
    status: &Status,
    name: &[u8],
) -> Result<(), OutOfMemory> {
    let name = &name[..name.len().min(255)];
    let record = &status.encode(layout)[..layout.size()];
    append(out, &[&[SERVICE_INFO, name.len() as u8], record, name])
}

/// To STATUS.
pub fn status(out: &mut Vec<u8>, layout: Layout, status: &Status) -> Result<(), OutOfMemory> {
    append(
        out,
        &[&[STATUS, 0], &status.encode(layout)[..layout.size()]],
    )
}

/// To ENABLE of version 7: the status of what is depended on, and whether the dependency was there already.
pub fn enabled(out: &mut Vec<u8>, status: &Status, already: bool) -> Result<(), OutOfMemory> {
    append(
        out,
        &[&[STATUS, u8::from(already)], &status.encode(Layout::V6)],
    )
}

/// To QUERY_LOAD_MECH: the daemon's working folder (empty when unknown) and the folders it searches, in order.
pub fn load_mechanism<'d>(
    out: &mut Vec<u8>,
    working_folder: &'d [u8],
    folders: impl Iterator<Item = &'d [u8]> + Clone,
) -> Result<(), OutOfMemory> {
    let size = |text: &[u8]| 4 + text.len();
    let total = 10 + size(working_folder) + folders.clone().map(size).sum::<usize>();
    let wide = |value: usize| u32::try_from(value).map(u32::to_ne_bytes);
    let (Ok(length), Ok(count)) = (wide(total), wide(folders.clone().count())) else {
        return Err(OutOfMemory);
    };
    out.room(total)?;
    out.extend_from_slice(&[LOAD_MECHANISM, DIRECTORIES]);
    out.extend_from_slice(&length);
    out.extend_from_slice(&count);
    for text in std::iter::once(working_folder).chain(folders) {
        out.extend_from_slice(&(text.len() as u32).to_ne_bytes());
        out.extend_from_slice(text);
    }
    Ok(())
}

/// To STOP with GENTLE: those that would have to stop too.
pub fn dependents(out: &mut Vec<u8>, handles: &[Handle]) -> Result<(), OutOfMemory> {
    out.room(1 + size_of::<usize>() + size_of_val(handles))?;
    out.push(DEPENDENTS);
    out.extend_from_slice(&handles.len().to_ne_bytes());
    for handle in handles {
        out.extend_from_slice(&handle.to_ne_bytes());
    }
    Ok(())
}

/// To QUERYSERVICENAME. A name longer than 65,535 bytes cannot be told: answer NAK instead.
pub fn name(out: &mut Vec<u8>, name: &[u8]) -> Result<(), OutOfMemory> {
    match u16::try_from(name.len()) {
        Ok(length) => append(out, &[&[NAME, 0], &length.to_ne_bytes(), name]),
        Err(_) => code(out, Code::Nak),
    }
}

/// To CATLOG: the log, in two parts because a ring has two.
pub fn log(out: &mut Vec<u8>, parts: [&[u8]; 2]) -> Result<(), OutOfMemory> {
    let length = u32::try_from(parts[0].len() + parts[1].len()).map_err(|_| OutOfMemory)?;
    append(out, &[&[LOG, 0], &length.to_ne_bytes(), parts[0], parts[1]])
}

/// To QUERYSERVICEDSCDIR.
pub fn directory(out: &mut Vec<u8>, folder: &[u8]) -> Result<(), OutOfMemory> {
    let length = u32::try_from(folder.len()).map_err(|_| OutOfMemory)?;
    append(out, &[&[DIRECTORY], &length.to_ne_bytes(), folder])
}

/// To GETALLENV: every `NAME=VALUE`.
pub fn environment<'e>(
    out: &mut Vec<u8>,
    entries: impl Iterator<Item = &'e [u8]> + Clone,
) -> Result<(), OutOfMemory> {
    let length: usize = entries.clone().map(|entry| entry.len() + 1).sum();
    out.room(1 + size_of::<usize>() + length)?;
    out.push(ENVIRONMENT);
    out.extend_from_slice(&length.to_ne_bytes());
    for entry in entries {
        out.extend_from_slice(entry);
        out.push(0);
    }
    Ok(())
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    Code(Code),
    Version {
        minimum: u16,
        current: u16,
    },
    Record {
        state: State,
        handle: Handle,
        target: State,
    },
    Service {
        status: Status,
        name: &'a [u8],
    },
    Status {
        status: Status,
        already: bool,
    },
    LoadMechanism {
        working_folder: &'a [u8],
        folders: Vec<&'a [u8]>,
    },
    Dependents(Handles<'a>),
    Name(&'a [u8]),
    Log(&'a [u8]),
    Directory(&'a [u8]),
    /// Entries, each ended by a NUL.
    Environment(&'a [u8]),
    /// Extension: see [`super::details::parse`].
    Details(&'a [u8]),
    /// Extension: which could not be reloaded, and why; nothing was.
    ReloadRefused(&'a [u8]),
    /// Extension.
    LastError(&'a [u8]),
}

/// The reply at the start of what the daemon has sent. `layout` is that of the statuses in it, which only the client
/// knows: it is that of the request.
pub fn parse(buffer: &[u8], layout: Layout) -> Parsed<Reply<'_>> {
    let mut reader = Reader::new(buffer);
    let outcome = read(&mut reader, layout);
    reader.done(outcome)
}

fn read<'a>(reader: &mut Reader<'a>, layout: Layout) -> Result<Reply<'a>, Short> {
    let byte = reader.u8()?;
    if let Some(code) = Code::from_byte(byte) {
        return Ok(Reply::Code(code));
    }
    Ok(match byte {
        VERSION_REPLY => Reply::Version {
            minimum: reader.u16()?,
            current: reader.u16()?,
        },
        RECORD => {
            let state = reader.u8()?;
            let handle = reader.u32()?;
            let target = reader.u8()?;
            Reply::Record {
                state: state_from(state).ok_or(Short::Bad)?,
                handle,
                target: state_from(target).ok_or(Short::Bad)?,
            }
        }
        SERVICE_INFO => {
            let length = usize::from(reader.u8()?);
            let status = Status::read(reader, layout)?;
            let name = reader.take(length)?;
            Reply::Service { status, name }
        }
        STATUS => {
            let already = reader.u8()? != 0;
            let status = Status::read(reader, layout)?;
            Reply::Status { status, already }
        }
        LOAD_MECHANISM => mechanism(reader)?,
        DEPENDENTS => {
            let count = reader.usize()?;
            Reply::Dependents(Handles::read(reader, count)?)
        }
        NAME => {
            reader.u8()?;
            Reply::Name(reader.text16()?)
        }
        LOG => {
            reader.u8()?;
            Reply::Log(reader.text32()?)
        }
        DIRECTORY => Reply::Directory(reader.text32()?),
        ENVIRONMENT => {
            let length = reader.usize()?;
            Reply::Environment(reader.take(length)?)
        }
        extension::DETAILS => Reply::Details(reader.text32()?),
        extension::RELOAD_MANY => Reply::ReloadRefused(reader.text16()?),
        extension::LAST_ERROR => Reply::LastError(reader.text16()?),
        _ => return Err(Short::Bad),
    })
}

fn mechanism<'a>(reader: &mut Reader<'a>) -> Result<Reply<'a>, Short> {
    if reader.u8()? != DIRECTORIES {
        return Err(Short::Bad);
    }
    let total = reader.u32()? as usize;
    let body = reader.take(total.checked_sub(6).ok_or(Short::Bad)?)?;
    let mut body = Reader::new(body);
    let mut all = || {
        let count = body.u32()?;
        let working_folder = body.text32()?;
        let mut folders = Vec::new();
        for _ in 0..count {
            folders.push(body.text32()?);
        }
        Ok(Reply::LoadMechanism {
            working_folder,
            folders,
        })
    };
    // What lacks inside will not come.
    all().map_err(|_: Short| Short::Bad)
}
