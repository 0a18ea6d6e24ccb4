//! One frame of Zstandard. Decoders are used again: each has a window of its own, of megabytes that the kernel would
//! have to bring anew for every package.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Mutex, PoisonError};
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// Windows are 2 to this power of bytes at most.
const MAX_WINDOW: u32 = 27;

/// Decoders that nobody uses: as many as were in use at once.
static IDLE: Mutex<Vec<Decoder<'static>>> = Mutex::new(Vec::new());

/// The bytes of a frame that must come to its end.
pub struct Unzstd<R> {
    input: BufReader<R>,
    /// None once the frame has ended.
    state: Option<Decoder<'static>>,
}

impl<R: Read> Unzstd<R> {
    pub fn new(input: BufReader<R>) -> io::Result<Self> {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let state = match idle {
            Some(decoder) => decoder,
            None => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW))?;
                decoder
            }
        };
        let state = Some(state);
        Ok(Self { input, state })
    }

    /// What the frame is read from.
    pub fn input(&mut self) -> &mut BufReader<R> {
        &mut self.input
    }
}

impl<R> Unzstd<R> {
    /// Gives the decoder back. What it has of a frame is forgotten.
    fn end(&mut self) {
        if let Some(mut decoder) = self.state.take()
            && decoder.reinit().is_ok()
        {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(decoder);
        }
    }
}

impl<R: Read> Read for Unzstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(state) = &mut self.state {
            let input = self.input.fill_buf()?;
            let status = state.run_on_buffers(input, into)?;
            self.input.consume(status.bytes_read);
            let ended = status.remaining == 0;
            if ended {
                self.end();
            } else if status.bytes_read == 0 && status.bytes_written == 0 && !into.is_empty() {
                // Nothing is left to be read, or nothing can be made of it.
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if status.bytes_written > 0 || into.is_empty() {
                return Ok(status.bytes_written);
            }
        }
        Ok(0)
    }
}

impl<R> Drop for Unzstd<R> {
    fn drop(&mut self) {
        self.end();
    }
}
