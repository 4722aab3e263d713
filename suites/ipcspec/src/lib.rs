//! All families of specs, joined.

/// The crates that hold specs. To name a constant of each makes the linker keep its specs.
pub const FAMILIES: [&str; 5] = [persistence::FAMILY, pipes::FAMILY, signals::FAMILY, sockets::FAMILY, sysv::FAMILY];
