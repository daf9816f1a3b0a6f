// The chat of a meeting with its files, put together from the browser's own parts.
import type { RoomSocket } from "../live/room_socket";
import type { Timers } from "../timing/timers";
import { Chat } from "./chat";
import { FileInfos } from "./file_infos";
import { browserKeep } from "./keep";
import { Uploads } from "./uploads";

export interface ChatParts {
  chat: Chat;
  uploads: Uploads;
  files: FileInfos;
}

export interface ChatPartsDeps {
  slug: string;
  line: RoomSocket;
  timers: Timers;
  isSignedIn: boolean;
  headers: () => Record<string, string>;
  random: () => number;
}

export function chatParts({ slug, line, timers, isSignedIn, headers, random }: ChatPartsDeps): ChatParts {
  const tabKeep = browserKeep(slug, () => sessionStorage);
  const marks = browserKeep(slug, () => localStorage);
  const newId = () => {
    const part = () => Math.floor(random() * 2 ** 48).toString(36);
    return `${part()}-${part()}-${part()}`;
  };
  return {
    chat: new Chat({ line, timers, newId, isSignedIn, keep: tabKeep, marks }),
    uploads: new Uploads({
      timers,
      headers,
      marks,
      createUrl: `/files/meetings/${encodeURIComponent(slug)}`,
      newRequest: () => new XMLHttpRequest(),
    }),
    files: new FileInfos({
      url: `/api/meetings/${encodeURIComponent(slug)}/files`,
      timers,
      fetchJson: async (url) => {
        const answer = await fetch(url, { headers: headers() });
        if (!answer.ok) throw new Error(String(answer.status));
        return (await answer.json()) as unknown;
      },
    }),
  };
}
