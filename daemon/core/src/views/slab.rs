//! A slab: values by a small number, in chunks, so that growing neither copies nor doubles what a small board has.

use alloc::vec::Vec;

/// Values of one chunk.
const CHUNK: usize = 256;

/// Values by handle. A handle is given again after its value was taken out.
pub struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// The handle that [`Slab::insert`] will give next.
    pub fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.end())
    }

    /// Puts a value in.
    pub fn insert(&mut self, value: T) -> u32 {
        let handle = self.next();
        if self.free.pop().is_some() {
            if let Some(place) = self.place(handle) {
                *place = Some(value);
            }
            return handle;
        }
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(Some(value)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Some(value));
                self.chunks.push(chunk);
            }
        }
        handle
    }

    fn place(&mut self, handle: u32) -> Option<&mut Option<T>> {
        self.chunks.get_mut(handle as usize / CHUNK)?.get_mut(handle as usize % CHUNK)
    }

    /// The value with that handle.
    pub fn get(&self, handle: u32) -> Option<&T> {
        self.chunks.get(handle as usize / CHUNK)?.get(handle as usize % CHUNK)?.as_ref()
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, handle: u32) -> Option<&mut T> {
        self.place(handle)?.as_mut()
    }

    /// Takes a value out.
    pub fn remove(&mut self, handle: u32) -> Option<T> {
        let value = self.place(handle)?.take()?;
        self.free.push(handle);
        Some(value)
    }

    /// One more than the highest handle ever given.
    pub fn end(&self) -> u32 {
        let full = self.chunks.len().saturating_sub(1) * CHUNK;
        (full + self.chunks.last().map_or(0, Vec::len)) as u32
    }

    /// All values.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handle that pointed at another neighbour's item would show or end the wrong one.
    #[test]
    fn handles_stay_true_over_many_chunks() {
        let mut slab = Slab::default();
        for n in 0..1_000u32 {
            assert_eq!((slab.next(), slab.insert(n)), (n, n));
        }
        for n in (0..1_000).step_by(3) {
            assert_eq!(slab.remove(n), Some(n));
            assert_eq!(slab.remove(n), None);
        }
        for n in 2_000..2_100 {
            let handle = slab.next();
            assert_eq!(slab.insert(n), handle);
            assert_eq!(slab.get(handle), Some(&n));
        }
        assert_eq!(slab.iter().count(), 1_000 - 334 + 100);
        assert_eq!(slab.end(), 1_000);
        assert_eq!(slab.get(1), Some(&1));
        assert_eq!(slab.get(5_000), None);
    }
}
