//! Documents: everything that is made from records for a reader, human or machine.

pub mod failure;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod ktap;
pub mod markdown;
pub mod terminal;

mod comparison;
mod facts;
mod files;
mod matrix;
pub(crate) mod page;
#[cfg(test)]
mod tests;

pub use files::{Format, beside, is_taken, write_all};
