//! Which board this is. A gateway's identity is bound to it, so that a copied card makes a new gateway instead of two
//! with one key (see the epochs in PROTOCOL.md).

use std::path::Path;

use commons_core::identity::hash;

/// Domain of the hash.
const PURPOSE: &str = "commons/1/board";

/// Device tree boards (Raspberry Pi and most routers): burnt in, survives a new card. Ends with a zero byte.
const SERIAL: &str = "proc/device-tree/serial-number";
/// Copied along with a card, so only used where the board itself says nothing. (A PC's product_uuid would say more, but
/// only root can read it: the same installation would be two gateways to root and to a user.)
const MACHINE: &str = "etc/machine-id";

/// A hash over what names this board; none if nothing does. Reveals neither serial number nor machine id.
pub fn board_id() -> Option<[u8; 32]> {
    board_id_under(Path::new("/"))
}

fn board_id_under(root: &Path) -> Option<[u8; 32]> {
    let read = |path: &str| -> Option<Vec<u8>> {
        let bytes = std::fs::read(root.join(path)).ok()?;
        let text = bytes
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != 0)
            .take(128)
            .collect::<Vec<u8>>();
        // Boards without a serial number say zeros, or nothing; "uninitialized" is systemd's first boot.
        let says_something = text.iter().any(|byte| *byte != b'0' && *byte != b'-');
        (says_something && text != b"uninitialized").then_some(text)
    };
    for (label, path) in [("serial", SERIAL), ("machine", MACHINE)] {
        if let Some(name) = read(path) {
            return Some(hash(PURPOSE, &[label.as_bytes(), &[0], &name]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_itself_and_no_other() {
        // A cloned card would go on under its old key and fork the log.
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(board_id_under(root.path()), None);
        put(MACHINE, "uninitialized\n");
        assert_eq!(board_id_under(root.path()), None);
        put(MACHINE, "3f1c\n");
        let machine = board_id_under(root.path()).unwrap();
        put(SERIAL, "0000000000000000\0");
        assert_eq!(board_id_under(root.path()), Some(machine));
        put(SERIAL, "10000000abcdef01\0");
        let board = board_id_under(root.path()).unwrap();
        assert_ne!(board, machine);
        // A new system on the same board is the same board.
        put(MACHINE, "77aa\n");
        assert_eq!(board_id_under(root.path()), Some(board));
    }
}
