//! The command line's end of the local socket. Plain blocking std: a command needs no runtime.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::request::{Reply, Request, REPLY_BYTES_MAX};
use super::socket::connect;
use super::Answerer;

/// How long a running gateway may think about an answer before the command gives up.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// The same for a backup, which copies the whole journal.
const BACKUP_MAX: Duration = Duration::from_secs(3_600);

/// A connection that was silent for so long may have been ended by the gateway, which waits 60 s: a slow stick was written.
const FRESH: Duration = Duration::from_secs(45);

/// A connection to a running gateway.
pub struct Running {
    stream: BufReader<UnixStream>,
    data: PathBuf,
    used: Instant,
}

impl Running {
    /// Connects. None when nobody runs there; an error when one does that we may not ask.
    pub fn connect(data: &Path) -> io::Result<Option<Self>> {
        match connect(data) {
            Ok(stream) => {
                stream.set_write_timeout(Some(ANSWER_MAX))?;
                Ok(Some(Self { stream: BufReader::new(stream), data: data.to_owned(), used: Instant::now() }))
            }
            // No file, or the file of a daemon that was killed.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for changes; then [`Running::next_change`].
    pub fn watch(&mut self) -> io::Result<()> {
        self.send(&Request::Watch {})?;
        self.stream.get_ref().set_read_timeout(Some(ANSWER_MAX))?;
        self.line()?;
        // Nothing may happen for hours.
        self.stream.get_ref().set_read_timeout(None)
    }

    /// The next change: `{"v":1,"change":{...}}` or `{"v":1,"lagged":n}`; none when the gateway ends.
    pub fn next_change(&mut self) -> io::Result<Option<Reply>> {
        match self.line() {
            Ok(line) => Ok(Some(line)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        let mut line = request.line();
        line.push('\n');
        self.stream.get_mut().write_all(line.as_bytes())
    }

    fn line(&mut self) -> io::Result<Reply> {
        let mut line = Vec::new();
        (&mut self.stream).take(REPLY_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the gateway ended while answering"));
        }
        serde_json::from_slice(&line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the answer is no JSON"))
    }
}

impl Answerer for Running {
    fn answer(&mut self, request: &Request) -> io::Result<Reply> {
        if self.used.elapsed() > FRESH {
            let again = connect(&self.data)?;
            again.set_write_timeout(Some(ANSWER_MAX))?;
            self.stream = BufReader::new(again);
        }
        let patience = match request {
            Request::Backup { .. } => BACKUP_MAX,
            _ => ANSWER_MAX,
        };
        self.stream.get_ref().set_read_timeout(Some(patience))?;
        self.send(request)?;
        let line = self.line();
        self.used = Instant::now();
        line.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => io::Error::new(
                io::ErrorKind::TimedOut,
                format!("the gateway gave no answer within {} s", patience.as_secs()),
            ),
            _ => error,
        })
    }
}
