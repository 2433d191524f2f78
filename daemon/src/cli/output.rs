//! Where words go and how a command ends.

use std::io::{self, BufWriter, Stdout, Write};
use std::process::ExitCode;

/// Standard output, buffered.
pub struct Output {
    to: Box<dyn Write>,
    /// Columns to fill, or endless when it is not read by a person.
    pub columns: usize,
}

impl Output {
    /// The process's own.
    pub fn standard() -> Self {
        use std::io::IsTerminal;
        let columns = if io::stdout().is_terminal() {
            crate::host::terminal::columns()
        } else {
            // Cutting what goes into a file or a pipe would lose words.
            usize::MAX
        };
        Self { to: Box::new(BufWriter::<Stdout>::new(io::stdout())), columns }
    }

    /// For tests.
    #[cfg(test)]
    pub fn to(to: Box<dyn Write>, columns: usize) -> Self {
        Self { to, columns }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// For people.
    pub sentence: String,
}

impl Failure {
    /// One.
    pub fn new(code: u8, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

/// Prints the one sentence and gives the exit code. A reader that went away (`commonsd needs | head`) is no error.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    let broken = error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe));
    if broken {
        return ExitCode::SUCCESS;
    }
    // Not eprintln: it panics when stderr is closed.
    let _ = writeln!(io::stderr(), "commonsd: {}", sentence(error));
    let code = error.chain().find_map(|cause| cause.downcast_ref::<Failure>()).map_or(1, |failure| failure.code);
    ExitCode::from(code)
}

/// The error and its causes in one sentence, without saying anything twice.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.contains(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}
