//! What all tests of the command line share.

mod browser;
mod child;
mod lab;
mod person;
mod terminal;
mod wire;

pub(crate) use browser::Browser;
pub(crate) use child::Child;
pub(crate) use lab::{Done, Lab};
pub(crate) use person::{allow, appears, come_back, free_port};
pub(crate) use terminal::Terminal;
pub(crate) use wire::Wire;
