//! `parse_offer` and its result.

use palaver_session::Rid;
use palaver_session::sdp;
use pyo3::prelude::*;

use crate::error;

/// One section of an offer.
#[pyclass(frozen, get_all, module = "palaver_sfu._core")]
pub(crate) struct OfferSection {
    mid: String,
    kind: &'static str,
    direction: &'static str,
    is_rejected: bool,
    stream_id: Option<String>,
    track_id: Option<String>,
    rids: Vec<String>,
    codecs: Vec<String>,
}

#[pymethods]
impl OfferSection {
    fn __repr__(&self) -> String {
        format!("OfferSection(mid={:?}, kind={:?}, direction={:?})", self.mid, self.kind, self.direction)
    }
}

impl From<sdp::OfferSection> for OfferSection {
    fn from(section: sdp::OfferSection) -> Self {
        Self {
            mid: section.mid.to_string(),
            kind: section.kind.as_str(),
            direction: section.direction.as_str(),
            is_rejected: section.is_rejected,
            stream_id: section.stream_id,
            track_id: section.track_id,
            rids: section.rids.iter().map(Rid::to_string).collect(),
            codecs: section.codecs,
        }
    }
}

/// Read the sections of an offer.
#[pyfunction]
pub(crate) fn parse_offer(py: Python<'_>, sdp: &str) -> PyResult<Vec<OfferSection>> {
    let parsed = py.detach(|| sdp::parse_offer(sdp)).map_err(|e| error::from_text(&e))?;
    Ok(parsed.into_iter().map(OfferSection::from).collect())
}
