// How loud a microphone is, from 0 to 1, several times a second.

const SAMPLES = 1024;
/** Ten readings a second follow speech well and cost nothing. */
const INTERVAL_MS = 100;
/** From a quiet room to loud speech, in decibels below full scale. */
const FLOOR_DB = -60;
const CEILING_DB = -12;

/** Calls `onLevel` until the result is called. Must begin after the person has pressed something. */
export function watchLevel(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  void context.resume();
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(SAMPLES);
  const id = window.setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelOf(samples));
  }, INTERVAL_MS);
  return () => {
    window.clearInterval(id);
    source.disconnect();
    void context.close();
  };
}

export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  const db = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}
