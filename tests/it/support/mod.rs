//! What all tests of the command line share.

mod browser;
mod child;
mod lab;

pub(crate) use browser::Browser;
pub(crate) use child::Child;
pub(crate) use lab::{Done, Lab};
