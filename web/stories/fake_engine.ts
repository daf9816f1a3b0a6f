// An engine whose people are drawings.
import { signal } from "@preact/signals-core";
import type { EngineStatus, Measured, MediaEngine, RemoteMedia, Source } from "../src/engine/media_engine";
import type { Story } from "./cast";

const pictures = import.meta.glob<string>("../src/assets/people/*.svg", {
  eager: true,
  query: "?url",
  import: "default",
});

export class FakeEngine implements MediaEngine {
  readonly status = signal<EngineStatus>("off");
  readonly remotes = signal<ReadonlyMap<string, RemoteMedia>>(new Map());
  readonly speakers = signal<ReadonlyMap<string, number>>(new Map());
  readonly isOwnConnectionWeak = signal(false);
  readonly isSoundBlocked = signal(false);

  constructor(private readonly story: Story) {}

  connect(): void {
    this.status.value = "connected";
    this.remotes.value = new Map(
      this.story.others.map((person, index) => [
        person.name,
        {
          identity: person.name,
          name: person.name,
          isWeak: person.isWeak ?? false,
          joinedAt_ms: index,
          tracks: {
            microphone: { id: "m", isMuted: person.isMuted ?? false, receivedId: "m", aspectRatio: null },
            ...(person.picture
              ? { camera: { id: "c", isMuted: false, receivedId: person.picture, aspectRatio: 16 / 9 } }
              : {}),
            ...(person.name === this.story.presents
              ? { screen_share: { id: "s", isMuted: false, receivedId: "slide", aspectRatio: 16 / 9 } }
              : {}),
          },
        },
      ]),
    );
    this.speakers.value = new Map(this.story.speaks ? [[this.story.speaks, 0.5]] : []);
  }

  disconnect(): void {
    this.status.value = "off";
    this.remotes.value = new Map();
  }

  attach(identity: string, source: Source, element: HTMLVideoElement): () => void {
    const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: 540 });
    const context = canvas.getContext("2d");
    element.srcObject = canvas.captureStream(5);
    const name =
      source === "screen_share" ? null : this.story.others.find((one) => one.name === identity)?.picture;
    const image = new Image();
    image.src = pictures[`../src/assets/people/${name}.svg`] ?? "";
    const id = window.setInterval(() => {
      if (!context) return;
      if (name && image.complete && image.naturalWidth > 0) drawCover(context, image);
      else drawSlide(context);
    }, 200);
    return () => {
      window.clearInterval(id);
      element.srcObject = null;
    };
  }

  send(): void {}
  setSpeaker(): void {}
  allowSound(): Promise<void> {
    return Promise.resolve();
  }
  measure(): Promise<Measured> {
    const pictures = this.story.others.slice(0, 3).map(({ name }, index) => ({
      identity: name,
      source: "camera" as const,
      ...(index === 1 ? { width: 1280, height: 720 } : { width: 640, height: 360 }),
      wholeWidth: 1280,
      wholeHeight: 720,
    }));
    return Promise.resolve({ way: "turn-tls", pictures });
  }
  soundEnergy(): Promise<number | null> {
    return Promise.resolve(null);
  }
}

function drawCover(context: CanvasRenderingContext2D, image: HTMLImageElement): void {
  const { width, height } = context.canvas;
  const scale = Math.max(width / image.naturalWidth, height / image.naturalHeight);
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
}

function drawSlide(context: CanvasRenderingContext2D): void {
  context.fillStyle = "#fffdf8";
  context.fillRect(0, 0, 960, 540);
  context.fillStyle = "#2f6f78";
  context.fillRect(0, 0, 16, 540);
  [220, 180, 240, 120, 170].forEach((top, index) => context.fillRect(100 + index * 130, top, 60, 480 - top));
  context.fillStyle = "#1d2b2c";
  context.font = "600 40px sans-serif";
  context.fillText("Reading groups, autumn term", 64, 84);
}
