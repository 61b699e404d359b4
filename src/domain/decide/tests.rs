//! Stories of decisions: what people ask, what the bot does by itself, and how each ends. The story checks the lock and the
//! fold after every step, so no test has to.

mod agreeing;
mod asking;
mod authority;
mod ending;
mod flag;
mod leaving;
mod migrations;
mod pressing;
mod promoting;
mod proving;
mod reasons;
mod reverting;
mod sending;
mod unknown;
mod verifying;
mod walk;
mod warning;
