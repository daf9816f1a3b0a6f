//! The Python module `palaver_sfu._core`: coarse commands in, batched events out.
//!
//! Nothing here decides anything, and no thread of the engine ever attaches to the interpreter.

mod engine;
mod error;
mod events;
mod sections;

use pyo3::prelude::*;

/// The media core of the Palaver SFU.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::error::{EngineError, SdpError};
    #[pymodule_export]
    use super::sections::{OfferSection, parse_offer};
}
