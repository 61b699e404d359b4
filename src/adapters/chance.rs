//! The system's randomness behind the chance port.

use crate::engine::ports::Chance;

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has random bytes");
        bytes
    }
}
