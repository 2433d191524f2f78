//! The terminal's width, without `unsafe`.

use std::fs::File;
use std::process::{Command, Stdio};

/// Columns when nobody knows.
pub const COLUMNS_DEFAULT: usize = 80;

/// Columns of the terminal: $COLUMNS, else what `stty` says (the ioctl itself needs `unsafe`; stty is in coreutils and
/// in busybox), else 80.
pub fn columns() -> usize {
    let plausible = |columns: &usize| (20..=1000).contains(columns);
    std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(plausible)
        .or_else(|| {
            let terminal = File::open("/dev/tty").ok()?;
            let output = Command::new("stty").arg("size").stdin(terminal).stderr(Stdio::null()).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            text.split_whitespace().nth(1)?.parse().ok().filter(plausible)
        })
        .unwrap_or(COLUMNS_DEFAULT)
}
