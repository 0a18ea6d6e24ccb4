//! Connections to servers, by way of a proxy where the environment names one, and those that are kept for the next request.

use super::address::Address;
use super::proxy::Proxy;
use super::socket::Socket;
use super::tls::Secure;
use http::{Body, Head, is_text, request};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Bytes that are read at once where a body's reader asks for fewer.
const BUFFER: usize = 16 << 10;
/// What requests go through.
enum Stream {
    Plain(Socket),
    Secure(Box<rustls::StreamOwned<rustls::ClientConnection, Socket>>),
}

impl Stream {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => &mut stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(into),
            Self::Secure(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(data),
            Self::Secure(stream) => stream.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}

type Connection = BufReader<Stream>;

/// Connections that are kept, by whom they lead to.
pub struct Connections {
    patience: Duration,
    /// How many at most.
    most: usize,
    idle: Mutex<Vec<(String, Connection)>>,
}

impl Connections {
    /// None yet; `most` are kept, and `patience` is how long a server may make no progress.
    pub fn new(patience: Duration, most: usize) -> Self {
        Self {
            patience,
            most,
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(String, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a server with these fields beside those that every request has; the answer's head is there. `secure`: for who has TLS.
    ///
    /// # Errors
    /// What was wrong, in words, and what kind of fault it is.
    pub fn ask(
        &self,
        address: &Address<'_>,
        secure: Option<&Secure>,
        fields: &[(&str, &str)],
    ) -> Result<Answer<'_>, Refusal> {
        let proxy = Proxy::of(address).map_err(Refusal::of)?;
        let mut all = vec![("Host", address.host_and_port)];
        let secret = proxy.as_ref().and_then(|proxy| proxy.secret());
        let whole;
        let target = match &proxy {
            // A proxy of what is not secret is asked for the whole address.
            Some(_) if secure.is_none() => {
                all.extend(
                    secret
                        .as_deref()
                        .map(|secret| ("Proxy-Authorization", secret)),
                );
                whole = format!("http://{}{}", address.host_and_port, address.target);
                &whole
            }
            _ => address.target,
        };
        all.extend([("Accept", "*/*")]);
        all.extend(fields);
        if let Some((name, _)) = all.iter().find(|(_, value)| !is_text(value)) {
            return Err(Refusal::of(format!("control characters in {name}")));
        }
        let request = request("GET", target, all);
        let way = format!(
            "{} {:?}",
            address.authority,
            proxy.as_ref().map(Proxy::name)
        );
        loop {
            let kept = {
                let mut idle = self.idle();
                let place = idle.iter().rposition(|(other, _)| *other == way);
                place.map(|place| idle.swap_remove(place).1)
            };
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect(address, secure, proxy.as_ref(), secret.as_deref())?,
            };
            match exchange(&mut connection, &request) {
                Ok(head) => {
                    let body = Body::new(&head).map_err(Refusal::from)?;
                    return Ok(Answer {
                        head,
                        body,
                        connection: Some(connection),
                        way,
                        connections: self,
                    });
                }
                // The server closed it when it had been idle for long enough: the next one is asked, at last one that is new.
                Err(error) if is_kept && was_closed(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn connect(
        &self,
        address: &Address<'_>,
        secure: Option<&Secure>,
        proxy: Option<&Proxy>,
        secret: Option<&str>,
    ) -> Result<Connection, Refusal> {
        let (host, port) = match proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (address.host, address.port),
        };
        let about = |error: io::Error| match proxy {
            Some(proxy) => Refusal {
                reason: format!("the proxy {}: {}", proxy.name(), reason(&error)),
                kind: error.kind(),
            },
            None => error.into(),
        };
        let socket = Socket::connect(host, port, self.patience).map_err(about)?;
        let Some(secure) = secure else {
            return Ok(BufReader::with_capacity(BUFFER, Stream::Plain(socket)));
        };
        let mut stream = Stream::Plain(socket);
        if let Some(proxy) = proxy {
            stream = through(stream, address, proxy, secret)?;
        }
        let Stream::Plain(socket) = stream else {
            return Err(Refusal::of("TLS within TLS"));
        };
        let stream = secure.begin(address.host, socket).map_err(Refusal::of)?;
        Ok(BufReader::with_capacity(
            BUFFER,
            Stream::Secure(Box::new(stream)),
        ))
    }

    fn keep(&self, way: String, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() >= self.most {
            idle.remove(0);
        }
        idle.push((way, connection));
    }
}

/// Has a proxy connect with a server (RFC 9110, 9.3.6).
fn through(
    stream: Stream,
    address: &Address<'_>,
    proxy: &Proxy,
    secret: Option<&str>,
) -> Result<Stream, Refusal> {
    let target = match address.host.contains(':') {
        true => format!("[{}]:{}", address.host, address.port),
        false => format!("{}:{}", address.host, address.port),
    };
    let mut fields = vec![("Host", target.as_str())];
    fields.extend(secret.map(|secret| ("Proxy-Authorization", secret)));
    // Nothing comes behind the head until something was sent, so that nothing is left in the reader.
    let mut reader = BufReader::with_capacity(BUFFER, stream);
    let head = exchange(&mut reader, &request("CONNECT", &target, fields))?;
    if !(200..300).contains(&head.status) {
        return Err(Refusal::of(format!(
            "the proxy {} says {} {}",
            proxy.name(),
            head.status,
            head.reason
        )));
    }
    match reader.buffer().is_empty() {
        true => Ok(reader.into_inner()),
        false => Err(Refusal::of(format!(
            "the proxy {} says more than it was asked",
            proxy.name()
        ))),
    }
}

/// Sends a request and reads the answer's head; both within the socket's patience.
fn exchange(connection: &mut Connection, request: &str) -> Result<Head, http::Error> {
    connection.get_mut().socket().hurry();
    connection.get_mut().write_all(request.as_bytes())?;
    connection.get_mut().flush()?;
    let head = Head::read(connection)?;
    connection.get_mut().socket().relax();
    Ok(head)
}

/// Whether the other end may have been gone before it saw the request.
fn was_closed(error: &http::Error) -> bool {
    match error {
        http::Error::Closed => true,
        http::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
        ),
        _ => false,
    }
}

/// An answer. When all of its body was read, its connection is there for the next request.
pub struct Answer<'a> {
    /// Status and fields.
    pub head: Head,
    body: Body,
    connection: Option<Connection>,
    way: String,
    connections: &'a Connections,
}

impl Answer<'_> {
    /// Bytes of its body, if it says it.
    pub fn length(&self) -> Option<u64> {
        self.body.length()
    }
}

impl Read for Answer<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.connection {
            Some(connection) => self.body.read(connection, into),
            None => Ok(0),
        }
    }
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let mut buffer = [0; 4096];
        // What a redirect says beside its address came with it, or the connection is not waited for.
        while !self.body.is_free() && !connection.buffer().is_empty() {
            match self.body.read(&mut connection, &mut buffer) {
                Ok(count) if count > 0 => {}
                _ => break,
            }
        }
        if self.body.is_free() {
            self.connections
                .keep(std::mem::take(&mut self.way), connection);
        }
    }
}

/// Why there is no answer, in words.
#[derive(Debug)]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// Of what kind it is: [`ErrorKind::Other`] if asking again is of no use.
    pub kind: ErrorKind,
}

impl Refusal {
    fn of(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            kind: ErrorKind::Other,
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self {
            reason: reason(&error),
            kind: error.kind(),
        }
    }
}

impl From<http::Error> for Refusal {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Io(error) if error.kind() != ErrorKind::UnexpectedEof => error.into(),
            http::Error::Io(_) | http::Error::Closed => Self {
                reason: error.to_string(),
                kind: ErrorKind::UnexpectedEof,
            },
            other => Self::of(other.to_string()),
        }
    }
}

/// What went wrong, without the number that the system has for it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ")
        .next()
        .unwrap_or_default()
        .to_owned()
}
