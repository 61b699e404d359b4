//! git itself: where a revert is tried out and made.
//!
//! ```text
//! Copy ──open(main)──► View ── on_main, alone, range, brought ──► Bad ── try_out ──► Tried ── commit ──► push
//! ```
//! `copy` keeps a bare clone without file contents beside the journal and brings it up to date, `command` runs one git,
//! `program` finds it, `find` says what a bad change is made of, `trial` how its revert would go, `make` puts it on a
//! branch, `name` checks what reaches an argument list, `error` says what a failed git means. Knows no vendor. It must
//! never check out a work tree, run a hook, read somebody's configuration, let a name be taken for an option or the token
//! into an argument or a message.

mod command;
mod copy;
mod error;
mod find;
mod make;
mod name;
mod program;
#[cfg(test)]
mod tests;
mod trial;

pub use copy::{Copy, Remote, View, look};
pub use error::GitError;
pub use find::Bad;
pub use make::{Pushed, Tip};
pub use name::is_branch;
pub use program::program;
pub use trial::Tried;
