//! The layer by which this process asks the system.

use record::Layer;
use std::sync::atomic::{AtomicU8, Ordering};

/// A spec's process tree asks by one layer; fork hands it on, and so does the sandbox when it starts the spec.
static CURRENT: AtomicU8 = AtomicU8::new(Layer::Libc as u8);

/// The layer by which this process asks the system.
pub fn current() -> Layer {
    Layer::ALL[usize::from(CURRENT.load(Ordering::Relaxed))]
}

/// Sets the layer of this process and of the children it forks from now on.
pub fn set_current(layer: Layer) {
    CURRENT.store(layer as u8, Ordering::Relaxed);
}
