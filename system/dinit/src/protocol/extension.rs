//! Extensions: requests, replies and info that dinit does not have. dinit answers such a request with BADREQ and closes
//! the connection; a client must then do without, or say that this daemon lacks it.
//!
//! | number | request | answer |
//! |---|---|---|
//! | 200 | DETAILS: u32 handle, or `0xFFFFFFFF` for all services | 200, u32 length, text ([`super::details`]); NAK |
//! | 201 | FOLLOWLOG: u32 handle | ACK or NAK; then info 201: u16 total length, u32 handle, bytes |
//! | 202 | RELOADMANY: u16 count, as many u32 handles | ACK; or 202, u16 length, text: nothing was changed |
//! | 203 | REEXEC | ACK or NAK |
//! | 204 | LASTERROR | 204, u16 length, text: why this connection's last load or reload failed; may be empty |

use super::request::bytes;
use super::{Handle, OutOfMemory, Reader, Short, append};

pub const DETAILS: u8 = 200;
pub const FOLLOW_LOG: u8 = 201;
pub const RELOAD_MANY: u8 = 202;
pub const REEXEC: u8 = 203;
pub const LAST_ERROR: u8 = 204;

/// For DETAILS: every loaded service.
pub const ALL: Handle = u32::MAX;
/// So many services can be reloaded at once: what fits into [`super::MAX_REQUEST`].
pub const MAX_RELOAD: usize = (super::MAX_REQUEST - 3) / size_of::<Handle>();

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// `None`: of all services.
    Details(Option<Handle>),
    /// Send what the service writes from now on, as [`super::info::log_data`], until the connection ends.
    FollowLog(Handle),
    /// Reload all of them, or none.
    ReloadMany(Handles<'a>),
    /// Run the daemon's file anew, keeping everything.
    Reexec,
    LastError,
}

/// Handles as they lie in a request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handles<'a>(&'a [u8]);

impl<'a> Handles<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, count: usize) -> Result<Self, Short> {
        let length = count.checked_mul(size_of::<Handle>()).ok_or(Short::Bad)?;
        Ok(Self(reader.take(length)?))
    }

    pub fn iter(self) -> impl ExactSizeIterator<Item = Handle> + use<'a> {
        self.0
            .chunks_exact(size_of::<Handle>())
            .map(|four| four.try_into().map_or(0, Handle::from_ne_bytes))
    }
}

/// The request for RELOADMANY; `None` when there are none or too many.
pub fn reload_many(handles: &[Handle]) -> Option<Vec<u8>> {
    if handles.is_empty() || handles.len() > MAX_RELOAD {
        return None;
    }
    let count = u16::try_from(handles.len()).ok()?;
    let mut request = bytes(RELOAD_MANY, &[&count.to_ne_bytes()]);
    for handle in handles {
        request.extend_from_slice(&handle.to_ne_bytes());
    }
    Some(request)
}

pub(super) fn read_request<'a>(byte: u8, reader: &mut Reader<'a>) -> Result<Request<'a>, Short> {
    Ok(match byte {
        DETAILS => Request::Details(Some(reader.u32()?).filter(|handle| *handle != ALL)),
        FOLLOW_LOG => Request::FollowLog(reader.u32()?),
        RELOAD_MANY => {
            let count = usize::from(reader.u16()?);
            if count == 0 || count > MAX_RELOAD {
                return Err(Short::Bad);
            }
            Request::ReloadMany(Handles::read(reader, count)?)
        }
        REEXEC => Request::Reexec,
        LAST_ERROR => Request::LastError,
        _ => return Err(Short::Bad),
    })
}

impl Request<'_> {
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Details(handle) => bytes(DETAILS, &[&handle.unwrap_or(ALL).to_ne_bytes()]),
            Self::FollowLog(handle) => bytes(FOLLOW_LOG, &[&handle.to_ne_bytes()]),
            Self::ReloadMany(handles) => {
                let handles: Vec<Handle> = handles.iter().collect();
                reload_many(&handles)?
            }
            Self::Reexec => vec![REEXEC],
            Self::LastError => vec![LAST_ERROR],
        })
    }
}

/// The reply to RELOADMANY when one could not be reloaded: which, and why.
pub fn reload_refused(out: &mut Vec<u8>, message: &[u8]) -> Result<(), OutOfMemory> {
    text(out, RELOAD_MANY, message)
}

/// The reply to LASTERROR; empty when nothing went wrong.
pub fn last_error(out: &mut Vec<u8>, message: &[u8]) -> Result<(), OutOfMemory> {
    text(out, LAST_ERROR, message)
}

fn text(out: &mut Vec<u8>, code: u8, message: &[u8]) -> Result<(), OutOfMemory> {
    let message = &message[..message.len().min(usize::from(u16::MAX))];
    append(
        out,
        &[&[code], &(message.len() as u16).to_ne_bytes(), message],
    )
}
