//! Space that is kept free for a bad day: a file beside the journal that is given up when the disk is full, so that what
//! was begun can be finished and recorded. What is new waits until the disk has room for the journal and the reserve again.
//!
//! Owns the file that ends in `.reserve` and nothing else; who may use the space that it gives up is decided in `writer.rs`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Large enough for thousands of commits.
pub const USUAL: u64 = 16 << 20;

/// On a small disk the reserve is no more than this part of it.
const PART_OF_DISK: u64 = 8;

/// The space that is kept, or was given up.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    /// 0 where the system does not say how large its disks are: then there is no reserve.
    size: u64,
    is_held: bool,
}

impl Reserve {
    /// Keeps up to so many bytes beside a database. A disk that is full already has none to keep: that is the same as a
    /// reserve that was given up.
    pub fn keep(database: &Path, most: u64) -> Self {
        let mut path = OsString::from(database);
        path.push(".reserve");
        let path = PathBuf::from(path);
        let size = disk(&path).map_or(0, |disk| most.min(disk.total / PART_OF_DISK));
        let is_there = fs::metadata(&path).is_ok_and(|file| file.len() >= size);
        let mut reserve = Self { path, size, is_held: is_there || size == 0 };
        reserve.refill();
        reserve
    }

    /// Takes the space back if the disk has it, and as much again for the journal. Returns whether the reserve is whole.
    pub fn refill(&mut self) -> bool {
        if !self.is_held && disk(&self.path).is_some_and(|disk| disk.free >= 2 * self.size) {
            match allocate(&self.path, self.size) {
                Ok(()) => self.is_held = true,
                Err(error) => {
                    tracing::debug!(%error, "no space can be kept in reserve");
                    self.give_up();
                }
            }
        }
        self.is_held
    }

    /// Gives the space up. Returns whether there was any.
    pub fn release(&mut self) -> bool {
        let had_some = self.is_held && self.size > 0;
        had_some && self.give_up()
    }

    fn give_up(&mut self) -> bool {
        self.is_held = self.size == 0;
        fs::remove_file(&self.path).is_ok()
    }
}

/// A disk's sizes in bytes.
struct Disk {
    total: u64,
    free: u64,
}

#[cfg(unix)]
fn disk(file: &Path) -> Option<Disk> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let found = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(Disk { total: bytes(found.f_blocks), free: bytes(found.f_bavail) })
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<Disk> {
    None
}

/// Makes a file that really has its space, and is not only as long.
fn allocate(path: &Path, size: u64) -> io::Result<()> {
    let file = File::create(path)?;
    #[cfg(target_os = "linux")]
    match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size) {
        Err(rustix::io::Errno::OPNOTSUPP) => {}
        done => return Ok(done?),
    }
    io::copy(&mut io::Read::take(io::repeat(0), size), &mut &file).map(|_| ())
}
