//! A fork proof as people carry it: `FORK:1:`, then the two signed records as hex digits with a colon between. One spelling for a QR
//! code, a terminal, a page and a slip of paper. It stands by its two signatures, so who brings it does not matter.

use commons_core::identity::{unhex, NetworkId};
use commons_core::record::{Body, ForkProof};

use crate::host::random;
use crate::pen::{Pen, Written};

/// What it begins with, so that whoever scans it knows what it is.
pub const PROOF: &str = "FORK:1:";
/// Letters of one, at most: two records of 1,024 bytes.
pub const LETTERS_MAX: usize = PROOF.len() + 4 * 1_024 + 1;

/// The letters of two signed records, as hex digits: capitals, which QR codes hold most of.
pub fn letters(first: &str, second: &str) -> String {
    format!("{PROOF}{first}:{second}").to_uppercase()
}

/// Reads them; blanks and line breaks, as paper and phones add them, do not matter. Whether it proves anything the ledger says.
pub fn read(letters: &str) -> Option<ForkProof> {
    let text: String = letters.split_whitespace().collect::<String>().to_lowercase();
    let (first, second) = text.strip_prefix(&PROOF.to_lowercase())?.split_once(':')?;
    Some(ForkProof { first: unhex(first)?, second: unhex(second)? })
}

/// The record that brings it in, signed with a key that is drawn for it and forgotten.
pub fn brought(network: NetworkId, created: u64, proof: ForkProof) -> std::io::Result<Written> {
    Ok(Pen::new(&random::seed()?, network).write(created, Body::ForkProof(proof)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proof copied from paper would not be taken; or something else would be taken for one.
    #[test]
    fn letters_are_read_as_people_bring_them() {
        let written = letters("fe01ab", "fe01cd");
        assert_eq!(written, "FORK:1:FE01AB:FE01CD");
        let proof = ForkProof { first: vec![0xfe, 1, 0xab], second: vec![0xfe, 1, 0xcd] };
        for brought in [written.as_str(), " fork:1:fe01AB:\nFE 01 cd "] {
            assert_eq!(read(brought).as_ref(), Some(&proof), "{brought}");
        }
        for bad in ["", "FORK:1:", "FORK:2:FE:FE", "FORK:1:FE01", "FORK:1:FE0:FE", "CARD:1:FE:FE", "FORK:1:FE:FE:FE"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
