// What a person chose last time. Choices are wishes: a device that is not there now is kept for when it returns.

export type PictureQuality = "high" | "medium" | "low";
/** Sounds for who comes and goes: in small meetings only, or as this person likes. */
export type DoorSounds = "small" | "always" | "never";

export interface Choices {
  name: string;
  microphoneId: string;
  cameraId: string;
  speakerId: string;
  isMicrophoneOn: boolean;
  isCameraOn: boolean;
  /** The camera's size as sent; "high" is 1280×720. */
  pictureQuality: PictureQuality;
  hasLetterShortcuts: boolean;
  showsReactions: boolean;
  /** To screen readers. */
  saysReactions: boolean;
  doorSounds: DoorSounds;
  /** Notices of the system while the tab is hidden. */
  wantsNotices: boolean;
}

export const DEFAULT_CHOICES: Choices = {
  name: "",
  microphoneId: "",
  cameraId: "",
  speakerId: "",
  isMicrophoneOn: true,
  isCameraOn: true,
  pictureQuality: "high",
  hasLetterShortcuts: false,
  showsReactions: true,
  saysReactions: true,
  doorSounds: "small",
  wantsNotices: false,
};

const KEY = "palaver.choices";

export interface ChoiceStore {
  read(): Choices;
  change(part: Partial<Choices>): void;
}

export function browserChoices(storage: () => Storage): ChoiceStore {
  let current: Choices = DEFAULT_CHOICES;
  try {
    current = parseChoices(storage().getItem(KEY));
  } catch {
    // Storage may be shut; the choices then live as long as the page.
  }
  return {
    read: () => current,
    change: (part) => {
      current = { ...current, ...part };
      try {
        storage().setItem(KEY, JSON.stringify(current));
      } catch {
        // As above.
      }
    },
  };
}

/** Takes each value that has the right type, and the default for every other. */
export function parseChoices(raw: string | null): Choices {
  let kept: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(raw ?? "{}");
    if (typeof value === "object" && value !== null) kept = value as Record<string, unknown>;
  } catch {
    return DEFAULT_CHOICES;
  }
  const word = (key: keyof Choices) => (typeof kept[key] === "string" ? kept[key] : "");
  const flag = (key: keyof Choices) =>
    typeof kept[key] === "boolean" ? kept[key] : DEFAULT_CHOICES[key] === true;
  const quality = kept["pictureQuality"];
  const sounds = kept["doorSounds"];
  return {
    name: word("name"),
    microphoneId: word("microphoneId"),
    cameraId: word("cameraId"),
    speakerId: word("speakerId"),
    isMicrophoneOn: flag("isMicrophoneOn"),
    isCameraOn: flag("isCameraOn"),
    pictureQuality: quality === "medium" || quality === "low" ? quality : "high",
    hasLetterShortcuts: flag("hasLetterShortcuts"),
    showsReactions: flag("showsReactions"),
    saysReactions: flag("saysReactions"),
    doorSounds: sounds === "always" || sounds === "never" ? sounds : "small",
    wantsNotices: flag("wantsNotices"),
  };
}
