//! Makes decisions durable and carries them out through a few ports. Knows no vendor.

pub mod ports;
