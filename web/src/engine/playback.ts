// Remote sound: one hidden audio element for each track, in the page so that every browser plays it.
import type { RemoteTrack, Room } from "livekit-client";
import { Track } from "livekit-client";

export class Playback {
  readonly #box: HTMLElement;

  constructor(document: Document) {
    this.#box = document.createElement("div");
    this.#box.hidden = true;
    this.#box.dataset["palaverSound"] = "";
    document.body.append(this.#box);
  }

  play(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    this.#box.append(track.attach());
  }

  stop(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    for (const element of track.detach()) element.remove();
  }

  stopAll(): void {
    this.#box.replaceChildren();
  }

  async useSpeaker(room: Room, deviceId: string): Promise<void> {
    // Browsers without a choice of speakers (Firefox before 116, Safari) play on the system's.
    if (!("setSinkId" in HTMLMediaElement.prototype)) return;
    await room.switchActiveDevice("audiooutput", deviceId || "default");
  }
}
