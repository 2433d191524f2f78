//! Writes the list of the page's languages from the files that are there, so that adding one is adding one file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const WORDS: &str = "src/web/words";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={WORDS}");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let mut codes: Vec<String> = fs::read_dir(Path::new(&root).join(WORDS))
        .expect("the languages are there")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".ftl")?.to_owned()))
        .collect();
    // English first: it is what is spoken when nothing else fits. Then by code, so that builds are alike everywhere.
    codes.sort_by_key(|code| (code != "en", code.clone()));
    let mut list = String::from("&[\n");
    for code in &codes {
        let file = Path::new(&root).join(WORDS).join(format!("{code}.ftl"));
        println!("cargo:rerun-if-changed={}", file.display());
        writeln!(list, "    ({code:?}, include_str!({:?})),", file.display().to_string()).expect("strings take all");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo says where to write");
    fs::write(Path::new(&out).join("languages.rs"), list).expect("the list is written");
}
