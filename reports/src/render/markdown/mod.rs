//! Documents as Markdown: the job summaries of GitHub Actions, and pages.

mod audit;
mod compare;
mod gate;
mod matrix;
mod run;
mod text;

pub use audit::audit;
pub use compare::compare;
pub use gate::gate;
pub use matrix::matrix;
pub use run::run;
