//! Work of its own.
