//! Export and import inside the daemon, for the keeper's page: the same acts as the command's, with the same checks, over the desk
//! that answers the local socket. What they came to is told as [`Said`]; the page puts it into words.

use std::path::Path;

use tokio::runtime::Handle;
use tracing::warn;

use super::import::Imported;
use super::remote::Remote;
use super::stick::To;
use super::{export, import, Quiet};
use crate::carry::{Carried, Carry, Said, Why};
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
    fn export(&self, file: &Path) -> Result<(), Why> {
        match export::to_file(&mut Remote(&mut Asked(self)), file, To::All, &mut Quiet) {
            Ok(_) => Ok(()),
            Err(error) => {
                warn!(%error, "a bundle for the keeper's page could not be written");
                Err(error.why())
            }
        }
    }

    fn import(&self, file: &Path, called: &str) -> Carried {
        match import::from_file(&mut Remote(&mut Asked(self)), file, &mut Quiet) {
            Ok(imported) => {
                imported.refused.iter().for_each(|why| warn!(why, "a bundle by upload is refused"));
                Carried { good: imported.refused.is_empty(), said: told(&imported, &plain::line(called)) }
            }
            Err(error) => {
                warn!(%error, "a bundle by upload could not be read");
                Carried { good: false, said: vec![Said::Failed(error.why())] }
            }
        }
    }
}

/// What one file brought, as [`said::taken`](super::said::taken) says it on the terminal; the file as people call it, for where it lay
/// here is nobody's business.
fn told(imported: &Imported, called: &str) -> Vec<Said> {
    let whole = imported.refused.is_empty();
    let mut all = Vec::new();
    match (imported.bundles, imported.took) {
        (0, _) if whole => all.push(Said::OwnFile),
        (_, 0) if whole && imported.forks.is_empty() => all.push(Said::NothingNew),
        (_, took) => {
            all.push(Said::Took(took));
            if imported.left > 0 {
                all.push(if whole { Said::Known(imported.left) } else { Said::Left(imported.left) });
            }
        }
    }
    let writers = imported.writers.iter().filter(|(_, (_, posts))| *posts > 0);
    all.extend(writers.map(|(id, (name, posts))| Said::By {
        name: plain::line(name),
        id: id.short().to_owned(),
        posts: *posts,
    }));
    all.extend(imported.whys.iter().map(|why| Said::Refused { file: called.to_owned(), why: why.clone() }));
    all.extend(imported.forks.iter().map(|id| Said::Forked { id: id.short().to_owned() }));
    all
}

#[cfg(test)]
mod tests {
    use commons_core::identity::GatewayId;

    use super::*;

    /// A keeper would think that a neighbour's posts are here while they were refused, or carry the same file in again.
    #[test]
    fn an_import_is_told_as_it_went() {
        let id = GatewayId([0xcd; 32]);
        let short = id.short().to_owned();
        let of = |imported: &Imported| told(imported, "monday.cbundle");
        assert_eq!(of(&Imported::default()), [Said::OwnFile]);
        assert_eq!(of(&Imported { bundles: 1, known: 1, ..Imported::default() }), [Said::NothingNew]);
        let writers = [(id, ("Cedar\u{202e}".to_owned(), 3))].into();
        let some = Imported { bundles: 1, took: 3, left: 2, writers, ..Imported::default() };
        let by = Said::By { name: "Cedar".into(), id: short.clone(), posts: 3 };
        assert_eq!(of(&some), [Said::Took(3), Said::Known(2), by.clone()]);
        let cut = Said::Refused { file: "monday.cbundle".into(), why: Why::CutShort };
        let forked = Imported { forks: vec![id], refused: vec!["x".into()], whys: vec![Why::CutShort], ..some };
        assert_eq!(of(&forked), [Said::Took(3), Said::Left(2), by, cut, Said::Forked { id: short }]);
    }
}
