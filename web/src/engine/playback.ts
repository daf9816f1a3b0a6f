// Remote sound: one hidden audio element for each track, in the page so that every browser plays it.
import { Track } from "livekit-client";
import type { RemoteTrack } from "livekit-client";

export class Playback {
  readonly #box: HTMLElement;
  #speaker = "";

  constructor(document: Document) {
    this.#box = document.createElement("div");
    this.#box.hidden = true;
    this.#box.dataset["palaverSound"] = "";
    document.body.append(this.#box);
  }

  play(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    const element = track.attach();
    this.#box.append(element);
    if (this.#speaker) void playOn(element, this.#speaker);
  }

  stop(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    for (const element of track.detach()) element.remove();
  }

  stopAll(): void {
    this.#box.replaceChildren();
  }

  setSpeaker(deviceId: string): void {
    if (this.#speaker === deviceId) return;
    this.#speaker = deviceId;
    for (const element of this.#box.querySelectorAll("audio")) void playOn(element, deviceId);
  }
}

/** An empty id is the system's own speaker. A speaker that is gone leaves the sound where it is. */
async function playOn(element: HTMLMediaElement, deviceId: string): Promise<void> {
  // Browsers without a choice of speakers (Safari before 18.4) play on the system's.
  if (!("setSinkId" in element)) return;
  try {
    await element.setSinkId(deviceId);
  } catch (error) {
    console.warn("palaver: the speaker could not be used", error);
  }
}
