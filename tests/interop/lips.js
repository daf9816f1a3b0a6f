// Flashes and beeps of one moment, and how far they are apart where they arrive: by the server, and by a connection from
// page to page beside it, which shows what the browser adds. Loaded after js_client.js.

// Says when a sound begins, and now and then what the time of its clock is.
const EAR = `
registerProcessor('ear', class extends AudioWorkletProcessor {
  quiet = 0;
  blocks = 0;
  process([[samples]]) {
    if (this.blocks++ % 8 === 0) this.port.postMessage({ clock: currentTime });
    for (let at = 0; at < (samples?.length ?? 0); at++) {
      if (Math.abs(samples[at]) < 0.05) { this.quiet++; continue; }
      if (this.quiet > sampleRate / 8) this.port.postMessage({ beep: currentTime + at / sampleRate });
      this.quiet = 0;
    }
    return true;
  }
});`;
const PERIOD_S = 0.8;
const FLASH_S = 0.15;
// What belongs to one moment is nearer than this, what belongs to the next one is not.
const SAME_MS = 350;

// One way from page to page: eyes and ears at its end.
class Perception {
  flashes = [];
  beeps = [];

  look(video) {
    const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
    let wasWhite = true;
    const onFrame = (now, frame) => {
      context.drawImage(video, 0, 0, 1, 1);
      const isWhite = context.getImageData(0, 0, 1, 1).data[0] > 128;
      if (isWhite && !wasWhite) this.flashes.push(frame.expectedDisplayTime);
      wasWhite = isWhite;
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  }

  async listen(track, clock) {
    const ear = new AudioWorkletNode(clock, 'ear');
    let ahead = Infinity;
    ear.port.onmessage = ({ data }) => {
      // Messages come late, never early: the soonest tells how the clocks differ.
      if (data.clock !== undefined) ahead = Math.min(ahead, performance.now() - data.clock * 1000);
      else this.beeps.push(data.beep * 1000 + ahead);
    };
    clock.createMediaStreamSource(new MediaStream([track])).connect(ear).connect(clock.destination);
  }

  // When each flash came, and how much later its sound.
  moments() {
    return this.flashes.flatMap((flash) => {
      const beep = this.beeps.find((one) => Math.abs(one - flash) < SAME_MS);
      return beep === undefined ? [] : [{ at: flash, apartMs: beep - flash }];
    });
  }
}

class Lips {
  served = new Perception();
  direct = new Perception();

  // Publish a picture that is white for a moment again and again, and a tone for as long.
  async publish() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    const clock = new AudioContext();
    const [tone, volume, sound] = [clock.createOscillator(), clock.createGain(), clock.createMediaStreamDestination()];
    volume.gain.value = 0;
    tone.connect(volume).connect(sound);
    tone.start();
    let next = Math.ceil(clock.currentTime) + 1;
    const plan = () => volume.gain.setValueAtTime(0.5, next).setValueAtTime(0, next + FLASH_S);
    plan();
    let [wasWhite, lastMs] = [false, 0];
    setInterval(() => {
      const [since, nowMs] = [clock.currentTime - next, performance.now()];
      const isWhite = since >= 0 && since < FLASH_S;
      if (isWhite !== wasWhite || nowMs - lastMs > 50) {
        context.fillStyle = isWhite ? '#fff' : '#000';
        context.fillRect(0, 0, canvas.width, canvas.height);
        [wasWhite, lastMs] = [isWhite, nowMs];
      }
      if (since < FLASH_S) return;
      next += PERIOD_S;
      plan();
    }, 4);
    const [picture] = canvas.captureStream(30).getVideoTracks();
    const [tones] = sound.stream.getAudioTracks();
    this.stream = new MediaStream([picture, tones]);
    const me = client.room.localParticipant;
    this.camera = await me.publishTrack(picture, { source: 'camera', videoCodec: 'vp8', simulcast: true });
    await me.publishTrack(tones, { source: 'microphone', dtx: false });
    return true;
  }

  setMuted(isMuted) {
    return (isMuted ? this.camera.mute() : this.camera.unmute()).then(() => true);
  }

  // With its candidates in it. Without a microphone a browser hides its addresses.
  async described(description) {
    await this.connection.setLocalDescription(description);
    await until(() => this.connection.iceGatheringState === 'complete', 'candidates');
    return this.connection.localDescription.sdp;
  }

  // Send the same from page to page.
  async offer() {
    await navigator.mediaDevices.getUserMedia({ audio: true });
    this.connection = new RTCPeerConnection();
    for (const track of this.stream.getTracks()) this.connection.addTrack(track, this.stream);
    return this.described(await this.connection.createOffer());
  }

  async answer(sdp) {
    await navigator.mediaDevices.getUserMedia({ audio: true });
    this.connection = new RTCPeerConnection();
    this.came = {};
    this.connection.ontrack = ({ track }) => { this.came[track.kind] = track; };
    await this.connection.setRemoteDescription({ type: 'offer', sdp });
    return this.described(await this.connection.createAnswer());
  }

  accept(sdp) {
    return this.connection.setRemoteDescription({ type: 'answer', sdp }).then(() => true);
  }

  // Look at and listen to what comes both ways, by the clock of the page.
  async attend(identity) {
    const clock = new AudioContext();
    await clock.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], { type: 'text/javascript' })));
    const [picture, sound] = await Promise.all(['camera', 'microphone'].map((source) =>
      until(() => client.publication(identity, source)?.track, `${source} of ${identity}`)));
    const video = picture.attach();
    video.id = `video-${client.publication(identity, 'camera').trackSid}`;
    // A remote sound flows only while it is played.
    document.body.append(video, sound.attach());
    this.served.look(video);
    await this.served.listen(sound.mediaStreamTrack, clock);

    const both = new MediaStream([this.came.video, this.came.audio]);
    const shown = Object.assign(document.createElement('video'), { autoplay: true, srcObject: both });
    document.body.append(shown);
    this.direct.look(shown);
    await this.direct.listen(this.came.audio, clock);
    return true;
  }

  // Wait until nothing has flashed for a while.
  dark() {
    return until(() => performance.now() - (this.served.flashes.at(-1) ?? 0) > 4000 * PERIOD_S, 'darkness');
  }

  // How much later than the picture the sound came by the server and directly, for the next moments that came both ways.
  async apart(settle, count) {
    for (const way of [this.served, this.direct]) [way.flashes, way.beeps] = [[], []];
    const found = () => {
      const direct = this.direct.moments();
      return this.served.moments().flatMap(({ at, apartMs }) => {
        const same = direct.find((one) => Math.abs(one.at - at) < SAME_MS);
        return same ? [[apartMs, same.apartMs]] : [];
      });
    };
    await until(() => found().length >= settle + count, `${settle + count} flashes with their beeps`, 120000);
    return found().slice(settle, settle + count);
  }
}

window.lips = new Lips();
