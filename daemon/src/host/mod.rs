//! The machine: the only room that names `nix`, systemd and the kernel's files.
//!
//! Nothing here decides anything about neighbours; it reads the machine, tells systemd how we are, and says no when the
//! disk is nearly full.

pub mod activation;
pub mod addresses;
pub mod board;
pub mod clock;
pub mod disk;
pub mod files;
pub mod inspect;
pub mod journal;
pub mod links;
pub mod multicast;
pub mod notify;
pub mod owner;
pub mod panics;
pub mod private;
pub mod program;
pub mod radio;
pub mod random;
pub mod signals;
pub mod sockets;
pub mod terminal;

/// Whether this process is root, for whom data belongs under /var/lib.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
