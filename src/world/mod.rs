//! Models of the outside for the demo and the tests: each speaks its vendor's real wire format on loopback.

pub mod clock;
pub mod cut_off;
pub mod ledger;
pub mod shop;
pub mod vercel;
