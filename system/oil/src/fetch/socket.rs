//! A connection of TCP to a server that is given only so long.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

/// A socket; reading and writing wait no longer than `patience`, and not beyond `until`.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    patience: Duration,
    /// Until when what is under way has to be done; a server that sends a byte now and then is not to hold it up.
    until: Option<Instant>,
}

impl Socket {
    /// To the first of a host's addresses that answers.
    ///
    /// # Errors
    /// Those of looking the host up, and of the last address.
    pub fn connect(host: &str, port: u16, patience: Duration) -> io::Result<Self> {
        let until = Instant::now() + patience;
        let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
        let mut last = io::Error::new(ErrorKind::NotFound, "there is no such host");
        for (place, address) in addresses.iter().enumerate() {
            let left = until.saturating_duration_since(Instant::now());
            let share = left / (addresses.len() - place) as u32;
            let share = share.max(Duration::from_millis(1));
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Self {
                        stream,
                        patience,
                        until: None,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(told(last, patience))
    }

    /// Has all that follows done within its patience, until [`Socket::relax`].
    pub fn hurry(&mut self) {
        self.until = Some(Instant::now() + self.patience);
    }

    /// Gives each call its own patience again.
    pub fn relax(&mut self) {
        self.until = None;
    }

    /// How long the next call may take.
    fn share(&self) -> io::Result<Option<Duration>> {
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        match left {
            Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
            Some(left) => Ok(Some(left.min(self.patience))),
            None => Ok(Some(self.patience)),
        }
    }
}

/// With words of ours for a server that makes no progress.
fn told(error: io::Error, patience: Duration) -> io::Error {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            let seconds = patience.as_secs();
            let text = format!("no progress for {seconds} seconds (see --timeout)");
            io::Error::new(ErrorKind::TimedOut, text)
        }
        _ => error,
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let share = self.share();
        let read = share.and_then(|share| self.stream.set_read_timeout(share));
        let read = read.and_then(|()| self.stream.read(into));
        read.map_err(|error| told(error, self.patience))
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let share = self.share();
        let written = share.and_then(|share| self.stream.set_write_timeout(share));
        let written = written.and_then(|()| self.stream.write(data));
        written.map_err(|error| told(error, self.patience))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
