//! What the kernel of a disposable machine shows besides the results of calls: what it prints, and what it keeps. On other
//! machines both come from others as well, and nothing is read.

pub mod log;
pub mod objects;
