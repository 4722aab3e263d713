//! futex(2): fast user-space locking.

mod wake;
