//! What must hold for any bytes at the bot's doors. Each probe takes bytes as a fuzzer makes them, hands them to the bot's own
//! code, and panics when a promise is broken. The fuzz targets call them, and so do plain tests that replay the committed
//! corpora (`tests/it/corpora.rs`), which is also how they are kept compiling.

pub mod discord_markdown;
mod doors;
pub mod mrkdwn;
mod texts;
mod unseen;

pub use doors::{discord_reply, discord_request, slack_reply, slack_request};
pub use texts::{config_file, journal_event, slack_text};
