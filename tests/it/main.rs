//! Stories over the whole bot, and what keeps its shape.

mod answers;
mod architecture;
mod binary;
mod browser;
mod cancel;
mod codes;
mod contract;
mod corpora;
mod doors;
mod forge;
mod forged;
mod github_model;
mod halt;
mod harness;
mod hostile;
mod migrations;
mod refusals;
mod repair;
mod restart;
mod rollback;
mod slack_trouble;
mod sweeps;
mod trouble;
mod vercel_promote;
mod verify;
