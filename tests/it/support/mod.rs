//! What all tests of the command line share.

mod child;
mod lab;

pub(crate) use child::Child;
pub(crate) use lab::{Done, Lab};
