//! dropscript.
