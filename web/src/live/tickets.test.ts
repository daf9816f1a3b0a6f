import { afterEach, expect, it, vi } from "vitest";
import { browserTickets } from "./tickets";

class Shelf {
  readonly #kept = new Map<string, string>();
  getItem(name: string): string | null {
    return this.#kept.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.#kept.set(name, value);
  }
}

let made = 0;
const newId = () => `id-${++made}`;

afterEach(() => vi.unstubAllGlobals());

it("has an id and a secret of the tab that outlive a reload and differ from each other and from another tab's", () => {
  vi.stubGlobal("localStorage", new Shelf());
  vi.stubGlobal("sessionStorage", new Shelf());
  const first = browserTickets("a", newId);
  const reloaded = browserTickets("a", newId);
  expect([reloaded.tab_id, reloaded.guest_key]).toEqual([first.tab_id, first.guest_key]);
  vi.stubGlobal("sessionStorage", new Shelf());
  const other = browserTickets("a", newId);
  expect(new Set([first.tab_id, first.guest_key, other.tab_id, other.guest_key]).size).toBe(4);
});

it("keeps a ticket by meeting", () => {
  vi.stubGlobal("localStorage", new Shelf());
  vi.stubGlobal("sessionStorage", new Shelf());
  browserTickets("a", newId).keepGuestTicket("ticket");
  expect(browserTickets("a", newId).readGuestTicket()).toBe("ticket");
  expect(browserTickets("b", newId).readGuestTicket()).toBeNull();
});

it("goes on with what is in memory where storage is shut", () => {
  const shut = {
    getItem: () => {
      throw new Error("shut");
    },
    setItem: () => {
      throw new Error("shut");
    },
  };
  vi.stubGlobal("localStorage", shut);
  vi.stubGlobal("sessionStorage", shut);
  const tickets = browserTickets("a", newId);
  const { tab_id, guest_key } = tickets;
  tickets.keepGuestTicket("ticket");
  expect([tickets.readGuestTicket(), tickets.tab_id, tickets.guest_key]).toEqual([
    "ticket",
    tab_id,
    guest_key,
  ]);
});
