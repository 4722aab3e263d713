//! The specs.
