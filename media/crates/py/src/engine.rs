//! The class `Engine`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use palaver_net::command::{Command, Voices, Wish};
use palaver_net::{Answer, CertificateFiles, Negotiate, RelaySettings, RelayTotals, Totals};
use palaver_session::sdp::Assignment;
use palaver_session::{OfferPlan, OfferedTrack, PlayoutDelay};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::{error, events};

/// Longest that `close` may wait, whatever is asked for.
const MAX_CLOSE_S: f64 = 60.0;

/// The media engine.
#[pyclass(frozen, module = "palaver_sfu._core")]
pub(crate) struct Engine {
    engine: palaver_net::Engine,
    /// Threads do not survive a fork: a child that inherits the object must not use it.
    owner: u32,
}

impl Engine {
    fn check(&self) -> PyResult<&palaver_net::Engine> {
        if process::id() == self.owner {
            Ok(&self.engine)
        } else {
            Err(error::refused("the engine belongs to another process (used after fork)"))
        }
    }

    fn post(&self, command: Command) -> PyResult<()> {
        self.check()?.command(command).map_err(|e| error::from_engine(&e))
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, binds, announce))]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python objects")]
    fn new(py: Python<'_>, binds: Vec<(String, u16)>, announce: Vec<String>) -> PyResult<Self> {
        let binds = sockets(&binds)?;
        let announce: Vec<IpAddr> = announce.iter().map(|text| ip(text)).collect::<PyResult<_>>()?;
        let engine = py.detach(|| palaver_net::Engine::start(&binds, &announce)).map_err(|e| error::from_engine(&e))?;
        Ok(Self { engine, owner: process::id() })
    }

    #[getter]
    fn local_port(&self) -> u16 {
        self.engine.port()
    }

    fn fileno(&self) -> i32 {
        self.engine.descriptor()
    }

    #[pyo3(signature = (max_events = 256))]
    fn drain<'py>(&self, py: Python<'py>, max_events: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let events = self.check()?.drain(max_events);
        events.into_iter().map(|event| events::to_tuple(py, event)).collect()
    }

    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    #[pyo3(signature = (*, room, peer, owner = None, voices = Voices::default().most, large_room = Voices::default().large_room, may_pause = true, needs_opening = false, playout_delay = None))]
    fn open_peer(
        &self,
        room: &str,
        peer: &str,
        owner: Option<&str>,
        voices: usize,
        large_room: usize,
        may_pause: bool,
        needs_opening: bool,
        playout_delay: Option<(u16, u16)>,
    ) -> PyResult<()> {
        self.post(Command::OpenPeer { room: room.into(), peer: peer.into() })?;
        let (owner, voices) = (owner.map(Arc::from), Voices { most: voices, large_room });
        self.post(Command::Introduce { room: room.into(), peer: peer.into(), owner, voices })?;
        if !may_pause {
            self.post(Command::SetMayPause { peer: peer.into(), may_pause })?;
        }
        if needs_opening {
            self.post(Command::OpenTracks { peer: peer.into() })?;
        }
        if let Some((min, max)) = playout_delay {
            self.post(Command::SetPlayoutDelay { peer: peer.into(), delay: PlayoutDelay { min, max } })?;
        }
        Ok(())
    }

    #[pyo3(signature = (*, room, voices, large_room))]
    fn set_voices(&self, room: &str, voices: usize, large_room: usize) -> PyResult<()> {
        self.post(Command::SetVoices { room: room.into(), voices: Voices { most: voices, large_room } })
    }

    #[pyo3(signature = (*, peer))]
    fn close_peer(&self, peer: &str) -> PyResult<()> {
        self.post(Command::ClosePeer { peer: peer.into() })
    }

    #[pyo3(signature = (*, peer, offer_id, offer, publish, subscribe, microphones = BTreeSet::new()))]
    fn negotiate(
        &self,
        peer: String,
        offer_id: i64,
        offer: String,
        publish: BTreeMap<String, (String, Vec<String>)>,
        subscribe: BTreeMap<String, (String, String)>,
        microphones: BTreeSet<String>,
    ) -> PyResult<()> {
        let negotiate = Negotiate { peer, offer_id, offer, publish, microphones, subscribe };
        self.check()?.negotiate(negotiate).map_err(|e| error::from_engine(&e))
    }

    #[pyo3(signature = (*, peer, offer_id, tracks, restarts_ice))]
    fn make_offer(
        &self,
        peer: &str,
        offer_id: i64,
        tracks: Vec<(String, String, bool)>,
        restarts_ice: bool,
    ) -> PyResult<()> {
        let offered =
            |(track, publisher, is_audio)| OfferedTrack { assignment: Assignment { publisher, track }, is_audio };
        let plan = OfferPlan { tracks: tracks.into_iter().map(offered).collect(), restarts_ice };
        self.post(Command::Offer { peer: peer.into(), offer_id, plan })
    }

    #[pyo3(signature = (*, peer, offer_id, answer))]
    fn take_answer(&self, peer: String, offer_id: i64, answer: String) -> PyResult<()> {
        self.check()?.take_answer(Answer { peer, offer_id, answer }).map_err(|e| error::from_engine(&e))
    }

    #[pyo3(signature = (*, peer, track, is_enabled, max_spatial_layer, max_fps, priority = 1))]
    fn set_subscription(
        &self,
        peer: &str,
        track: &str,
        is_enabled: bool,
        max_spatial_layer: u8,
        max_fps: u32,
        priority: u8,
    ) -> PyResult<()> {
        let wish = Wish { is_enabled, max_layer: max_spatial_layer.min(2), max_fps, priority };
        self.post(Command::SetSubscription { peer: peer.into(), track: track.into(), wish })
    }

    #[pyo3(signature = (*, peer, track))]
    fn drop_subscription(&self, peer: &str, track: &str) -> PyResult<()> {
        self.post(Command::DropSubscription { peer: peer.into(), track: track.into() })
    }

    #[pyo3(signature = (*, peer, bps))]
    fn limit_line(&self, peer: &str, bps: u64) -> PyResult<()> {
        self.post(Command::LimitLine { peer: peer.into(), bps })
    }

    #[pyo3(signature = (*, track, is_muted))]
    fn set_track_muted(&self, track: &str, is_muted: bool) -> PyResult<()> {
        self.post(Command::SetTrackMuted { track: track.into(), is_muted })
    }

    #[pyo3(signature = (*, peers, label, payload))]
    fn send_data(&self, peers: Vec<String>, label: &str, payload: &[u8]) -> PyResult<()> {
        let known = palaver_session::rtc::DATA_LABELS.iter().find(|known| **known == label);
        let label = *known.ok_or_else(|| PyValueError::new_err(format!("no data channel label: {label:?}")))?;
        let peers = peers.into_iter().map(Arc::from).collect();
        self.post(Command::SendData { peers, label, payload: payload.into() })
    }

    #[pyo3(signature = (*, peer, candidate))]
    fn add_candidate(&self, peer: &str, candidate: String) -> PyResult<()> {
        self.post(Command::AddCandidate { peer: peer.into(), candidate })
    }

    #[pyo3(signature = (*, secret, plain, encrypted, certificate = None, beside = Vec::new()))]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python objects")]
    fn relay(
        &self,
        secret: Vec<u8>,
        plain: Vec<(String, u16)>,
        encrypted: Vec<(String, u16)>,
        certificate: Option<(PathBuf, PathBuf)>,
        beside: Vec<Py<Self>>,
    ) -> PyResult<()> {
        let certificate = certificate.map(|(chain, key)| CertificateFiles { chain, key });
        let settings = RelaySettings { secret, plain: sockets(&plain)?, encrypted: sockets(&encrypted)?, certificate };
        let beside: Vec<_> = beside.iter().map(|other| &other.get().engine).collect();
        self.check()?.relay(settings, &beside).map_err(|e| error::from_engine(&e))
    }

    #[pyo3(signature = (*, fd, local, remote))]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python objects")]
    fn relay_connection(&self, fd: i32, local: (String, u16), remote: (String, u16)) -> PyResult<()> {
        let (local, remote) = (SocketAddr::new(ip(&local.0)?, local.1), SocketAddr::new(ip(&remote.0)?, remote.1));
        self.check()?.relay_connection(fd, local, remote).map_err(|e| error::from_engine(&e))
    }

    fn fail_for_a_test(&self) -> PyResult<()> {
        self.post(Command::FailWorker)
    }

    fn stats(&self) -> PyResult<String> {
        let engine = self.check()?;
        let (totals, events_dropped) = engine.totals();
        Ok(to_json(&totals, &engine.relay_totals(), events_dropped, engine.stalled()))
    }

    #[pyo3(signature = (*, timeout_s = 2.0))]
    fn close(&self, py: Python<'_>, timeout_s: f64) -> PyResult<()> {
        let engine = self.check()?;
        let seconds = if timeout_s.is_finite() { timeout_s.clamp(0.0, MAX_CLOSE_S) } else { MAX_CLOSE_S };
        py.detach(|| engine.close(Duration::from_secs_f64(seconds)));
        Ok(())
    }
}

fn ip(text: &str) -> PyResult<IpAddr> {
    text.parse().map_err(|_| error::refused(format!("no IP address: {text}")))
}

fn sockets(pairs: &[(String, u16)]) -> PyResult<Vec<SocketAddr>> {
    pairs.iter().map(|(host, port)| Ok(SocketAddr::new(ip(host)?, *port))).collect()
}

/// One flat object of numbers.
fn to_json(totals: &Totals, relay: &RelayTotals, events_dropped: u64, stalled: Duration) -> String {
    let (switchboard, router) = (&totals.switchboard, &totals.router);
    let fields: [(&str, u64); 34] = [
        ("peers", totals.peers as u64),
        ("datagrams_in", switchboard.datagrams_in),
        ("unknown_source", switchboard.unknown_source),
        ("unknown_ufrag", switchboard.unknown_ufrag),
        ("unverified_checks", switchboard.unverified_checks),
        ("address_conflicts", switchboard.address_conflicts),
        ("panics", switchboard.panics),
        ("worker_panics", totals.worker_panics),
        ("busy_permille", totals.busy_permille),
        ("stalled_ms", stalled.as_millis() as u64),
        ("unrouted_packets", switchboard.unrouted_packets),
        ("unsendable_packets", switchboard.unsendable_packets),
        ("data_dropped", switchboard.data_dropped),
        ("data_refused", switchboard.data_refused),
        ("bad_candidates", switchboard.bad_candidates),
        ("send_dropped", totals.send_dropped),
        ("events_dropped", events_dropped),
        ("packets_in", router.packets_in),
        ("packets_out", router.packets_out),
        ("muted_packets", router.muted),
        ("duplicate_packets", router.duplicates),
        ("malformed_packets", router.malformed),
        ("unknown_keys", router.unknown),
        ("keyframe_requests", router.keyframe_requests),
        ("layer_switches", router.layer_switches),
        ("recovered", router.recovered),
        ("unheard", router.unheard),
        ("datagrams_out", totals.datagrams_out),
        ("rooms", totals.rooms as u64),
        ("tcp_connections", totals.tcp_connections as u64),
        ("turn_allocations", relay.allocations as u64),
        ("turn_connections", relay.connections as u64),
        ("turn_refused", relay.refused),
        ("turn_dropped", relay.dropped),
    ];
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
