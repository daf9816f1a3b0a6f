// Three soft notes on the chosen speaker.

const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.28;

/** Resolves when the last note has ended; rejects when the speaker cannot be used. */
export async function playTestTone(speakerId: string): Promise<void> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = output.stream;
  try {
    if (speakerId && "setSinkId" in element) await element.setSinkId(speakerId);
    await element.play();
    const ended = NOTES_HZ.map((hz, index) =>
      playNote(context, output, hz, context.currentTime + index * NOTE_S),
    );
    await Promise.all(ended);
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

function playNote(context: AudioContext, output: AudioNode, hz: number, at_s: number): Promise<void> {
  const note = new OscillatorNode(context, { frequency: hz, type: "sine" });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, at_s);
  volume.gain.linearRampToValueAtTime(0.2, at_s + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at_s + NOTE_S * 1.6);
  note.connect(volume).connect(output);
  note.start(at_s);
  note.stop(at_s + NOTE_S * 1.7);
  return new Promise((resolve) => {
    note.onended = () => resolve();
  });
}
