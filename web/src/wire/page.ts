// What the page and the green room learn over HTTP: the boot data in the page, and the preview of the meeting.
import { flag, list, nullable, object, text } from "./shape";

export interface Boot {
  slug: string;
  title: string;
  signed_in: boolean;
  name: string | null;
  locale: string;
  theme: string;
  /** `settings` is for those who may change the meeting. */
  urls: { home: string; ws: string; preview: string; sign_in: string; settings: string | null };
  /** Of the head of the pages before and after the call, in the reader's language. */
  links: { label: string; url: string }[];
}

export interface Preview {
  title: string;
  host_name: string;
  signed_in: boolean;
  name: string | null;
  may_join: boolean;
  reason: string | null;
  is_on: boolean;
  inside: { name: string; tone: string }[] | null;
  /** Whether somebody inside has to let this person in. */
  waits: boolean;
}

const boot = object<Boot>({
  slug: text,
  title: text,
  signed_in: flag,
  name: nullable(text),
  locale: text,
  theme: text,
  urls: object<Boot["urls"]>({
    home: text,
    ws: text,
    preview: text,
    sign_in: text,
    settings: nullable(text),
  }),
  links: list(object<{ label: string; url: string }>({ label: text, url: text })),
});

const preview = object<Preview>({
  title: text,
  host_name: text,
  signed_in: flag,
  name: nullable(text),
  may_join: flag,
  reason: nullable(text),
  is_on: flag,
  inside: nullable(list(object<{ name: string; tone: string }>({ name: text, tone: text }))),
  waits: flag,
});

export const parseBoot = (raw: string): Boot => boot(JSON.parse(raw), "boot");
export const parsePreview = (value: unknown): Preview => preview(value, "preview");
