//! Where a service's output goes when it does not go straight to a file: a pipe that we read into a buffer or a file
//! that rotates, or that another service reads.

use super::reexec::adopt;
use crate::codec::record;
use crate::description::{Description, Log, LogFile};
use crate::log::buffer::Buffer;
use crate::log::file::Rotating;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::os::fd::{AsRawFd, OwnedFd};

/// A pipe and what becomes of what is written to it. Both ends stay open between runs of the service.
pub struct Output {
    pub read: OwnedFd,
    pub write: OwnedFd,
    sink: Sink,
}

enum Sink {
    Buffer(Buffer),
    File(Rotating),
    /// A service with `consumer-of` reads.
    Consumer,
}

impl Output {
    /// What the description asks for; None when the output does not go through a pipe.
    ///
    /// # Errors
    /// That of pipe2(2).
    pub fn open(description: &Description) -> Result<Option<Self>, Errno> {
        let sink = match &description.log {
            Log::Buffer { size, keep_newest } => Sink::Buffer(Buffer::new(*size, *keep_newest)),
            Log::Pipe => Sink::Consumer,
            Log::File(file) if file.max_size > 0 => Sink::File(Rotating::new(file)),
            Log::File(_) | Log::None => return Ok(None),
        };
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        if !matches!(sink, Sink::Consumer) {
            rustix::io::ioctl_fionbio(&read, true)?;
        }
        Ok(Some(Self { read, write, sink }))
    }

    /// Whether we read the pipe.
    pub fn is_ours(&self) -> bool {
        !matches!(self.sink, Sink::Consumer)
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) {
        match &mut self.sink {
            Sink::Buffer(buffer) => buffer.push(bytes),
            Sink::File(file) => file.write(bytes),
            Sink::Consumer => {}
        }
    }

    pub fn buffer(&mut self) -> Option<&mut Buffer> {
        match &mut self.sink {
            Sink::Buffer(buffer) => Some(buffer),
            Sink::File(_) | Sink::Consumer => None,
        }
    }

    pub fn saved(&self) -> SavedOutput {
        let (mut kind, mut size, mut keep_newest, mut content, mut file) =
            (0, 0, false, Vec::new(), None);
        match &self.sink {
            Sink::Consumer => {}
            Sink::Buffer(buffer) => {
                kind = 1;
                size = buffer.limit();
                keep_newest = buffer.keeps_newest();
                content = buffer.contents().concat();
            }
            Sink::File(rotating) => {
                kind = 2;
                file = Some(rotating.settings().clone());
            }
        }
        SavedOutput {
            read: self.read.as_raw_fd(),
            write: self.write.as_raw_fd(),
            kind,
            size,
            keep_newest,
            content: content.into(),
            file,
        }
    }

    pub fn restore(saved: SavedOutput) -> Option<Self> {
        let sink = match (saved.kind, &saved.file) {
            (0, _) => Sink::Consumer,
            (1, _) => {
                let mut buffer = Buffer::new(saved.size, saved.keep_newest);
                buffer.push(&saved.content);
                Sink::Buffer(buffer)
            }
            (2, Some(file)) => Sink::File(Rotating::new(file)),
            _ => return None,
        };
        Some(Self {
            read: adopt(saved.read)?,
            write: adopt(saved.write)?,
            sink,
        })
    }
}

/// An [`Output`] with the numbers of its descriptors.
pub struct SavedOutput {
    read: i32,
    write: i32,
    /// 0: for a consumer; 1: to a buffer; 2: to a file.
    kind: u8,
    size: usize,
    keep_newest: bool,
    content: Box<[u8]>,
    file: Option<LogFile>,
}
record!(SavedOutput {
    read,
    write,
    kind,
    size,
    keep_newest,
    content,
    file
});
