// What a browser keeps of the chat: drafts and what is on its way for this tab, and how far a guest has read.

export interface Keep {
  read: (name: string) => unknown;
  write: (name: string, value: unknown) => void;
}

/** Storage may be shut (private windows, policies): then it lasts as long as the page. */
export function browserKeep(slug: string, storage: () => Pick<Storage, "getItem" | "setItem">): Keep {
  const memory = new Map<string, string>();
  const key = (name: string) => `palaver.chat.${slug}.${name}`;
  return {
    read: (name) => {
      try {
        const text = storage().getItem(key(name)) ?? memory.get(name);
        return text === undefined ? null : (JSON.parse(text) as unknown);
      } catch {
        return null;
      }
    },
    write: (name, value) => {
      const text = JSON.stringify(value);
      memory.set(name, text);
      try {
        storage().setItem(key(name), text);
      } catch {
        // In memory, then.
      }
    },
  };
}
