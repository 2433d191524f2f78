//! How often a property is tried.

use proptest::prelude::ProptestConfig;

/// `usual` cases, or as many as `PROPTEST_CASES` asks for: few under an emulator (`cross/test`), many in a long search.
pub fn cases(usual: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { usual };
    ProptestConfig { cases, ..asked }
}
