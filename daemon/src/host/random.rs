//! Seeds from the kernel.

use std::io;

/// 32 random bytes. Waits at first boot until the kernel has gathered enough.
pub fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(seed)
}

/// Four random bytes as a number: a salt, an epoch.
pub fn number() -> io::Result<u32> {
    let [a, b, c, d, ..] = seed()?;
    Ok(u32::from_be_bytes([a, b, c, d]))
}

/// Eight random bytes as a number.
pub fn long_number() -> io::Result<u64> {
    let [a, b, c, d, e, f, g, h, ..] = seed()?;
    Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_seeds_differ() {
        // Two gateways would share one key.
        assert_ne!(super::seed().unwrap(), super::seed().unwrap());
    }
}
