//! Export and import inside the daemon, for the keeper's page: the same acts as the command's, with the same checks and the
//! same sentences, over the desk that answers the local socket.

use std::path::Path;

use tokio::runtime::Handle;

use super::remote::Remote;
use super::stick::To;
use super::{export, import, said, Quiet};
use crate::carry::{Carried, Carry};
use crate::cli::plain;
use crate::control::{Answerer, Desk, Reply, Request};

/// A desk that is asked from a thread that may block.
pub struct Inside {
    desk: Desk,
    runtime: Handle,
}

impl Inside {
    /// Answers run on `runtime`.
    pub fn new(desk: Desk, runtime: Handle) -> Self {
        Self { desk, runtime }
    }
}

struct Asked<'a>(&'a Inside);

impl Answerer for Asked<'_> {
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        Ok(self.0.runtime.block_on(self.0.desk.answer(request.clone())))
    }
}

impl Carry for Inside {
    fn export(&self, file: &Path) -> Carried {
        match export::to_file(&mut Remote(&mut Asked(self)), file, To::All, &mut Quiet) {
            Ok(exported) => carried(true, said::put(&exported, None), file, ""),
            Err(error) => carried(false, vec![error.to_string()], file, "the file"),
        }
    }

    fn import(&self, file: &Path, called: &str) -> Carried {
        match import::from_file(&mut Remote(&mut Asked(self)), file, &mut Quiet) {
            Ok(imported) => carried(imported.refused.is_empty(), said::taken(&imported, false), file, called),
            Err(error) => carried(false, vec![error.to_string()], file, called),
        }
    }
}

/// Sentences with the file as people call it: where it lay here is nobody's business.
fn carried(good: bool, lines: Vec<String>, file: &Path, called: &str) -> Carried {
    let path = file.display().to_string();
    let lines = lines.iter().map(|line| plain::line(&line.replace(&path, called)));
    Carried { good, lines: lines.filter(|line| !line.is_empty()).collect() }
}
