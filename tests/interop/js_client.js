// What the interop tests ask of livekit-client, each as one promise. Loaded after the library's UMD bundle.
const { ExternalE2EEKeyProvider, Room, RoomEvent, Track, VideoQuality, VideoPreset } = window.LivekitClient;

const until = async (claim, what, timeoutMs = 30000) => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await claim();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
};

class Client {
  room = null;
  data = [];
  events = [];
  encryption = {};

  // Encrypt everything from end to end in the next call, by the library's own worker.
  async encrypt(key, workerSource) {
    const keyProvider = new ExternalE2EEKeyProvider();
    await keyProvider.setKey(key);
    const worker = new Worker(URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' })));
    this.encryption = { encryption: { keyProvider, worker } };
    return true;
  }

  async connect(url, token, options) {
    this.room = new Room({ adaptiveStream: false, dynacast: false, ...this.encryption, ...options });
    if (this.encryption.encryption) await this.room.setE2EEEnabled(true);
    this.room.on(RoomEvent.DataReceived, (payload, participant, kind, topic) =>
      this.data.push({ text: new TextDecoder().decode(payload), from: participant?.identity ?? null, topic: topic ?? null }));
    for (const name of ['Disconnected', 'Reconnecting', 'SignalReconnecting', 'Reconnected', 'ParticipantConnected', 'ParticipantDisconnected'])
      this.room.on(RoomEvent[name], (subject) => this.events.push([name, subject?.identity ?? subject ?? null]));
    this.room.on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.events.push(['Speakers', speakers.map((s) => s.identity)]));
    this.room.on(RoomEvent.TrackStreamStateChanged, (publication, state, participant) =>
      this.events.push(['StreamState', `${participant.identity} ${state}`]));
    const started = performance.now();
    await this.room.connect(url, token, { peerConnectionTimeout: 30000, maxRetries: 0, autoSubscribe: options.autoSubscribe ?? true });
    return {
      connectedMs: performance.now() - started,
      serverVersion: this.room.serverInfo?.version,
      sid: this.room.localParticipant.sid,
      singleConnection: this.room.engine.pcManager.mode ?? null,
    };
  }

  // Time from the call of connect to the first decoded remote video frame.
  async measureJoin(url, token, options) {
    const room = new Room({ adaptiveStream: false, dynacast: false, ...options });
    this.room = room;
    const startedAt = performance.now();
    const firstFrame = new Promise((done) => {
      room.on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind !== Track.Kind.Video) return;
        const video = document.createElement('video');
        video.muted = true;
        document.body.append(video);
        video.requestVideoFrameCallback((_, { receiveTime }) =>
          done({ firstFrameMs: performance.now() - startedAt, receivedMs: receiveTime - startedAt }));
        track.attach(video);
      });
    });
    await room.connect(url, token, { peerConnectionTimeout: 30000 });
    const connectedMs = performance.now() - startedAt;
    const timeout = new Promise((_, fail) => setTimeout(() => fail(new Error('no frame within 30 s')), 30000));
    const frame = await Promise.race([firstFrame, timeout]);
    await room.disconnect();
    document.querySelectorAll('video').forEach((video) => video.remove());
    return { startedAt, connectedMs, ...frame };
  }

  // Wait until the camera is sent in three layers, and so many pictures more have gone.
  async untilLayersRun(count) {
    const sent = async () => [...(await this.room.localParticipant.getTrackPublication('camera').track.sender.getStats()).values()]
      .filter((row) => row.type === 'outbound-rtp' && row.framesSent > 0).map((row) => row.framesSent);
    const before = Math.max(0, ...(await sent()));
    return until(async () => { const rows = await sent(); return rows.length === 3 && Math.max(...rows) >= before + count; },
      `three layers, and ${count} pictures more`);
  }

  // Be a browser that decodes no pictures but those in this codec.
  decodeOnly(mimeType) {
    const codecs = RTCRtpReceiver.getCapabilities('video').codecs.filter((codec) => [mimeType, 'video/rtx'].includes(codec.mimeType));
    for (const name of ['createOffer', 'createAnswer']) {
      const plain = RTCPeerConnection.prototype[name];
      RTCPeerConnection.prototype[name] = function (...options) {
        for (const transceiver of this.getTransceivers())
          if (transceiver.receiver.track.kind === 'video' && !transceiver.sender.track) transceiver.setCodecPreferences(codecs);
        return plain.apply(this, options);
      };
    }
    return true;
  }

  async publishCamera(codec = 'vp8', simulcast = true, backupCodec = false) {
    const publication = await this.room.localParticipant.setCameraEnabled(
      true,
      { resolution: { width: 1280, height: 720, frameRate: 15 } },
      { videoCodec: codec, simulcast, backupCodec },
    );
    return publication.trackSid;
  }

  async unpublishCamera() {
    const me = this.room.localParticipant;
    await me.unpublishTrack(me.getTrackPublication('camera').track);
    return true;
  }

  async publishMicrophone() {
    return (await this.room.localParticipant.setMicrophoneEnabled(true)).trackSid;
  }

  async publishScreen() {
    const found = await this.room.localParticipant.setScreenShareEnabled(true, { audio: true });
    return found?.trackSid;
  }

  setMicrophone(on) { return this.room.localParticipant.setMicrophoneEnabled(on).then(() => true); }
  setCamera(on) { return this.room.localParticipant.setCameraEnabled(on).then(() => true); }
  disconnect() { return this.room.disconnect().then(() => true); }

  remote(identity) {
    return this.room.remoteParticipants.get(identity);
  }

  publication(identity, source) {
    return [...(this.remote(identity)?.trackPublications.values() ?? [])].find((p) => p.source === source);
  }

  // Attach the remote track and wait until frames go on arriving; returns size, mean colour and codec.
  async see(identity, source = 'camera') {
    const publication = await until(() => { const p = this.publication(identity, source); return p?.track ? p : null; }, `track of ${identity}`);
    const id = `video-${publication.trackSid}`;
    let video = document.getElementById(id);
    if (!video) {
      video = Object.assign(document.createElement('video'), { id, muted: true, autoplay: true });
      document.body.append(video);
    }
    // After joining anew, and in another codec, it is another track under the same name.
    const attach = () => { if (publication.track && !publication.track.attachedElements.includes(video)) publication.track.attach(video); };
    attach();
    // Decoded frames from the statistics: a headless Firefox does not count shown ones.
    const decoded = async () => [...(await publication.track?.getRTCStatsReport())?.values() ?? []].find((r) => r.type === 'inbound-rtp')?.framesDecoded ?? 0;
    const before = await decoded();
    await until(async () => { attach(); return video.videoWidth > 0 && (await decoded()) > before + 4; }, `frames of ${identity}`);
    const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 32, 18);
    const { data } = context.getImageData(0, 10, 32, 8);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
    const stats = await publication.track.getRTCStatsReport();
    const rows = [...stats.values()];
    const inbound = rows.find((row) => row.type === 'inbound-rtp');
    const codec = rows.find((row) => row.id === inbound?.codecId)?.mimeType ?? null;
    return { width: video.videoWidth, height: video.videoHeight, colour: sum.map((s) => s / (data.length / 4)), codec,
      freezes: inbound?.freezeCount ?? 0, lost: inbound?.packetsLost ?? 0 };
  }

  // Wait until pictures are held back for so long on average before they are shown, lately.
  async untilHeldBack(identity, leastMs) {
    const { track } = await until(() => { const p = this.publication(identity, 'camera'); return p?.track ? p : null; }, `track of ${identity}`);
    let before = null;
    return until(async () => {
      const row = [...(await track.getRTCStatsReport()).values()].find((r) => r.type === 'inbound-rtp');
      if (!row || row.jitterBufferEmittedCount < (before?.count ?? 0) + 10) return null;
      const [total, count] = [row.jitterBufferDelay, row.jitterBufferEmittedCount];
      const meanMs = before && ((total - before.total) / (count - before.count)) * 1000;
      before = { total, count };
      return meanMs >= leastMs ? meanMs : null;
    }, `pictures of ${identity} held back`);
  }

  // Wait until the remote sound has energy; returns how much arrived meanwhile.
  async hear(identity, source = 'microphone') {
    const publication = await until(() => { const p = this.publication(identity, source); return p?.track ? p : null; }, `sound of ${identity}`);
    if (!publication.track.attachedElements.length) document.body.append(publication.track.attach());
    const energy = async () => [...(await publication.track.getRTCStatsReport()).values()].find((r) => r.type === 'inbound-rtp')?.totalAudioEnergy ?? 0;
    const before = await energy();
    return until(async () => { const grown = (await energy()) - before; return grown > 0.0005 ? grown : null; }, `energy of ${identity}`);
  }

  setQuality(identity, quality) {
    this.publication(identity, 'camera').setVideoQuality(VideoQuality[quality]);
    return true;
  }

  setDimensions(identity, width, height) {
    this.publication(identity, 'camera').setVideoDimensions({ width, height });
    return true;
  }

  setEnabled(identity, enabled) {
    this.publication(identity, 'camera').setEnabled(enabled);
    return true;
  }

  untilWidth(identity, low, high) {
    const video = document.getElementById(`video-${this.publication(identity, 'camera').trackSid}`);
    return until(() => (video.videoWidth >= low && video.videoWidth <= high ? video.videoWidth : null), `width ${low}..${high} of ${identity}, now ${video.videoWidth}`, 40000);
  }

  // What the server says of a track, and the codec in which it comes.
  async received(identity, source) {
    const { trackInfo, track } = this.publication(identity, source);
    const rows = [...(await track.getRTCStatsReport()).values()];
    const { codecId } = rows.find((row) => row.type === 'inbound-rtp');
    return { encryption: trackInfo.encryption, disableRed: trackInfo.disableRed, codec: rows.find((row) => row.id === codecId).mimeType };
  }

  trailerLength() {
    return this.room.engine.latestJoinResponse.sifTrailer.length;
  }

  // Wait until so many packets of both have come; returns what could be made of them.
  async makeOf(identity, packets) {
    await until(() => ['camera', 'microphone'].every((source) => this.publication(identity, source)?.track), `tracks of ${identity}`);
    for (const source of ['camera', 'microphone']) document.body.append(this.publication(identity, source).track.attach());
    return until(async () => {
      const [picture, sound] = [await this.inbound(identity, 'camera'), await this.inbound(identity, 'microphone')];
      if (!(picture?.packetsReceived >= packets && sound?.packetsReceived >= packets)) return null;
      return { frames: picture.framesDecoded, energy: sound.totalAudioEnergy };
    }, `${packets} packets of ${identity}`);
  }

  async inbound(identity, source) {
    const rows = [...(await this.publication(identity, source).track.getRTCStatsReport()).values()];
    return rows.find((row) => row.type === 'inbound-rtp');
  }

  // Remember where the streams are, and measure from here on how long the picture stands still.
  async mark(identity) {
    const [video, audio] = [await this.inbound(identity, 'camera'), await this.inbound(identity, 'microphone')];
    const element = document.getElementById(`video-${this.publication(identity, 'camera').trackSid}`);
    const mark = { video, audio, last: performance.now(), longest: 0 };
    const onFrame = (now) => {
      mark.longest = Math.max(mark.longest, now - mark.last);
      mark.last = now;
      if (this.marked === mark) element.requestVideoFrameCallback(onFrame);
    };
    this.marked = mark;
    element.requestVideoFrameCallback(onFrame);
    return true;
  }

  async sinceMark(identity) {
    const { video, audio, last, longest } = this.marked;
    const [picture, sound] = [await this.inbound(identity, 'camera'), await this.inbound(identity, 'microphone')];
    // What is made up while nobody speaks and nothing is sent is no loss.
    const made = (row) => row.concealedSamples - row.silentConcealedSamples;
    return {
      frames: picture.framesDecoded - video.framesDecoded,
      concealed: (made(sound) - made(audio)) / Math.max(1, sound.totalSamplesReceived - audio.totalSamplesReceived),
      longestFreezeS: Math.max(longest, performance.now() - last) / 1000,
      bytes: picture.bytesReceived - video.bytesReceived,
      packets: picture.packetsReceived - video.packetsReceived,
    };
  }

  async untilFrames(identity, count) {
    const before = (await this.inbound(identity, 'camera')).framesDecoded;
    return until(async () => (await this.inbound(identity, 'camera')).framesDecoded >= before + count, `${count} frames of ${identity}`, 60000);
  }

  // Three seconds without a packet of the picture.
  async untilStill(identity) {
    let [packets, since] = [-1, 0];
    return until(async () => {
      const now = (await this.inbound(identity, 'camera')).packetsReceived;
      if (now !== packets) [packets, since] = [now, performance.now()];
      return performance.now() - since > 3000;
    }, `no more packets of ${identity}`);
  }

  untilStreamState(identity, state) {
    return until(() => this.events.find(([n, s]) => n === 'StreamState' && s === `${identity} ${state}`), `stream of ${identity} ${state}`);
  }

  async send(text, { reliable = true, to, topic } = {}) {
    await this.room.localParticipant.publishData(new TextEncoder().encode(text), { reliable, destinationIdentities: to, topic });
    return true;
  }

  untilData(text) {
    return until(() => this.data.find((packet) => packet.text === text), `data ${text}`);
  }

  texts() {
    return this.data.map((packet) => packet.text);
  }

  untilEvent(name, subject = null) {
    return until(() => this.events.find(([n, s]) => n === name && (subject === null || s === subject || s?.includes?.(subject))), `event ${name} ${subject}`);
  }

  untilMuted(identity, source, muted) {
    return until(() => this.publication(identity, source)?.isMuted === muted, `${identity} ${source} muted=${muted}`);
  }

  untilGone(identity) {
    return until(() => !this.remote(identity), `${identity} gone`);
  }

  untilReplaced(identity, sid) {
    return until(() => this.remote(identity) && this.remote(identity).sid !== sid && this.publication(identity, 'camera'), `${identity} back`);
  }

  untilUnpublished(identity, source) {
    return until(() => !this.publication(identity, source), `${source} of ${identity} unpublished`);
  }

  participants() {
    return [...this.room.remoteParticipants.values()].map((p) => ({ identity: p.identity, name: p.name, sid: p.sid,
      tracks: [...p.trackPublications.values()].map((t) => ({ sid: t.trackSid, source: t.source, muted: t.isMuted, mime: t.mimeType })) }));
  }

  async sendText(text, topic) {
    await this.room.localParticipant.sendText(text, { topic });
    return true;
  }

  cutSignal() {
    this.room.engine.client.ws?.close?.();
    return true;
  }

  simulate(scenario, value) {
    return this.room.simulateScenario(scenario, value).then(() => true);
  }
}

window.client = new Client();
