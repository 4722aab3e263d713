//! All families of specs, joined.

/// The crates that hold specs. To name a constant of each makes the linker keep its specs.
pub const FAMILIES: [&str; 10] = [
    events::FAMILY,
    memory::FAMILY,
    persistence::FAMILY,
    pipes::FAMILY,
    posix::FAMILY,
    processes::FAMILY,
    signals::FAMILY,
    sockets::FAMILY,
    sync::FAMILY,
    sysv::FAMILY,
];
