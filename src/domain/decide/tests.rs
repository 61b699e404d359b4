//! Stories of decisions: what people ask, what the bot does by itself, and how each ends. The story checks the lock and the
//! fold after every step, so no test has to.

mod asking;
mod ending;
mod flag;
mod migrations;
mod pressing;
mod promoting;
mod proving;
mod reverting;
mod sending;
mod unknown;
mod verifying;
mod walk;
