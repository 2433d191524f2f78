//! Puts into the program what lies in folders, so that adding a language or a script is adding a file: the page's words, its
//! scripts and style sheets. Each is gzipped, which makes the program a quarter of a megabyte smaller.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::write::GzEncoder;
use flate2::Compression;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let mut codes = files(&root.join("src/web/words"), "ftl");
    // English first: it is what is spoken when nothing else fits. Then by code, so that builds are alike everywhere.
    codes.sort_by_key(|(name, _)| (name != "en.ftl", name.clone()));
    let codes = codes.into_iter().map(|(name, file)| (name.replace(".ftl", ""), file)).collect();
    list("languages.rs", codes);

    let mut sources = files(&root.join("src/web"), "css");
    sources.extend(files(&root.join("src/web/script"), "js"));
    let vendor = files(&root.join("src/web/script/vendor"), "js");
    sources.extend(vendor.into_iter().map(|(name, file)| (format!("vendor/{name}"), file)));
    list("sources.rs", sources);
}

/// Names and places of a folder's files with that extension, by name.
fn files(folder: &Path, extension: &str) -> Vec<(String, PathBuf)> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let paths = fs::read_dir(folder).expect("the folder is there").filter_map(|entry| Some(entry.ok()?.path()));
    let wanted = paths.filter(|path| path.extension().is_some_and(|own| own == extension));
    let mut files: Vec<_> =
        wanted.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path.clone()))).collect();
    files.sort();
    files
}

/// Writes a list of names and gzipped texts, as Rust.
fn list(name: &str, files: Vec<(String, PathBuf)>) {
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where to write"));
    let mut list = String::from("&[\n");
    for (name, file) in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let packed = out.join(format!("{}.gz", name.replace('/', "-")));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&fs::read(&file).expect("the file can be read")).expect("memory takes all");
        fs::write(&packed, encoder.finish().expect("memory takes all")).expect("the file is written");
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", packed.display().to_string())
            .expect("strings take all");
    }
    list.push(']');
    fs::write(out.join(name), list).expect("the list is written");
}
