// What a browser keeps between visits: the guest ticket of each meeting (so that a guest comes back as the same
// person) and the id of this tab (so that a reload is not mistaken for a second tab).
export interface Tickets {
  readGuestTicket(): string | null;
  keepGuestTicket(ticket: string): void;
  tab_id: string;
}

const TAB_KEY = "palaver.tab";

export function browserTickets(slug: string, newId: () => string): Tickets {
  const key = `palaver.guest.${slug}`;
  const kept = attempt(() => sessionStorage.getItem(TAB_KEY));
  const tab_id = kept ?? newId();
  attempt(() => sessionStorage.setItem(TAB_KEY, tab_id));
  let memory: string | null = null;
  return {
    tab_id,
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
