//! What GitHub Actions shows beside the source: workflow commands.

mod annotation;
mod gate;
mod run;

pub use gate::gate;
pub use run::run;
