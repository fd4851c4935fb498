//! dropscript.
#[cfg(feature = "emulator")]
pub mod emulator;
