//! A program with a signature: `commonsd-0.2.0-arm64` and beside it `commonsd-0.2.0-arm64.minisig`, as minisign makes it.
//! What the program is stands in the signature's trusted comment, which is signed too: `commonsd 0.2.0 arm64 store=1`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};

/// Bytes of a program at most; ours has 7 MB.
pub const PROGRAM_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Bytes of a signature or key file at most.
const SMALL_BYTES_MAX: u64 = 4096;
/// Keys looked at, at most.
const KEYS_MAX: usize = 16;
/// The processor this program was built for, in Debian's words.
pub const ARCHITECTURE: &str = match std::env::consts::ARCH.as_bytes() {
    b"aarch64" => "arm64",
    b"arm" => "armhf",
    b"x86_64" => "amd64",
    _ => std::env::consts::ARCH,
};

/// What a signature says of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Such as `0.2.0`.
    pub version: String,
    /// As Debian calls it.
    pub architecture: String,
    /// The format of the store it writes.
    pub store: u32,
}

/// The keys of those who may make updates: `etc/commons/update-keys/*.pub`.
pub fn keys(root: &Path) -> Vec<PublicKey> {
    let folder = root.join("etc/commons/update-keys");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|end| end == "pub"));
    paths.truncate(KEYS_MAX);
    paths.iter().filter_map(|path| PublicKey::decode(&small(path)?).ok()).collect()
}

/// Where a program's signature is.
pub fn signature_of(program: &Path) -> PathBuf {
    let mut name = program.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

/// Checks a program against its signature and the keys; what it is, or why it is not taken.
pub fn check(program: &Path, keys: &[PublicKey]) -> Result<Signed, String> {
    if keys.is_empty() {
        return Err("this card knows no key of anybody who may make updates".into());
    }
    let plain = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let beside = signature_of(program);
    if !plain(program) || !plain(&beside) {
        return Err("the program or its signature (.minisig) is missing".into());
    }
    let text = small(&beside).ok_or("its signature cannot be read")?;
    let signature = Signature::decode(&text).map_err(|_| "its signature is none of minisign's")?;
    let signer = keys.iter().find_map(|key| Some((key, key.verify_stream(&signature).ok()?)));
    let (_, mut verifier) = signer.ok_or("it is signed by nobody whom this card knows")?;
    let file = File::open(program).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut file = file.take(PROGRAM_BYTES_MAX + 1);
    let (mut piece, mut bytes) = (vec![0; 64 * 1024], 0);
    loop {
        let count = file.read(&mut piece).map_err(|error| format!("it cannot be read: {error}"))?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        verifier.update(&piece[..count]);
    }
    if bytes > PROGRAM_BYTES_MAX {
        return Err("it is too large for a program of ours".into());
    }
    verifier.finalize().map_err(|_| "it is not what was signed: damaged, or changed by somebody")?;
    parse(signature.trusted_comment()).ok_or_else(|| "its signature does not say what it is".into())
}

/// `commonsd VERSION ARCHITECTURE store=N`
fn parse(comment: &str) -> Option<Signed> {
    let mut words = comment.split_whitespace();
    let (ours, version, architecture, store) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let store = store.strip_prefix("store=")?.parse().ok()?;
    number(version)?;
    (ours == "commonsd" && words.next().is_none()).then(|| Signed {
        version: version.into(),
        architecture: architecture.into(),
        store,
    })
}

/// A version to compare: three numbers.
pub fn number(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version.split('.').map(|part| part.parse().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

fn small(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(SMALL_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Made with minisign 0.11 for this test and nothing else.
    pub const KEY: &str = include_str!("../tests/update/key.pub");
    pub const PROGRAM: &str = include_str!("../tests/update/commonsd-0.2.0");
    pub const SIGNATURE: &str = include_str!("../tests/update/commonsd-0.2.0.minisig");

    fn laid_out() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("commonsd-0.2.0");
        std::fs::write(&program, PROGRAM).unwrap();
        std::fs::write(signature_of(&program), SIGNATURE).unwrap();
        (folder, program)
    }

    #[test]
    fn only_what_was_signed_is_taken() {
        // Whoever leaves a stick in the hallway would own the gateway.
        let key = [PublicKey::decode(KEY).unwrap()];
        let (_folder, program) = laid_out();
        let signed = Signed { version: "0.2.0".into(), architecture: "arm64".into(), store: 1 };
        assert_eq!(check(&program, &key), Ok(signed));
        let why = |program: &Path, keys: &[PublicKey]| check(program, keys).unwrap_err();
        assert!(why(&program, &[]).contains("knows no key"));
        let stranger = PublicKey::from_base64("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
        assert!(why(&program, &[stranger]).contains("nobody whom this card knows"));
        std::fs::write(&program, PROGRAM.replace("echo", "rm -r")).unwrap();
        assert!(why(&program, &key).contains("not what was signed"));
        std::fs::write(&program, PROGRAM).unwrap();
        // The comment is signed as well: nobody makes an old program a new one.
        std::fs::write(signature_of(&program), SIGNATURE.replace("0.2.0 arm64", "9.2.0 arm64")).unwrap();
        assert!(why(&program, &key).contains("not what was signed"));
        std::fs::write(signature_of(&program), "rubbish").unwrap();
        assert!(why(&program, &key).contains("none of minisign's"));
        std::fs::remove_file(signature_of(&program)).unwrap();
        assert!(why(&program, &key).contains("missing"));
        // A link on the card's own disk could point at anything.
        std::os::unix::fs::symlink("/dev/zero", signature_of(&program)).unwrap();
        assert!(why(&program, &key).contains("missing"));
    }

    #[test]
    fn a_comment_that_is_no_version_is_refused() {
        // An update could not be told from an older one.
        for bad in ["", "commonsd", "commonsd 1.2 arm64 store=1", "commonsd 1.2.3 arm64", "other 1.2.3 arm64 store=1"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(number("0.10.0") > number("0.9.9"));
    }
}
