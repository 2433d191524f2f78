//! The terminal: its width, and words typed without being shown; without `unsafe`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use nix::sys::termios::{tcgetattr, tcsetattr, LocalFlags, SetArg, Termios};

/// Bytes of one hidden line, at most.
const LINE_BYTES_MAX: u64 = 4_096;

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

/// A line typed at the terminal and not shown. The terminal is put back as it was, also after Ctrl-C, which is an error here.
pub fn ask_hidden(question: &str) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(question.as_bytes())?;
    let before = tcgetattr(&terminal)?;
    let mut hidden = before.clone();
    // Without signals: Ctrl-C would end the process and leave the terminal mute.
    hidden.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &hidden)?;
    let back = Back { terminal: terminal.try_clone()?, before };
    let mut line = String::new();
    let read = BufReader::new((&terminal).take(LINE_BYTES_MAX)).read_line(&mut line);
    drop(back);
    terminal.write_all(b"\n")?;
    read?;
    if line.contains(['\u{3}', '\u{4}', '\u{1a}', '\u{1c}']) || line.is_empty() {
        return Err(io::Error::new(io::ErrorKind::Interrupted, "nothing was typed"));
    }
    Ok(line)
}

struct Back {
    terminal: File,
    before: Termios,
}

impl Drop for Back {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}
