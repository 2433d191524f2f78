//! How many files and connections this process may have open.

use nix::sys::resource::{getrlimit, rlim_t, setrlimit, Resource};

/// Sessions, pages and files together, with the default limits of the configuration.
const WANTED: rlim_t = 8_192;

/// Raises the soft limit as far as the hard one allows: a terminal's 1,024 would turn neighbours away. Returns what holds.
pub fn raise_limit() -> nix::Result<rlim_t> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = WANTED.min(hard).max(soft);
    if wanted > soft {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    }
    Ok(wanted)
}
