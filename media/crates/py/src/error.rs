//! The only map from our errors to Python exceptions.

use palaver_net::EngineError as NetError;
use palaver_session::sdp::SdpError as TextError;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};

create_exception!(palaver_sfu._core, SdpError, PyValueError, "A malformed or unacceptable session description.");
create_exception!(
    palaver_sfu._core,
    EngineError,
    PyRuntimeError,
    "The engine cannot do it: closed, queue full, bind failure, or used after fork."
);

pub(crate) fn from_text(error: &TextError) -> PyErr {
    SdpError::new_err(error.to_string())
}

pub(crate) fn from_engine(error: &NetError) -> PyErr {
    EngineError::new_err(error.to_string())
}

pub(crate) fn refused(text: impl Into<String>) -> PyErr {
    EngineError::new_err(text.into())
}
