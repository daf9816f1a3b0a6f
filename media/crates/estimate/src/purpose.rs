//! What a packet is sent for.

/// A probe: packets sent faster than all before, to see whether they arrive as fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClusterId(pub u32);

/// What a packet is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A picture or sound.
    Media,
    /// A picture again, asked for by the peer.
    Repair,
    /// Nothing but to fill the line: for this probe, if for one.
    Padding(Option<ClusterId>),
}

/// What is to be sent now to fill a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// As on the line, with the overhead of UDP and IP, as [`crate::Estimator::on_sent`] counts. Never more than a packet
    /// carries; what is sent may be somewhat less or more.
    pub bytes: usize,
    /// To be told with what is sent.
    pub cluster: ClusterId,
}
