//! A meeting in its steady state, and an allocator that counts what it costs.
#![allow(dead_code, unreachable_pub, reason = "the test and the bench use different parts")]
#![allow(clippy::expect_used, reason = "the meeting is ours")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use palaver_forward::{
    AudioLevel, Codec, Forward, Kind, LayerIx, Micros, NtpTime, Output, Router, RtpMeta, SectionConfig,
    SubscriptionSettings, TrackKey,
};

/// Counts the allocations of each thread.
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// Allocations of this thread so far.
pub fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

fn count() {
    // The thread's last allocations may come after its locals are gone: those do not matter.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `System` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the pointer came from `System` with this layout.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// One camera with three layers and one microphone, watched by many; every third viewer gets each layer, and every
/// other viewer only the base frames.
pub struct Meeting {
    router: Router,
    camera: TrackKey,
    microphone: TrackKey,
    frame: u64,
    seq: [u64; 3],
    payload: Vec<u8>,
    /// Keeps the optimiser from leaving the work out.
    pub checksum: u64,
    pub forwarded: u64,
    pub requests: u64,
}

const PACKETS_PER_FRAME: u64 = 4;

impl Meeting {
    pub fn new(viewers: u64) -> Self {
        let mut router = Router::new();
        let alice = router.add_publisher(Micros::ZERO);
        router.set_publisher_connected(alice, true, Micros::ZERO);
        let camera = router.add_track(alice, Kind::Video, 3);
        let microphone = router.add_track(alice, Kind::Audio, 1);
        for viewer in 0..viewers {
            let subscriber = router.add_subscriber(viewer);
            router.on_estimate(subscriber, 4_000_000, Micros::ZERO);
            for track in [camera, microphone] {
                let config = SectionConfig { target: viewer, initial_seq: 1, initial_timestamp: 1 };
                let section = router.add_section(config);
                router.set_subscriber(section, subscriber, Micros::ZERO);
                router.set_section_ready(section, true, Micros::ZERO);
                let settings = SubscriptionSettings {
                    is_enabled: true,
                    max_layer: LayerIx::new((viewer % 3) as usize).expect("a layer"),
                    max_fps: if viewer % 2 == 0 { 0 } else { 15 },
                    priority: 1,
                };
                router.subscribe(section, track, settings, Micros::ZERO);
            }
        }
        let mut meeting = Self {
            router,
            camera,
            microphone,
            frame: 0,
            seq: [0; 3],
            payload: vec![0; 1_100],
            checksum: 0,
            forwarded: 0,
            requests: 0,
        };
        // Past the first key frames, the first measurement of rates and the first report of speakers.
        for _ in 0..120 {
            meeting.step();
        }
        meeting
    }

    /// A thirtieth of a second: one frame of each layer, two packets of sound, one drain.
    pub fn step(&mut self) {
        let now = Micros(1_000_000 + self.frame * 33_333);
        let is_key = self.frame.is_multiple_of(300);
        let timestamp = (self.frame * 3_000) as u32;
        let temporal_id = (self.frame % 2) as u8;
        let (checksum, forwarded) = (&mut self.checksum, &mut self.forwarded);
        let mut sink = |forward: &Forward| {
            *forwarded += 1;
            *checksum = checksum.wrapping_add(forward.seq ^ u64::from(forward.timestamp) ^ forward.target);
        };
        for (index, seq) in self.seq.iter_mut().enumerate() {
            let layer = LayerIx::new(index).expect("a layer");
            if self.frame.is_multiple_of(30) {
                let ntp = NtpTime((3_900_000_000 + self.frame / 30) << 32);
                self.router.on_sender_report(self.camera, layer, ntp, timestamp, now);
            }
            for part in 0..PACKETS_PER_FRAME {
                *seq += 1;
                let [high, low] = (self.frame as u16 % 0x8000).to_be_bytes();
                let start = if part == 0 { 0x90 } else { 0x80 };
                let head =
                    [start, 0xf0, 0x80 | high, low, (self.frame / 2) as u8, temporal_id << 6 | 0x20, u8::from(!is_key)];
                for (to, from) in self.payload.iter_mut().zip(head) {
                    *to = from;
                }
                let marker = part + 1 == PACKETS_PER_FRAME;
                let meta = RtpMeta { codec: Codec::Vp8, seq: *seq, timestamp, marker, level: None };
                self.router.on_rtp(self.camera, layer, &meta, &self.payload, now, &mut sink);
            }
        }
        for half in 0..2 {
            let seq = self.frame * 2 + half;
            let level = Some(AudioLevel { minus_dbov: if (self.frame / 60).is_multiple_of(2) { 20 } else { 127 } });
            let meta = RtpMeta { codec: Codec::Opus, seq, timestamp: (seq * 800) as u32, marker: false, level };
            self.router.on_rtp(self.microphone, LayerIx::LOWEST, &meta, &[0xfc; 80], now, &mut sink);
        }
        loop {
            match self.router.poll(now) {
                Output::Idle { .. } => break,
                Output::KeyframeRequest { .. } => self.requests += 1,
                _ => {}
            }
        }
        self.frame += 1;
    }
}
