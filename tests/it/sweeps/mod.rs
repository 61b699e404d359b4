//! Sweeps over the real thing: one story, played again and again, each time with the next thing going wrong in it. SQLite
//! on disk, the models over loopback, the same door that the binary uses.
//!
//! `night` is the story and its people, `told` what was said in it; each other file is one sweep. A sweep says on standard
//! error how often it struck, so that a run shows what it is worth.

mod appends;
mod damage;
mod effects;
mod failing;
mod full_disk;
mod kills;
mod night;
mod process;
mod told;
mod twice;
mod way_back;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stories that are played side by side: each waits for the disk and for its sockets most of the time.
const ABREAST: usize = 4;

/// Says a line where a run shows it, also when the test passes.
pub fn say(line: &str) {
    // A run whose standard error is closed is not worth less.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Plays a story for each case, some side by side, and fails with all that went wrong. Returns what each came to.
pub fn sweep<C: std::fmt::Debug + Sync, T: Send>(
    cases: &[C],
    abreast: usize,
    play: impl Fn(&C) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let (done, failed) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match catch_unwind(AssertUnwindSafe(|| play(case))) {
                Ok(result) => done.lock().expect("the results").push(result),
                Err(_) => failed.lock().expect("the failures").push(format!("{case:?}")),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..abreast {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().expect("the failures");
    assert!(
        failed.is_empty(),
        "{} of {} failed:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
    done.into_inner().expect("the results")
}
