//! Tests of the command line.
fn main() {}
