//! Stories over the whole bot, and what keeps its shape.

mod architecture;
mod cancel;
mod codes;
mod harness;
mod refusals;
mod rollback;
