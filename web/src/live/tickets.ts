// What a browser keeps between visits: the guest ticket of each meeting (so that a guest comes back as the same
// person), the id of this tab (so that a reload is not mistaken for a second tab), and the tab's own secret (so that a
// guest whose first ticket has not arrived is the same person at the next try).
export interface Tickets {
  readGuestTicket(): string | null;
  keepGuestTicket(ticket: string): void;
  tab_id: string;
  guest_key: string;
}

const TAB_KEY = "palaver.tab";
const GUEST_KEY = "palaver.guest-key";

export function browserTickets(slug: string, newId: () => string): Tickets {
  const key = `palaver.guest.${slug}`;
  const ofThisTab = (name: string): string => {
    const value = attempt(() => sessionStorage.getItem(name)) ?? newId();
    attempt(() => sessionStorage.setItem(name, value));
    return value;
  };
  let memory: string | null = null;
  return {
    tab_id: ofThisTab(TAB_KEY),
    guest_key: ofThisTab(GUEST_KEY),
    readGuestTicket: () => attempt(() => localStorage.getItem(key)) ?? memory,
    keepGuestTicket: (ticket) => {
      memory = ticket;
      attempt(() => localStorage.setItem(key, ticket));
    },
  };
}

/** Storage may be shut (private windows, policies); the call goes on with what is in memory. */
function attempt<T>(run: () => T): T | null {
  try {
    return run();
  } catch {
    return null;
  }
}
