//! Declarations of the commands.
