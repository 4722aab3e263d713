//! Records in, documents out.
