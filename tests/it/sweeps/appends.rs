//! The bot is stopped at every write to its journal.

use super::night::Night;
use super::{ABREAST, say, sweep};
use crate::harness::Strike;

#[test]
fn a_bot_that_is_stopped_at_any_write_comes_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let cases: Vec<(u64, Strike)> = (1..=quiet.writes)
        .flat_map(|nth| [(nth, Strike::DiesBefore), (nth, Strike::DiesAfter)])
        .collect();
    let struck = sweep(&cases, ABREAST, |(nth, strike)| {
        let morning = Night::play(async |night| night.w.gate.strikes_at(*nth, strike.clone()));
        assert_eq!(morning.told, quiet.told);
        morning.struck
    });
    let deaths: u64 = struck.iter().sum();
    say(&format!("sweep: stopped at {} writes of the journal, {deaths} deaths", quiet.writes));
    assert!(deaths * 10 >= cases.len() as u64 * 9, "most of the strikes must hit");
}
