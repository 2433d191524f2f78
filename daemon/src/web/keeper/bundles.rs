//! Bundles that go to a phone and come from one: a phone is a stick too. Files lie in a folder of their own in the data directory,
//! one at a time; nothing of them is left behind.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::CONTENT_DISPOSITION;
use tokio::sync::{mpsc, OwnedSemaphorePermit};
use tracing::warn;

use super::overview::{self, Wrong};
use super::session::{Entered, Told};
use super::upload::Upload;
use super::{acts, entry};
use crate::carry::{Carried, Said, Why};
use crate::web::answer::{Answer, Cache, Fault};
use crate::web::request::Head;
use crate::web::Web;

/// The folder in the data directory.
const FOLDER: &str = "passing";
/// Bytes handed on at once.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces between disk and socket, and between socket and disk.
const PIECES_MAX: usize = 4;
/// What a form holds beside the file, in bytes.
const FORM_BYTES: u64 = 8 * 1024;

/// Removes what a killed run has left.
pub(super) fn sweep(data: &Path) {
    if let Err(error) = fs::remove_dir_all(data.join(FOLDER)) {
        if error.kind() != std::io::ErrorKind::NotFound {
            warn!(%error, "what was left of a bundle by upload cannot be removed");
        }
    }
}

/// A file under way, removed when this is dropped.
struct Passing {
    path: PathBuf,
    _one: OwnedSemaphorePermit,
}

impl Passing {
    fn begin(data: &Path, one: OwnedSemaphorePermit) -> std::io::Result<Self> {
        sweep(data);
        let folder = data.join(FOLDER);
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self { path: folder.join("bundle.cbundle"), _one: one })
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let folder = self.path.parent().map(Path::to_owned).unwrap_or_default();
        // A few unlinks; also done by the next one and at the next start.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Whether the disk has room for so much more, beyond what must stay free.
fn has_room(web: &Web, bytes: u64) -> bool {
    let free = web.inbox.health().borrow().disk_free_bytes;
    free >= bytes.saturating_add(web.config.store.reserve_bytes)
}

async fn wrong(
    web: &Web,
    head: &Head,
    entered: &Entered,
    field: &'static str,
    id: &'static str,
) -> Result<Answer, Fault> {
    let page = overview::show(web, &head.view, entered, Some(&Wrong::own(field, "", id))).await?;
    Ok(page.with_status(hyper::StatusCode::CONFLICT))
}

/// `POST /keeper/export`: everything this gateway has, as a file.
pub(super) async fn export(web: &Web, head: &Head, entered: &Entered) -> Result<Answer, Fault> {
    let keeping = web.keeper.keeping()?;
    let Ok(one) = web.keeper.carrying.clone().try_acquire_owned() else {
        return wrong(web, head, entered, "export", "keeper-carrying").await;
    };
    let journal = web.inbox.health().borrow().journal_bytes;
    if !has_room(web, journal) {
        return wrong(web, head, entered, "export", "keeper-no-room").await;
    }
    let (data, carry) = (keeping.data.clone(), keeping.carry.clone());
    let (pieces, receiver) = mpsc::channel(PIECES_MAX);
    let (begun, written) = tokio::sync::oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let made = Passing::begin(&data, one).map_err(no_file).and_then(|passing| {
            carry.export(&passing.path)?;
            let file = fs::File::open(&passing.path).map_err(no_file)?;
            Ok((passing, file))
        });
        match made {
            Ok((passing, file)) => {
                if begun.send(Ok(())).is_ok() {
                    hand_on(file, &pieces);
                }
                drop(passing);
            }
            Err(why) => drop(begun.send(Err(why))),
        }
    });
    match written.await {
        Ok(Ok(())) => {
            let name =
                format!("attachment; filename=\"commons-{}.cbundle\"", &web.about.id[..8.min(web.about.id.len())]);
            Ok(Answer::stream("application/octet-stream", receiver)
                .with(CONTENT_DISPOSITION, &name)
                .cached(Cache::Never))
        }
        Ok(Err(why)) => {
            Ok(acts::back(web, head, entered, Told::Carried(Carried { good: false, said: vec![Said::Failed(why)] })))
        }
        Err(_) => Err(Fault::Broken),
    }
}

fn no_file(error: std::io::Error) -> Why {
    warn!(%error, "a bundle for a download could not be kept");
    Why::File
}

fn hand_on(mut file: fs::File, pieces: &mpsc::Sender<Bytes>) {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        match file.read(&mut piece) {
            Ok(0) => return,
            Ok(count) => {
                piece.truncate(count);
                // A phone that left, or that reads nothing for so long that its socket was closed.
                if pieces.blocking_send(piece.into()).is_err() {
                    return;
                }
            }
            Err(error) => {
                // The file's own end is missing then, and whoever imports it is told.
                warn!(%error, "a bundle could not be read back for its download");
                return;
            }
        }
    }
}

/// `POST /keeper/import`: a bundle, by upload. The form's own fields come before the file.
pub(super) async fn import(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let bytes_max = web.config.keeper.upload_bytes_max;
    let entered = match entry::require(web, head).await? {
        Ok(entered) => entered,
        Err(answer) => return Ok(answer),
    };
    let mut upload = Upload::begin(head, body, bytes_max.saturating_add(FORM_BYTES))?;
    let mut is_ours = false;
    let file = loop {
        let Some(part) = upload.part().await? else { break None };
        match (part.name.as_str(), part.file) {
            ("form", None) => is_ours = upload.field().await? == entered.form,
            ("file", Some(called)) => break Some(called),
            _ => drop(upload.field().await?),
        }
    };
    if !is_ours {
        return Err(Fault::OldForm);
    }
    let Some(called) = file.filter(|called| !called.is_empty()) else {
        return wrong(web, head, &entered, "file", "keeper-file-missing").await;
    };
    let Ok(one) = web.keeper.carrying.clone().try_acquire_owned() else {
        return wrong(web, head, &entered, "file", "keeper-carrying").await;
    };
    let size = head.headers.get(hyper::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if !has_room(web, size.unwrap_or(bytes_max)) {
        return wrong(web, head, &entered, "file", "keeper-no-room").await;
    }
    let keeping = web.keeper.keeping()?;
    let (data, carry) = (keeping.data.clone(), keeping.carry.clone());
    let (pieces, mut receiver) = mpsc::channel::<Bytes>(PIECES_MAX);
    let (whole, is_whole) = std::sync::mpsc::channel();
    let called: String = called.chars().take(100).collect();
    let working = tokio::task::spawn_blocking(move || -> Result<Option<Carried>, std::io::Error> {
        let passing = Passing::begin(&data, one)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&passing.path)?;
        while let Some(piece) = receiver.blocking_recv() {
            file.write_all(&piece)?;
        }
        drop(file);
        // Only what came to its end is looked at.
        Ok(is_whole.recv().is_ok().then(|| carry.import(&passing.path, &called)))
    });
    while let Some(piece) = upload.piece().await? {
        if pieces.send(piece).await.is_err() {
            break;
        }
    }
    let _ = whole.send(());
    drop((pieces, whole));
    match working.await {
        Ok(Ok(Some(carried))) => {
            if !carried.good {
                web.inbox.refusals().note("keeper", "bundle_refused", Some(head.address));
            }
            Ok(acts::back(web, head, &entered, Told::Carried(carried)))
        }
        Ok(Err(error)) => {
            warn!(%error, "a bundle by upload could not be written");
            wrong(web, head, &entered, "file", "keeper-no-room").await
        }
        Ok(Ok(None)) | Err(_) => Err(Fault::Broken),
    }
}
