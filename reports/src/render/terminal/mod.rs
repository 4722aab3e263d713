//! Documents for a terminal.

mod audit;
mod compare;
mod gate;
mod matrix;
mod run;

pub use audit::audit;
pub use compare::compare;
pub use gate::gate;
pub use matrix::matrix;
pub use run::{OnRequest, run};
