//! Documents for machines, and their JSON Schemas.

mod audit;
mod compare;
mod run;
mod schema;

pub use audit::audit;
pub use compare::compare;
pub use run::run;
pub use schema::schemas;
