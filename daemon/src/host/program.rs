//! What another program of the machine says, with a limit: a tool that hangs must not take the one who asks with it.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take.
const WITHIN: Duration = Duration::from_secs(2);
/// Bytes of its answer that are read: less than a pipe holds, so that it never waits for us.
const ANSWER_BYTES_MAX: u64 = 48 * 1024;

/// Its standard output, if it is there and ends in time.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let end = Instant::now() + WITHIN;
    loop {
        match child.try_wait() {
            Ok(Some(_)) => break,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
    let mut answer = Vec::new();
    child.stdout.take()?.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_or_is_missing_says_nothing() {
        // `commonsd doctor` would hang with the radio it asks about.
        assert_eq!(said("echo", &["one"]).as_deref(), Some("one\n"));
        assert_eq!(said("/nowhere/tool", &[]), None);
        let began = Instant::now();
        assert_eq!(said("sleep", &["60"]), None);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
