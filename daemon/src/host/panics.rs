//! A panic is one line in the log with its place, not a page of backtrace in front of a volunteer.

use std::panic::PanicHookInfo;

/// Installs the hook. Call after logging has started. Whoever contains the panic counts it.
pub fn hook() {
    std::panic::set_hook(Box::new(|info| {
        tracing::error!(target: "commonsd::panic", "{}", line(info));
    }));
}

fn line(info: &PanicHookInfo<'_>) -> String {
    let said = info
        .payload()
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| info.payload().downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
    let thread = std::thread::current();
    format!("internal fault at {place} in {}: {}", thread.name().unwrap_or("a thread"), said.replace(['\n', '\r'], " "))
}
