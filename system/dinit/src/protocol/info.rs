//! Info: what the daemon says without being asked, to those who hold a handle or asked to listen.

use super::status::{Layout, Status, event_from};
use super::{Handle, OutOfMemory, Parsed, Reader, Short, append, extension};
use crate::engine::Event;
use crate::memory::Room;

const SERVICE_EVENT: u8 = 100;
const SERVICE_EVENT5: u8 = 101;
const ENVIRONMENT_EVENT: u8 = 102;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Info<'a> {
    /// Something happened to a service. The daemon says it twice, the second time in the layout of version 1; from
    /// daemons before version 2 without a status.
    Service {
        handle: Handle,
        event: Event,
        layout: Layout,
        status: Option<Status>,
    },
    /// `NAME=VALUE` was set, or `NAME` unset.
    Environment {
        entry: &'a [u8],
        /// There was such a variable before.
        overridden: bool,
    },
    /// Extension: output of a service whose log is followed.
    Log { handle: Handle, bytes: &'a [u8] },
    /// Something newer than this.
    Unknown(u8),
}

/// Whether this first byte is that of an info rather than of a reply.
pub fn is_info(byte: u8) -> bool {
    (100..200).contains(&byte) || byte == extension::FOLLOW_LOG
}

/// The info at the start of what the daemon has sent.
pub fn parse(buffer: &[u8]) -> Parsed<Info<'_>> {
    let mut reader = Reader::new(buffer);
    let outcome = read(&mut reader);
    reader.done(outcome)
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<Info<'a>, Short> {
    let code = reader.u8()?;
    if code == extension::FOLLOW_LOG {
        let total = usize::from(reader.u16()?);
        let handle = reader.u32()?;
        let bytes = reader.take(total.checked_sub(7).ok_or(Short::Bad)?)?;
        return Ok(Info::Log { handle, bytes });
    }
    if !is_info(code) {
        return Err(Short::Bad);
    }
    let length = usize::from(reader.u8()?);
    let packet = reader.take(length.checked_sub(2).ok_or(Short::Bad)?)?;
    let mut packet = Reader::new(packet);
    let info = match code {
        SERVICE_EVENT | SERVICE_EVENT5 => service(&mut packet, code),
        ENVIRONMENT_EVENT => {
            // The length does not count the text: it lies behind what the length covers.
            let overridden = packet.u8().map(|flags| flags & 1 != 0);
            let text = packet.u16();
            return match (overridden, text) {
                (Ok(overridden), Ok(size)) => match reader.take(usize::from(size))? {
                    [entry @ .., 0] => Ok(Info::Environment { entry, overridden }),
                    _ => Err(Short::Bad),
                },
                _ => Err(Short::Bad),
            };
        }
        _ => Ok(Info::Unknown(code)),
    };
    // What lacks inside the packet will not come.
    info.map_err(|_| Short::Bad)
}

fn service<'a>(packet: &mut Reader<'_>, code: u8) -> Result<Info<'a>, Short> {
    let handle = packet.u32()?;
    let event = event_from(packet.u8()?).ok_or(Short::Bad)?;
    let (layout, status) = if code == SERVICE_EVENT5 {
        (Layout::V5, Some(Status::read(packet, Layout::V5)?))
    } else {
        let status = match Status::read(packet, Layout::V1) {
            Err(Short::Needs(_)) => None,
            status => Some(status?),
        };
        (Layout::V1, status)
    };
    Ok(Info::Service {
        handle,
        event,
        layout,
        status,
    })
}

/// SERVICEEVENT5 and SERVICEEVENT, for one handle. To be sent once for every handle of the service that a connection has.
pub fn service_event(
    out: &mut Vec<u8>,
    handle: Handle,
    event: Event,
    status: &Status,
) -> Result<(), OutOfMemory> {
    const HEAD: usize = 7;
    let mut packets = [0; 2 * HEAD + Layout::V5.size() + Layout::V1.size()];
    let (new, old) = packets.split_at_mut(HEAD + Layout::V5.size());
    for (packet, code, layout) in [
        (new, SERVICE_EVENT5, Layout::V5),
        (old, SERVICE_EVENT, Layout::V1),
    ] {
        packet[0] = code;
        packet[1] = packet.len() as u8;
        packet[2..6].copy_from_slice(&handle.to_ne_bytes());
        packet[6] = event as u8;
        packet[HEAD..].copy_from_slice(&status.encode(layout)[..layout.size()]);
    }
    append(out, &[&packets])
}

/// ENVEVENT: `NAME=VALUE` was set or `NAME` unset. An entry of 65,535 bytes or more is not told.
pub fn environment_event(
    out: &mut Vec<u8>,
    entry: &[u8],
    overridden: bool,
) -> Result<(), OutOfMemory> {
    let Ok(size) = u16::try_from(entry.len() + 1) else {
        return Ok(());
    };
    append(
        out,
        &[
            &[ENVIRONMENT_EVENT, 5, u8::from(overridden)],
            &size.to_ne_bytes(),
            entry,
            &[0],
        ],
    )
}

/// Extension: output of a service that is followed, in as many packets as it takes.
pub fn log_data(out: &mut Vec<u8>, handle: Handle, bytes: &[u8]) -> Result<(), OutOfMemory> {
    const HEAD: usize = 7;
    const MAX: usize = u16::MAX as usize - HEAD;
    out.room(bytes.len() + bytes.len().div_ceil(MAX) * HEAD)?;
    for part in bytes.chunks(MAX) {
        let total = (part.len() + HEAD) as u16;
        out.push(extension::FOLLOW_LOG);
        out.extend_from_slice(&total.to_ne_bytes());
        out.extend_from_slice(&handle.to_ne_bytes());
        out.extend_from_slice(part);
    }
    Ok(())
}
