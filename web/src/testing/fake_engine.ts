// A media engine that does as it is told at once, and can be lost.
import { signal } from "@preact/signals-core";
import { vi } from "vitest";
import type {
  EngineEvents,
  EngineStatus,
  Measured,
  MediaEngine,
  MediaTicket,
  RemoteMedia,
} from "../engine/media_engine";

export class FakeEngine implements MediaEngine {
  readonly status = signal<EngineStatus>("off");
  readonly remotes = signal<ReadonlyMap<string, RemoteMedia>>(new Map());
  readonly speakers = signal<ReadonlyMap<string, number>>(new Map());
  readonly isOwnConnectionWeak = signal(false);
  readonly isSoundBlocked = signal(false);
  readonly tickets: string[] = [];
  readonly send = vi.fn();
  readonly setSpeaker = vi.fn();

  constructor(readonly events: EngineEvents) {}
  connect(ticket: MediaTicket): void {
    this.tickets.push(ticket.token);
    this.status.value = "connected";
  }
  disconnect(): void {
    this.status.value = "off";
  }
  lose(): void {
    this.status.value = "failed";
    this.events.onLost();
  }
  attach(): () => void {
    return () => undefined;
  }
  allowSound(): Promise<void> {
    return Promise.resolve();
  }
  measure(): Promise<Measured> {
    return Promise.resolve({ way: null, pictures: [] });
  }
  soundEnergy(): Promise<number | null> {
    return Promise.resolve(null);
  }
}
