//! Stories over the whole bot, and what keeps its shape.

mod answers;
mod architecture;
mod binary;
mod browser;
mod cancel;
mod codes;
mod contract;
mod doors;
mod forged;
mod halt;
mod harness;
mod refusals;
mod restart;
mod rollback;
mod slack_trouble;
mod trouble;
