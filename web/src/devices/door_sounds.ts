// Two short tones of our own: upwards for who comes, downwards for who goes.

const NOTES_HZ = { join: [523.25, 659.25], leave: [493.88, 369.99] } as const;
const NOTE_S = 0.11;
const LOUDNESS = 0.06;

/** Returns how to play them; without sound in the browser nothing is played. */
export function doorSounds(speakerId: () => string): (cue: keyof typeof NOTES_HZ) => void {
  let context: AudioContext | null = null;
  return (cue) => {
    try {
      context ??= new AudioContext();
      const output = context;
      void routeTo(output, speakerId()).then(() => {
        NOTES_HZ[cue].forEach((hz, index) =>
          playNote(output, hz, output.currentTime + 0.02 + index * NOTE_S),
        );
      });
    } catch {
      // A browser may allow only so many contexts: a call goes on without this sound.
    }
  };
}

/** Where the browser can; elsewhere the sound comes from the system's own speaker. */
async function routeTo(context: AudioContext, deviceId: string): Promise<void> {
  try {
    await context.resume();
    if ("setSinkId" in context) await (context as SinkContext).setSinkId(deviceId);
  } catch {
    // The speaker has gone: the system chooses another.
  }
}

interface SinkContext {
  setSinkId: (deviceId: string) => Promise<void>;
}

function playNote(context: AudioContext, hz: number, at_s: number): void {
  const note = new OscillatorNode(context, { frequency: hz, type: "sine" });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at_s);
  volume.gain.linearRampToValueAtTime(LOUDNESS, at_s + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0005, at_s + NOTE_S * 2);
  note.connect(volume).connect(context.destination);
  note.start(at_s);
  note.stop(at_s + NOTE_S * 2.1);
}
