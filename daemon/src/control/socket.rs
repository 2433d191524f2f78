//! The socket file in the data directory: bound so that a long path works, a dead daemon's file is replaced, and nobody
//! else ever finds it open.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Its name in the data directory.
pub const SOCKET_NAME: &str = "commonsd.sock";
const NEW_NAME: &str = ".commonsd.sock.new";

/// The bound socket. Its file goes when it is dropped.
pub struct ControlSocket {
    pub(super) listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Binds it. `AddrInUse` when a living gateway answers there.
    pub fn bind(data: &Path) -> io::Result<Self> {
        if connect(data).is_ok() {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("another gateway is running in {}", data.display()),
            ));
        }
        let (path, new) = (data.join(SOCKET_NAME), data.join(NEW_NAME));
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Bound under another name and renamed once its mode is right: nobody can connect in between, and a dead
        // daemon's file is replaced in the same step.
        let listener = within(data, |short| UnixListener::bind(short.join(NEW_NAME)))?;
        std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        std::fs::rename(&new, &path)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // Left behind it is harmless: the next start replaces it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Connects to a living gateway's socket.
pub fn connect(data: &Path) -> io::Result<UnixStream> {
    within(data, |short| UnixStream::connect(short.join(SOCKET_NAME)))
}

/// A socket's path may have 107 bytes (unix(7)), a data directory more: through the open directory's descriptor every
/// path is short.
fn within<T>(data: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let folder = File::open(data)?;
    act(Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())))
}
