//! commonsd: the gateway daemon of a neighbourhood's own network.

pub mod about;
pub mod accounts;
pub mod assembly;
pub mod audit;
pub mod bundle;
pub mod caller;
pub mod carry;
pub mod checkup;
pub mod cli;
pub mod compress;
pub mod config;
pub mod control;
pub mod counters;
pub mod doctor;
pub mod door;
pub mod exchange;
pub mod founding;
pub mod host;
pub mod hosted;
pub mod household;
pub mod inbox;
pub mod keeper;
pub mod library;
pub mod neighbours;
mod news;
pub mod passes;
pub mod peers;
pub mod pen;
pub mod proof;
mod reach;
pub mod refusals;
pub mod retained;
pub mod run;
pub mod store;
pub mod wall;
pub mod wants;
mod web;
pub mod writer;

fn main() -> std::process::ExitCode {
    // Reading and writing the index happens in a process of its own: see `store`.
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).take(3).collect();
    if let [first, action, dir] = arguments.as_slice() {
        if first == store::INDEX_HELPER {
            let done = store::index_helper(&action.to_string_lossy(), dir.as_ref());
            return std::process::ExitCode::from(u8::from(done.is_err()));
        }
    }
    cli::main(&run::Gateway)
}
