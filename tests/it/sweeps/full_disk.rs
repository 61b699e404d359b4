//! A disk that is really full: a small one of memory that the test mounts, with the real binary on it. Where mounting is not
//! allowed the test says so; where `REPOINT_DEMAND_TMPFS=1` it fails then.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::process::{Process, ana_rolls_back, configure, ends_well, until};
use super::say;
use super::told::repeats;
use crate::harness::World;

const FULL: &str = "the journal's disk is full: nothing was recorded, nothing was done";

/// A small disk where the story's folder was.
struct TinyDisk(PathBuf);

impl TinyDisk {
    /// Mounts it and puts there what a bot needs; `None` where that is not allowed.
    fn under(w: &World) -> Option<Self> {
        let folder = w.folder.path();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "none"]).arg(folder);
        let mounted = mount.output();
        if !mounted.as_ref().is_ok_and(|mounted| mounted.status.success()) {
            say(&format!(
                "sweep: no tiny disk can be mounted here, so none was filled: {mounted:?}"
            ));
            let demanded = std::env::var("REPOINT_DEMAND_TMPFS").is_ok_and(|value| value == "1");
            assert!(!demanded, "a tiny disk is demanded here");
            return None;
        }
        let disk = Self(folder.to_owned());
        w.models.write_secrets(folder).expect("secrets");
        configure(w);
        Some(disk)
    }

    /// Takes all the space that is left.
    fn fill(&self) -> Filler {
        let path = self.0.join("filler");
        let mut file = OpenOptions::new().append(true).create(true).open(&path).expect("a file");
        for size in [65_536, 4_096, 1] {
            while file.write(&vec![1; size]).is_ok_and(|written| written == size) {}
        }
        Filler(path)
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        // Lazily: a process that a failed test left behind must not keep it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What takes the space, until it is dropped.
struct Filler(PathBuf);

impl Drop for Filler {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(path: &Path) {
    std::fs::remove_file(path).expect("the filler goes");
}

/// Ana types something that would be recorded, and this is what she hears.
async fn ana_hears(w: &Arc<World>, line: &str) -> String {
    let known = w.user("ana").was_told().len();
    w.user("ana").types(line).await;
    until(w, "an answer", || w.user("ana").was_told().len() > known).await;
    w.user("ana").was_told().split_off(known)
}

#[test]
fn on_a_full_disk_everything_is_refused_with_a_sentence_and_goes_on_when_there_is_space() {
    World::run_around_a_process(async |w| {
        let Some(disk) = TinyDisk::under(&w) else { return };
        let bot = Process::ready(&w).await;
        w.user("ana").types("/rollback").await;
        until(&w, "the question", || w.times_said("Waiting for Confirm") == 1).await;
        let filler = disk.fill();

        let told = ana_hears(&w, "/incident note is anybody there").await;
        assert!(told.contains(FULL), "{told}");
        let known = w.user("ana").was_told().len();
        w.user("ana").presses("Confirm").await;
        until(&w, "an answer", || w.user("ana").was_told().len() > known).await;
        let told = w.user("ana").was_told().split_off(known);
        assert!(told.contains("Not accepted, nothing was done") && told.contains(FULL), "{told}");
        assert_eq!(w.rollbacks_sent(), 0, "nothing may happen without a record");
        let told = ana_hears(&w, "/incident status").await;
        assert!(told.contains("roll back?"), "what is known can be asked for: {told}");
        let (status, body) = bot.readiness().await;
        assert!(status == 503 && body.contains(FULL), "{status} {body}");

        drop(filler);
        let (status, body) = bot.readiness().await;
        assert!(status == 200, "{status} {body}");
        ana_rolls_back(&w).await;
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0), "it is the same process all the time");
        ends_well(&w, None);
        say(
            "sweep: the disk was full before the press; refused with a sentence, then went on by itself",
        );
    });
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_a_rollback_does_not_stop_it() {
    World::run_around_a_process(async |w| {
        let Some(disk) = TinyDisk::under(&w) else { return };
        let bot = Process::ready(&w).await;
        confirms_until_the_call(&w).await;
        let filler = disk.fill();

        // What was begun is finished from the reserve.
        until(&w, "the proof", || w.stakeholders_hear_it_is_back()).await;
        until(&w, "the flag", || w.times_said("production is pinned") == 1).await;
        assert!(ana_hears(&w, "/incident note is anybody there").await.contains(FULL));
        drop(filler);
        ana_hears(&w, "/incident note all is well again").await;
        until(&w, "the note", || w.times_said("all is well again") == 1).await;
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0));
        ends_well(&w, None);
        say(
            "sweep: the disk filled up behind the call; the rollback was finished from the reserve",
        );
    });
}

#[test]
fn a_disk_that_is_full_again_and_again_costs_time_and_nothing_else() {
    const TIMES: u64 = 8;
    World::run_around_a_process(async |w| {
        let Some(disk) = TinyDisk::under(&w) else { return };
        let bot = Process::ready(&w).await;
        let trouble = async {
            for _ in 0..TIMES {
                let filler = disk.fill();
                w.in_real_time(Duration::from_millis(300)).await;
                drop(filler);
                w.in_real_time(Duration::from_millis(200)).await;
            }
        };
        tokio::join!(trouble, ana_rolls_back(&w));
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0), "it is the same process all the time");
        ends_well(&w, None);
        assert_eq!(repeats(&w), 0);
        say(&format!("sweep: the disk was full {TIMES} times in one story"));
    });
}

#[test]
fn a_bot_that_starts_on_a_full_disk_finishes_what_was_begun_or_says_so() {
    World::run_around_a_process(async |w| {
        let Some(disk) = TinyDisk::under(&w) else { return };
        let bot = Process::ready(&w).await;
        confirms_until_the_call(&w).await;
        bot.kill_9();
        let filler = disk.fill();
        let bot = Process::ready(&w).await;
        until(&w, "the proof", || w.stakeholders_hear_it_is_back()).await;
        drop(filler);
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0));
        ends_well(&w, None);
        say("sweep: started on a full disk, and finished what was begun");
    });
}

/// Ana asks for a rollback and confirms it; its call is on its way.
async fn confirms_until_the_call(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    until(w, "the question", || w.headline().contains("roll back?")).await;
    w.user("ana").presses("Confirm").await;
    until(w, "the call", || w.rollbacks_sent() == 1).await;
}
