// What was written in the stories, and the files in it.
import type { FileInfo } from "../src/chat/file_infos";
import type { ChatFound, ChatMessage, ChatPage } from "../src/wire/live.gen";

/** A picture with a size of its own, as thumbnails have. */
function drawPoster(): string {
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 270 });
  const pen = canvas.getContext("2d");
  if (!pen) return "";
  pen.fillStyle = "#2f6f78";
  pen.fillRect(0, 0, 480, 270);
  pen.fillStyle = "#fffdf8";
  pen.font = "600 40px sans-serif";
  pen.fillText("The fair", 40, 150);
  return canvas.toDataURL();
}
const poster = drawPoster();
const FILES: readonly FileInfo[] = [
  { id: "f1", name: "Reading groups, autumn term.pdf", size: 483_000, image: null },
  { id: "f2", name: "poster.png", size: 91_000, image: { type: "image/png", width: 480, height: 270 } },
].map((file) => ({ ...file, download: "#", view: poster, thumbnail: file.image ? poster : null }));

export const fileInfos = () => ({
  links_end_at: new Date(Date.now() + 3_600_000).toISOString(),
  files: FILES,
});

export const page = (part: Partial<ChatPage>): ChatPage => ({
  kind: "chat_page",
  messages: [],
  quoted: [],
  mine: {},
  change: 9,
  has_more: false,
  read_seq: 99,
  retention_days: null,
  ...part,
});

/** Whatever is looked for, those of the others are found. */
export const found = ({ messages = [] }: Partial<ChatPage>): ChatFound => ({
  kind: "chat_found",
  messages: messages.filter((one) => one.text && one.sender.identity !== "amina"),
  mine: {},
  has_more: false,
});

const say = (seq: number, name: string, text: string, part: Partial<ChatMessage> = {}): ChatMessage => ({
  message_id: `m${seq}`,
  seq,
  change: seq,
  session_id: "s",
  sender: {
    identity: name === "Amina Diallo" ? "amina" : name,
    name,
    is_signed_in: !name.startsWith("Mei"),
    tone: seq % 2 === 0 ? "plum" : "clay",
  },
  audience: "everyone",
  to: null,
  text,
  reply_to: null,
  mentions: [],
  file_ids: [],
  pictures: [],
  reactions: [],
  sent_at: new Date(Date.now() - (60 - seq) * 60_000).toISOString(),
  edited_at: null,
  deleted: null,
  ...part,
});

export const TALK: readonly ChatMessage[] = [
  say(
    1,
    "Kofi Mensah",
    "Good morning! The plan for today:\n\n- groups and rooms\n- **who reads what**\n- the fair",
  ),
  say(2, "Amina Diallo", "Thank you, that is all I need", {
    reactions: [{ emoji: "thumbs_up", count: 3, by: ["Kofi Mensah", "Leila Haddad"] }],
  }),
  say(3, "Leila Haddad", "Oak could have the small room", {
    reply_to: "m1",
    edited_at: new Date().toISOString(),
  }),
  say(4, "Mei-Ling Wu", "", {
    deleted: { at: new Date().toISOString(), by: { identity: "Kofi Mensah", name: "Kofi Mensah" } },
  }),
  say(5, "Tomás Ferreira", "The list is at https://example.org/reading?term=autumn", {
    reactions: [
      { emoji: "heart", count: 1, by: ["Leila Haddad"] },
      { emoji: "celebrate", count: 2, by: ["Kofi Mensah", "Amina Diallo"] },
    ],
  }),
];

export const PRIVATE: readonly ChatMessage[] = [
  say(6, "Leila Haddad", "Shall I speak first?", {
    audience: "private",
    to: { identity: "amina", name: "Amina Diallo" },
  }),
  say(7, "Amina Diallo", "Yes please, and keep it short", {
    audience: "private",
    to: { identity: "Leila Haddad", name: "Leila Haddad" },
  }),
];

export const WITH_FILES: readonly ChatMessage[] = [
  say(8, "Ingrid Sørensen", "Here it is, and the poster", {
    file_ids: ["f1", "f2"],
    pictures: [{ file_id: "f2", width: 480, height: 270 }],
  }),
  say(9, "Amina Diallo", "", { file_ids: ["f1"] }),
  say(10, "Kofi Mensah", "This one has run out", { file_ids: ["gone"] }),
];
