//! Events as tuples whose first element is the kind.

use palaver_net::event::{Event, PeerFigures, Speaker};
use palaver_net::figures::{PeerStreams, StreamTotals};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// The tuple of an event.
pub(crate) fn to_tuple(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyAny>> {
    match event {
        Event::Answer { peer, offer_id, sdp, tracks } => {
            ("answer", &*peer, offer_id, sdp, tracks).into_bound_py_any(py)
        }
        Event::Offer { peer, offer_id, sdp, tracks } => ("offer", &*peer, offer_id, sdp, tracks).into_bound_py_any(py),
        Event::AnswerTaken { peer, offer_id, tracks } => {
            ("answer_taken", &*peer, offer_id, tracks).into_bound_py_any(py)
        }
        Event::NegotiationFailed { peer, offer_id, code, message } => {
            ("negotiation_failed", &*peer, offer_id, code, message).into_bound_py_any(py)
        }
        Event::Connected(peer) => ("connected", &*peer).into_bound_py_any(py),
        Event::Disconnected(peer) => ("disconnected", &*peer).into_bound_py_any(py),
        Event::Closed(peer, reason) => ("closed", &*peer, reason.as_str()).into_bound_py_any(py),
        Event::TrackStarted { peer, track, mime } => ("track_started", &*peer, &*track, mime).into_bound_py_any(py),
        Event::PictureState { peer, track, is_paused } => {
            ("picture_state", &*peer, &*track, is_paused).into_bound_py_any(py)
        }
        Event::Speakers(room, speakers) => {
            let line = |s: &Speaker| (s.peer.to_string(), s.track.to_string(), s.level, s.is_active);
            let lines: Vec<_> = speakers.iter().map(line).collect();
            ("speakers", &*room, lines).into_bound_py_any(py)
        }
        Event::Stats(peers) => {
            let lines = peers.iter().map(|(peer, f)| Ok((peer.to_string(), figures(py, f)?)));
            ("stats", lines.collect::<PyResult<Vec<_>>>()?).into_bound_py_any(py)
        }
        Event::Streams(peers) => {
            let lines: Vec<_> = peers.iter().map(streams).collect();
            ("streams", lines).into_bound_py_any(py)
        }
        Event::Data { peer, label, payload } => {
            ("data", &*peer, label, PyBytes::new(py, &payload)).into_bound_py_any(py)
        }
        Event::DataOpen(peer, label) => ("data_open", &*peer, label).into_bound_py_any(py),
        Event::Load(load) => ("load", load.as_str()).into_bound_py_any(py),
        Event::Log(level, text) => ("log", level.as_str(), text).into_bound_py_any(py),
        Event::WorkerLost(reason, rooms) => {
            let rooms: Vec<_> = rooms.iter().map(ToString::to_string).collect();
            ("worker_lost", reason, rooms).into_bound_py_any(py)
        }
        // A kind that this version does not know must not be lost silently.
        other => ("log", "error", format!("unknown event {other:?}")).into_bound_py_any(py),
    }
}

fn figures<'py>(py: Python<'py>, figures: &PeerFigures) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("rtt_ms", figures.rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0))?;
    dict.set_item("loss_in", figures.loss_in)?;
    dict.set_item("loss_out", figures.loss_out)?;
    dict.set_item("bps_in", figures.bps_in)?;
    dict.set_item("bps_out", figures.bps_out)?;
    dict.set_item("idle_s", figures.idle.as_secs_f64())?;
    Ok(dict)
}

/// Totals as `(bytes, packets, nacks, loss)`.
type Totals = (u64, u64, u64, f32);
/// `(peer, way, [(track, layer, cause, totals)], [(track, totals)])`.
type Streams = (String, &'static str, Vec<(String, Option<u8>, &'static str, Totals)>, Vec<(String, Totals)>);

fn streams(peer: &PeerStreams) -> Streams {
    let totals = |totals: &StreamTotals| (totals.bytes, totals.packets, totals.nacks, totals.loss);
    let sent = peer.sent.iter().map(|s| (s.track.to_string(), s.layer, s.cause, totals(&s.totals)));
    let received = peer.received.iter().map(|r| (r.track.to_string(), totals(&r.totals)));
    (peer.peer.to_string(), peer.way, sent.collect(), received.collect())
}
