//! Records in, documents out.
//!
//! Every function takes the [`Records`](record::Records) of a run, and every number in every document is derived from them. Documents
//! that people read and those that machines read count the same thing: a spec, with all its attempts ([`Judged`]).
//! Strings in records come from tested systems and are not trusted: no document may break on one (`text`).

pub mod audit;
pub mod blame;
pub mod claims;
pub mod deviations;
pub mod documented;
pub mod gate;
pub mod matrix;
pub mod render;
pub mod summary;

mod causes;
#[cfg(test)]
mod damage;
mod judged;
mod replace;
#[cfg(test)]
mod sample;
mod text;

pub use claims::NotedClaim;
pub use documented::{CataloguedClause, Coverage, Documented, DocumentedError, Fate, Persistence, Shown};
pub use gate::{Exit, Scope};
pub use judged::{Judged, judged};
pub use replace::{destination, directory_of, replace_file};
pub use summary::Summary;
pub use text::{plain_line, sentence};
