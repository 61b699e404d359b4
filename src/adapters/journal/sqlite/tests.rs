//! Behaviour of the SQLite file itself.
