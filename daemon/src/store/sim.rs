//! A disk in memory that loses power: what was written but not synced may survive in part, torn and out of order.
//!
//! Strict: every unsynced 4 KiB page holds any of the versions it went through, or is torn at 512 B; every unsynced
//! name change happened or did not, each on its own. Ext4-like: name changes survive in order, a file's sync takes them
//! along, and a file does not grow before its data is there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

use super::disk::{Disk, DiskFile};

const PAGE_BYTES: usize = 4096;
const SECTOR_BYTES: usize = 512;

/// SplitMix64: small, seedable, the same everywhere.
#[derive(Clone, Debug)]
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mode {
    Strict,
    Ext4Like,
}

#[derive(Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    seen: Vec<u8>,
    writes: Vec<(u64, Vec<u8>)>,
}

#[derive(Clone)]
enum NameChange {
    Set(String, usize),
    Unset(String),
    Rename(String, String, usize),
}

struct State {
    mode: Mode,
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    changes: Vec<NameChange>,
    steps: u64,
    power_until: u64,
    full_at: Option<u64>,
    capacity: u64,
}

#[derive(Clone)]
pub(super) struct SimDisk(Rc<RefCell<State>>);

pub(super) struct SimFile(Rc<RefCell<State>>, usize);

impl SimDisk {
    pub fn new(mode: Mode) -> Self {
        Self(Rc::new(RefCell::new(State {
            mode,
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            steps: 0,
            power_until: u64::MAX,
            full_at: None,
            capacity: u64::MAX,
        })))
    }

    /// The power goes after so many more changes.
    pub fn cut_after(&self, steps: u64) {
        let mut state = self.0.borrow_mut();
        state.power_until = state.steps + steps;
    }

    /// The change after so many finds the disk full, half-way through if it is a write.
    pub fn full_after(&self, steps: u64) {
        let mut state = self.0.borrow_mut();
        state.full_at = Some(state.steps + steps);
    }

    pub fn set_capacity(&self, bytes: u64) {
        self.0.borrow_mut().capacity = bytes;
    }

    pub fn used(&self) -> u64 {
        self.0.borrow().used()
    }

    /// Changes bytes of a file behind everybody's back.
    pub fn damage(&self, name: &str, offset: usize, length: usize) {
        let mut state = self.0.borrow_mut();
        let inode = state.names[name];
        let contents = &mut state.inodes[inode].seen;
        contents[offset..offset + length].iter_mut().for_each(|b| *b ^= 0x5a);
        state.inodes[inode].durable = state.inodes[inode].seen.clone();
    }

    /// What a new start finds after the power was cut.
    pub fn after_cut(&self, dice: &mut Dice) -> Self {
        let state = self.0.borrow();
        let after = Self::new(state.mode);
        let mut new = after.0.borrow_mut();
        let mut names = state.durable_names.clone();
        let prefix = dice.below(state.changes.len() as u64 + 1) as usize;
        for (i, change) in state.changes.iter().enumerate() {
            let happened = match state.mode {
                Mode::Strict => dice.one_in(2),
                Mode::Ext4Like => i < prefix,
            };
            if happened {
                apply(&mut names, change);
            }
        }
        for (name, inode) in names {
            let contents = survivor(&state.inodes[inode], state.mode, dice);
            let id = new.inodes.len();
            new.inodes.push(Inode { durable: contents.clone(), seen: contents, writes: Vec::new() });
            new.names.insert(name, id);
        }
        new.durable_names = new.names.clone();
        new.capacity = state.capacity;
        drop(new);
        after
    }
}

fn survivor(inode: &Inode, mode: Mode, dice: &mut Dice) -> Vec<u8> {
    let mut out = inode.durable.clone();
    let mut length = out.len();
    let grown = dice.below(inode.writes.len() as u64 + 1) as usize;
    for (offset, bytes) in &inode.writes[..grown] {
        length = length.max(*offset as usize + bytes.len());
    }
    if mode == Mode::Strict && length > out.len() && dice.one_in(3) {
        length = out.len() + dice.below((length - out.len()) as u64) as usize;
    }
    out.resize(length, 0);
    let mut pages = BTreeSet::new();
    for (offset, bytes) in &inode.writes {
        pages.extend(*offset as usize / PAGE_BYTES..=(*offset as usize + bytes.len() - 1) / PAGE_BYTES);
    }
    for page in pages {
        let range = page * PAGE_BYTES..(page + 1) * PAGE_BYTES;
        let touching: Vec<_> = inode
            .writes
            .iter()
            .enumerate()
            .filter(|(_, (at, b))| (*at as usize) < range.end && *at as usize + b.len() > range.start)
            .collect();
        let ordered = mode == Mode::Ext4Like && range.start >= inode.durable.len();
        let upto = match dice.below(6) {
            0 | 1 => 0,
            2 | 3 => touching.len(),
            _ => dice.below(touching.len() as u64 + 1) as usize,
        };
        let torn = dice.one_in(4);
        for sector in range.clone().step_by(SECTOR_BYTES) {
            if torn && !ordered && dice.one_in(2) {
                continue;
            }
            for (n, (i, (at, bytes))) in touching.iter().enumerate() {
                if if ordered { *i < grown } else { n < upto } {
                    for place in sector..sector + SECTOR_BYTES {
                        if let (Some(byte), Some(slot)) =
                            (place.checked_sub(*at as usize).and_then(|k| bytes.get(k)), out.get_mut(place))
                        {
                            *slot = *byte;
                        }
                    }
                }
            }
        }
    }
    out
}

fn apply(names: &mut BTreeMap<String, usize>, change: &NameChange) {
    match change {
        NameChange::Set(name, inode) => {
            names.insert(name.clone(), *inode);
        }
        NameChange::Unset(name) => {
            names.remove(name);
        }
        NameChange::Rename(from, to, inode) => {
            if names.get(from) == Some(inode) {
                names.remove(from);
            }
            names.insert(to.clone(), *inode);
        }
    }
}

impl State {
    /// Counts a change. Err when the power is gone; Ok(true) when this one finds the disk full.
    fn step(&mut self) -> io::Result<bool> {
        if self.steps >= self.power_until {
            return Err(io::Error::other("the power is off"));
        }
        self.steps += 1;
        Ok(self.full_at == Some(self.steps))
    }

    fn change(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.changes.push(change);
    }

    fn used(&self) -> u64 {
        self.names.values().map(|inode| self.inodes[*inode].seen.len() as u64).sum()
    }
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

fn absent() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl Disk for SimDisk {
    type File = SimFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.borrow().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<SimFile> {
        let inode = *self.0.borrow().names.get(name).ok_or_else(absent)?;
        Ok(SimFile(self.0.clone(), inode))
    }

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let mut state = self.0.borrow_mut();
        if state.step()? {
            return Err(full());
        }
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change(NameChange::Set(name.to_owned(), inode));
        Ok(SimFile(self.0.clone(), inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        let inode = *state.names.get(from).ok_or_else(absent)?;
        state.change(NameChange::Rename(from.to_owned(), to.to_owned(), inode));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        state.names.get(name).ok_or_else(absent)?;
        state.change(NameChange::Unset(name.to_owned()));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        state.durable_names = state.names.clone();
        state.changes.clear();
        Ok(())
    }

    fn place(&self) -> String {
        "the simulated disk".to_owned()
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.borrow().inodes[self.1].seen.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.0.borrow();
        let seen = &state.inodes[self.1].seen;
        let from = (offset as usize).min(seen.len());
        let to = (from + buffer.len()).min(seen.len());
        buffer[..to - from].copy_from_slice(&seen[from..to]);
        Ok(to - from)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut state = self.0.borrow_mut();
        let mut fails = state.step()?;
        let end = offset + bytes.len() as u64;
        let grows = end.saturating_sub(state.inodes[self.1].seen.len() as u64);
        fails |= state.used() + grows > state.capacity && grows > 0;
        let bytes = if fails { &bytes[..bytes.len() / 2] } else { bytes };
        if !bytes.is_empty() {
            let inode = &mut state.inodes[self.1];
            let end = offset as usize + bytes.len();
            if inode.seen.len() < end {
                inode.seen.resize(end, 0);
            }
            inode.seen[offset as usize..end].copy_from_slice(bytes);
            inode.writes.push((offset, bytes.to_vec()));
        }
        if fails {
            return Err(full());
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.step()?;
        let inode = &mut state.inodes[self.1];
        if !inode.writes.is_empty() {
            inode.durable = inode.seen.clone();
            inode.writes.clear();
        }
        if state.mode == Mode::Ext4Like {
            state.durable_names = state.names.clone();
            state.changes.clear();
        }
        Ok(())
    }
}
