//! How long work gets on: a bar on a terminal, a line now and then elsewhere, on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::plain;
use crate::bundle::Progress;

/// Work that is done sooner shows nothing.
const SHOWN_AFTER: Duration = Duration::from_millis(400);
/// Between two pictures of the bar.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// Between two lines.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// Columns of the bar itself.
const BAR_COLUMNS: usize = 24;

/// A bar or lines.
pub struct Shown {
    to: Box<dyn Write>,
    terminal: bool,
    what: String,
    began: Instant,
    shown: Option<Instant>,
}

impl Shown {
    /// On standard error; none if nobody wants to see it.
    pub fn standard(quiet: bool) -> Box<dyn Progress> {
        if quiet {
            return Box::new(crate::bundle::Quiet);
        }
        let errors = std::io::stderr();
        let terminal = errors.is_terminal();
        Box::new(Self::to(Box::new(errors), terminal))
    }

    fn to(to: Box<dyn Write>, terminal: bool) -> Self {
        Self { to, terminal, what: String::new(), began: Instant::now(), shown: None }
    }

    fn show(&mut self, done: u64, all: u64) {
        let percent = (done.min(all) * 100).checked_div(all).unwrap_or(100) as usize;
        // A terminal that went away is no reason to stop.
        let _ = if self.terminal {
            let full = BAR_COLUMNS * percent / 100;
            let (full, empty) = ("#".repeat(full), " ".repeat(BAR_COLUMNS - full));
            write!(self.to, "\r[{full}{empty}] {percent:>3} %  {}\x1b[K", plain::cut(&self.what, 44))
                .and_then(|()| self.to.flush())
        } else {
            writeln!(self.to, "{}: {percent} %", self.what)
        };
    }
}

impl Progress for Shown {
    fn begin(&mut self, what: &str) {
        (self.what, self.began, self.shown) = (plain::line(what), Instant::now(), None);
    }

    fn at(&mut self, done: u64, all: u64) {
        let every = if self.terminal { BAR_EVERY } else { LINE_EVERY };
        let since = self.shown.map_or(self.began.elapsed() >= SHOWN_AFTER, |shown| shown.elapsed() >= every);
        if since {
            self.shown = Some(Instant::now());
            self.show(done, all);
        }
    }

    fn end(&mut self) {
        if self.shown.take().is_some() {
            let _ = if self.terminal {
                write!(self.to, "\r\x1b[K").and_then(|()| self.to.flush())
            } else {
                writeln!(self.to, "{}: done", self.what)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::Paper;

    /// A log file would fill with pictures of a bar, or a person would wait without knowing for what.
    #[test]
    fn a_bar_for_people_and_lines_for_files() {
        for terminal in [true, false] {
            let paper = Paper::default();
            let mut shown = Shown::to(Box::new(paper.clone()), terminal);
            shown.begin("taking in what\u{1b}[2J Cedar wrote");
            shown.at(1, 2);
            assert!(paper.0.lock().unwrap().is_empty(), "short work shows nothing");
            shown.began = Instant::now().checked_sub(SHOWN_AFTER).unwrap();
            shown.at(1, 2);
            shown.at(2, 2);
            shown.end();
            let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.matches('%').count(), 1, "{text}");
            assert_eq!(text.contains("[####"), terminal, "{text}");
            assert_eq!(text.lines().count(), if terminal { 1 } else { 2 }, "{text:?}");
            assert!(text.contains(" 50 %") && !text.contains("\u{1b}[2J"), "{text:?}");
        }
    }
}
