//! The style sheet and the scripts, in the binary, at addresses that hold their hash: phones load them once and never ask
//! again.
//!
//! Scripts import each other by plain names (`./mqtt.js`), so that they read and run as they lie in `script/`. Here each
//! name becomes the hashed one, imports first, so that a changed module changes the address of all that import it. (The
//! policy forbids the import map that would do the same in the page.) Lines that are only a comment stay behind.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;
use commons_core::identity::{hash, hex};
use hyper::header::{HeaderMap, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use hyper::StatusCode;

use super::answer::{Answer, Cache};
use super::gzip;
use super::words::Lang;

/// What is embedded: name and gzipped text, found by `build.rs`. The order of loading follows from the scripts' imports.
static PACKED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// What lies at one address.
struct Asset {
    kind: &'static str,
    tag: String,
    plain: Bytes,
    packed: Bytes,
}

/// All of it, by path; and the path of each name.
struct Shelf {
    assets: BTreeMap<String, Asset>,
    paths: BTreeMap<&'static str, String>,
    /// The path of what the script says, by language.
    words: BTreeMap<&'static str, String>,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
    let mut shelf = Shelf { assets: BTreeMap::new(), paths: BTreeMap::new(), words: BTreeMap::new() };
    let sources = sources();
    for (name, _) in &sources {
        shelf.put(name, &sources, &mut Vec::new());
    }
    for lang in Lang::all() {
        // Texts by id; writing them into memory cannot fail.
        let words = serde_json::to_string(&lang.for_script()).unwrap_or_default();
        let file = shelf.lay(&format!("words-{}", lang.code()), "json", words);
        shelf.words.insert(lang.code(), format!("/assets/{file}"));
    }
    shelf
});

/// Names and texts of what is embedded.
fn sources() -> Vec<(&'static str, String)> {
    PACKED.iter().map(|(name, packed)| (*name, gzip::unpack(packed))).collect()
}

/// `/assets/<stem>-<hash>.<extension>` of an embedded file.
pub(super) fn path(name: &str) -> &'static str {
    // A name that is not embedded is a mistake of ours, which the first test to draw a page finds.
    SHELF.paths.get(name).map_or("/assets/none", String::as_str)
}

/// The path of what the script says in a language.
pub(super) fn words_path(lang: Lang) -> &'static str {
    SHELF.words.get(lang.code()).map_or("/assets/none", String::as_str)
}

/// The file, or "not modified" if the phone has it.
pub(super) fn answer(path: &str, headers: &HeaderMap) -> Option<Answer> {
    let asset = SHELF.assets.get(path)?;
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == asset.tag);
    let answer = match (known, gzip::is_taken(headers)) {
        (true, _) => Answer::empty(StatusCode::NOT_MODIFIED),
        (false, true) => Answer::new(StatusCode::OK, asset.kind, asset.packed.clone()).with(CONTENT_ENCODING, "gzip"),
        (false, false) => Answer::new(StatusCode::OK, asset.kind, asset.plain.clone()),
    };
    Some(answer.with(ETAG, &asset.tag).with(VARY, "accept-encoding").cached(Cache::Forever))
}

impl Shelf {
    /// Puts a file in, after what it imports, and returns its hashed file name. `open` are those that wait for it.
    fn put(&mut self, name: &'static str, sources: &[(&'static str, String)], open: &mut Vec<&'static str>) -> String {
        let file_of = |path: &str| path.trim_start_matches("/assets/").to_owned();
        if let Some(path) = self.paths.get(name) {
            return file_of(path);
        }
        assert!(!open.contains(&name), "{name} imports itself by way of {open:?}");
        open.push(name);
        let (_, source) =
            sources.iter().find(|(known, _)| *known == name).expect("only names of sources are asked for");
        let (stem, extension) = name.rsplit_once('.').expect("every source has an extension");
        let mut text = match extension {
            "js" => without_comments(source),
            _ => source.clone(),
        };
        for (imported, _) in sources {
            let quoted = format!("'./{imported}'");
            if extension == "js" && text.contains(&quoted) {
                let file = self.put(imported, sources, open);
                text = text.replace(&quoted, &format!("'./{file}'"));
            }
        }
        open.pop();
        let file = self.lay(&stem.replace('/', "-"), extension, text);
        self.paths.insert(name, format!("/assets/{file}"));
        file
    }

    /// Lays a finished text at the address that its hash gives, and returns the file's name.
    fn lay(&mut self, stem: &str, extension: &str, text: String) -> String {
        let hash = hex(&hash("commons/1/asset", &[text.as_bytes()])[..8]);
        let file = format!("{stem}-{hash}.{extension}");
        let kind = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "application/json",
        };
        let packed = Bytes::from(gzip::pack_small(text.as_bytes()));
        let asset = Asset { kind, tag: format!("\"{hash}\""), plain: Bytes::from(text), packed };
        self.assets.insert(format!("/assets/{file}"), asset);
        file
    }
}

/// A script without indentation and without the lines that are only a comment: they are for readers of the source.
fn without_comments(source: &str) -> String {
    let lines = source.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold(String::with_capacity(source.len()), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A phone would ask for a module that is not there, and the page would silently stay without script.
    #[test]
    fn every_import_leads_to_an_embedded_file() {
        for (path, asset) in SHELF.assets.iter().filter(|(path, _)| path.ends_with(".js")) {
            let text = std::str::from_utf8(&asset.plain).unwrap();
            for (at, _) in text.match_indices("'./") {
                let name = text[at + 3..].split('\'').next().unwrap();
                assert!(SHELF.assets.contains_key(&format!("/assets/{name}")), "{path} imports {name}");
            }
        }
    }

    /// A script that lies in the folder and is not embedded would work for nobody.
    #[test]
    fn every_script_is_embedded() {
        for folder in ["script", "script/vendor"] {
            let folder_path = format!("{}/src/web/{folder}", env!("CARGO_MANIFEST_DIR"));
            let Ok(entries) = std::fs::read_dir(folder_path) else { continue };
            for entry in entries {
                let file = entry.unwrap().file_name().into_string().unwrap();
                if let Some(name) = file.strip_suffix(".js") {
                    let prefix = if folder.ends_with("vendor") { "vendor/" } else { "" };
                    assert!(path(&format!("{prefix}{name}.js")) != "/assets/none", "{folder}/{file}");
                }
            }
        }
    }

    /// On a slow link a neighbour would wait for minutes; phones with little memory would drop the page.
    #[test]
    fn everything_is_small() {
        const ALL_BYTES_MAX: usize = 60 * 1024;
        let sizes: Vec<(&String, usize)> =
            SHELF.assets.iter().map(|(path, asset)| (path, asset.packed.len())).collect();
        let all: usize = sizes.iter().map(|(_, size)| size).sum();
        // The five languages' words are each loaded by those who read them.
        assert!(all <= ALL_BYTES_MAX, "{all} bytes gzipped: {sizes:?}");
    }

    /// The script would be silent where it should speak, or a translator would work for nothing.
    #[test]
    fn every_word_of_the_script_is_there_and_used() {
        let scripts: String =
            sources().into_iter().filter(|(name, _)| name.ends_with(".js")).map(|(_, text)| text).collect();
        let used: BTreeSet<&str> =
            scripts.split("say('").skip(1).map(|rest| rest.split('\'').next().unwrap_or_default()).collect();
        for lang in Lang::all() {
            let known: BTreeSet<&str> = lang.for_script().into_keys().collect();
            assert_eq!(known, used, "{lang:?}");
        }
        assert!(used.len() > 10, "{used:?}");
    }

    /// What is said once about a link's cost must hold: the same bytes come out of the packed file.
    #[test]
    fn packed_and_plain_are_the_same() {
        use std::io::Read;
        for (path, asset) in &SHELF.assets {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&asset.packed[..]).read_to_end(&mut text).unwrap();
            assert_eq!(text, asset.plain, "{path}");
            // A frame around nothing costs a little.
            assert!(asset.packed.len() < asset.plain.len().max(100), "{path}");
        }
    }
}
