//! What an export or an import did, in sentences: on the terminal and in `LAST-EXCHANGE.txt`.

use commons_core::identity::GatewayId;

use super::export::Exported;
use super::import::Imported;
use crate::cli::plain;

/// What an import did. `is_folder`: from a stick, not from one file.
pub fn taken(imported: &Imported, is_folder: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if imported.bundles == 0 && imported.refused.is_empty() {
        lines.push(match is_folder {
            true => "There is nothing of another gateway on this stick.".into(),
            false => "This is what this gateway itself wrote; there is nothing to take.".into(),
        });
    } else if imported.took == 0 && imported.refused.is_empty() && imported.forks.is_empty() {
        lines.push("Nothing new: everything on it is here already.".into());
    } else {
        let why = if imported.refused.is_empty() { " that were here already" } else { "" };
        lines.push(format!("Took {}, left {}{why}.", posts(imported.took), imported.left));
    }
    for (id, (name, count)) in &imported.writers {
        let name = plain::line(name);
        if *count > 0 {
            lines.push(format!("  {} brought by \"{name}\" ({})", posts(*count), id.short()));
        }
    }
    lines.extend(imported.refused.iter().map(|why| format!("Refused: {why}")));
    lines.extend(imported.forks.iter().map(forked));
    lines.extend(imported.notes.iter().cloned());
    if let Some(why) = &imported.unreceipted {
        lines.push(format!("No receipt could be left, so the same may be brought again: {why}."));
    }
    lines
}

/// What an export did; `peer`: for that gateway alone.
pub fn put(exported: &Exported, peer: Option<&str>) -> Vec<String> {
    let whom = peer.map_or_else(|| "whoever comes".into(), |peer| format!("\"{}\"", plain::line(peer)));
    let mut lines = Vec::new();
    match &exported.path {
        Some(path) => {
            lines.push(format!(
                "Wrote {} for {whom} ({}).",
                posts(exported.content.entries),
                plain::bytes(exported.bytes)
            ));
            lines.push(format!("  {}", path.display()));
        }
        None => lines.push(format!("Nothing new for {whom}.")),
    }
    if exported.deleted > 0 {
        lines.push(format!("Removed {} that nobody needs any more.", files(exported.deleted)));
    }
    lines.extend(exported.notes.iter().cloned());
    lines
}

/// The same for `LAST-EXCHANGE.txt`.
pub fn short(imported: Option<&Imported>, exported: Option<&Exported>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(imported) = imported {
        lines.push(format!("Took {}, left {}.", posts(imported.took), imported.left));
        lines.extend(imported.refused.iter().map(|why| format!("Refused: {}", plain::line(why))));
        lines.extend(imported.forks.iter().map(forked));
    }
    if let Some(exported) = exported {
        lines.push(format!("Wrote {}.", posts(exported.content.entries)));
    }
    lines.push("It is safe to remove the stick.".into());
    lines
}

fn forked(id: &GatewayId) -> String {
    format!(
        "Learnt that gateway {} signed two different continuations of one log: its card was copied, or an old copy was put \
         back. Both are kept and shown.",
        id.short()
    )
}

fn posts(count: u64) -> String {
    match count {
        1 => "1 post".into(),
        count => format!("{count} posts"),
    }
}

fn files(count: usize) -> String {
    if count == 1 {
        "1 file".into()
    } else {
        format!("{count} files")
    }
}
