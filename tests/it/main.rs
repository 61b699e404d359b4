//! Stories over the whole bot, and what keeps its shape.

mod architecture;
mod harness;
mod restart;
mod rollback;
mod trouble;
