//! The bytes of a connection, as they are or encrypted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

/// What rustls may hold back, either way.
const MAX_TLS_BYTES: usize = 64 * 1024;

pub(super) enum Wire {
    Plain(TcpStream),
    Tls(TcpStream, Box<ServerConnection>),
}

impl Wire {
    /// `stream` must not block.
    pub(super) fn new(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let Some(config) = tls else { return Ok(Self::Plain(stream)) };
        let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        connection.set_buffer_limit(Some(MAX_TLS_BYTES));
        Ok(Self::Tls(stream, Box::new(connection)))
    }

    pub(super) fn descriptor(&self) -> RawFd {
        match self {
            Self::Plain(stream) | Self::Tls(stream, _) => stream.as_raw_fd(),
        }
    }

    /// What was given to it is not out yet.
    pub(super) fn has_more(&self) -> bool {
        matches!(self, Self::Tls(_, connection) if connection.wants_write())
    }

    /// A handshake is answered on the way.
    fn step(stream: &mut TcpStream, connection: &mut ServerConnection) -> io::Result<()> {
        if connection.read_tls(stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = connection.process_new_packets().map_err(io::Error::other);
        // An alert says why, if it fits.
        let written = Self::push(stream, connection);
        read.and(written)
    }

    fn push(stream: &mut TcpStream, connection: &mut ServerConnection) -> io::Result<()> {
        while connection.wants_write() {
            match connection.write_tls(stream) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let (stream, connection) = match self {
            Self::Plain(stream) => return stream.read(chunk),
            Self::Tls(stream, connection) => (stream, connection),
        };
        loop {
            match connection.reader().read(chunk) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Self::step(stream, connection)?,
                done => return done,
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (stream, connection) = match self {
            Self::Plain(stream) => return stream.write(bytes),
            Self::Tls(stream, connection) => (stream, connection),
        };
        Self::push(stream, connection)?;
        if connection.wants_write() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = connection.writer().write(bytes)?;
        Self::push(stream, connection)?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream, connection) => Self::push(stream, connection),
        }
    }
}
