// Every command of the call, once: its words, its icon, its keys, when it can be given, and what it does. The bar,
// the menus, the keyboard and the help all read this list.
import type { TextKey } from "../text/translate";
import type { Call } from "./call";
import type { IconName } from "./icon_name";
import type { Sendable } from "./own_rights";
import type { Shortcut } from "./shortcuts";

export interface CommandRecord {
  id: CommandId;
  label: (call: Call) => TextKey;
  /** The shorter word below the icon, where the label is long. */
  caption?: (call: Call) => TextKey;
  icon: (call: Call) => IconName;
  shortcuts: readonly Shortcut[];
  isAvailable: (call: Call) => boolean;
  /** Why it is shown but does nothing now: the rights do not allow it. */
  blocked?: (call: Call) => TextKey | null;
  /** For commands whose label stays while they are on. */
  isOn?: (call: Call) => boolean;
  /** Red with a slash: the others get nothing from this device. */
  isOff?: (call: Call) => boolean;
  perform: (call: Call) => void;
}

export type CommandId =
  | "microphone"
  | "camera"
  | "share"
  | "hand"
  | "react"
  | "people"
  | "info"
  | "connection"
  | "chat"
  | "host"
  | "grid"
  | "speaker"
  | "flip"
  | "shortcuts"
  | "next_page"
  | "previous_page"
  | "leave";

const chord = (key: string): Shortcut => ({ key, isChord: true });
const single = (key: string): Shortcut => ({ key, isChord: false });

const isMicrophoneOn = (call: Call) => {
  const { isWanted, track } = call.local.microphone.value;
  return isWanted && track !== null;
};
const isCameraOn = (call: Call) => {
  const { isWanted, track } = call.local.camera.value;
  return isWanted && track !== null;
};
const isSharing = (call: Call) => call.local.screen.shared.value !== null;
const blockedBy = (source: Sendable) => (call: Call) => {
  const block = call.order.blockOf(source);
  return block && (`blocked.${block}` as const);
};
const isInCall = (call: Call) => call.phase.value.kind === "call";

const microphone: CommandRecord = {
  id: "microphone",
  label: (call) => (isMicrophoneOn(call) ? "command.mute" : "command.unmute"),
  icon: (call) => (isMicrophoneOn(call) ? "microphone" : "microphone-off"),
  shortcuts: [chord("d"), single("m")],
  isAvailable: (call) => call.phase.value.kind !== "ended",
  isOff: (call) => !isMicrophoneOn(call),
  blocked: blockedBy("microphone"),
  perform: (call) => {
    const isOn = !isMicrophoneOn(call);
    void call.local.setMicrophone(isOn).then(() => {
      if (isMicrophoneOn(call) === isOn) call.announcer.say({ key: isOn ? "say.unmuted" : "say.muted" });
    });
  },
};

const camera: CommandRecord = {
  id: "camera",
  label: (call) => (isCameraOn(call) ? "command.stopVideo" : "command.startVideo"),
  icon: (call) => (isCameraOn(call) ? "camera" : "camera-off"),
  shortcuts: [chord("e"), single("v")],
  isAvailable: (call) => call.phase.value.kind !== "ended",
  isOff: (call) => !isCameraOn(call),
  blocked: blockedBy("camera"),
  perform: (call) => {
    const isOn = !isCameraOn(call);
    void call.local.setCamera(isOn).then(() => {
      if (isCameraOn(call) === isOn) call.announcer.say({ key: isOn ? "say.videoOn" : "say.videoOff" });
    });
  },
};

const share: CommandRecord = {
  id: "share",
  label: (call) => (isSharing(call) ? "command.stopSharing" : "command.share"),
  caption: (call) => (isSharing(call) ? "command.stopSharing.short" : "command.share.short"),
  icon: (call) => (isSharing(call) ? "share-on" : "share"),
  shortcuts: [single("s")],
  isAvailable: (call) => isInCall(call) && call.local.screen.isSupported,
  blocked: blockedBy("screen_share"),
  perform: (call) => call.together.presenting.toggle(),
};

const hand: CommandRecord = {
  id: "hand",
  label: () => "command.hand",
  caption: () => "command.hand.short",
  icon: () => "hand",
  shortcuts: [{ key: "h", isChord: true, isShift: true }, single("h")],
  isAvailable: isInCall,
  isOn: (call) => call.together.hands.isOwnUp.value,
  // To lower it is always possible.
  blocked: (call) => {
    const block = call.together.hands.isOwnUp.value ? null : call.order.blockOfDoing("raise_hand");
    return block && (`blocked.${block}` as const);
  },
  perform: (call) => call.together.hands.toggle(),
};

const react: CommandRecord = {
  id: "react",
  label: () => "command.react",
  caption: () => "command.react.short",
  icon: () => "react",
  shortcuts: [{ key: "e", isChord: true, isShift: true }, single("r")],
  isAvailable: (call) => isInCall(call) && call.together.reactions.isAllowed.value,
  isOn: (call) => call.together.reactions.isPickerOpen.value,
  perform: (call) => call.together.reactions.setPickerOpen(!call.together.reactions.isPickerOpen.value),
};

const people: CommandRecord = {
  id: "people",
  label: () => "command.people",
  icon: () => "people",
  shortcuts: [single("p")],
  isAvailable: isInCall,
  isOn: (call) => call.panel.value === "people",
  perform: (call) => call.togglePanel("people"),
};

const info: CommandRecord = {
  id: "info",
  label: () => "command.info",
  icon: () => "info",
  shortcuts: [],
  isAvailable: isInCall,
  isOn: (call) => call.panel.value === "info",
  perform: (call) => call.togglePanel("info"),
};

const connection: CommandRecord = {
  id: "connection",
  label: () => "connection.title",
  icon: () => "signal",
  shortcuts: [],
  isAvailable: isInCall,
  isOn: (call) => call.panel.value === "connection",
  perform: (call) => call.togglePanel("connection"),
};

const chat: CommandRecord = {
  id: "chat",
  label: () => "command.chat",
  icon: () => "chat",
  shortcuts: [single("c")],
  isAvailable: isInCall,
  isOn: (call) => call.panel.value === "chat",
  perform: (call) => call.togglePanel("chat"),
};

const host: CommandRecord = {
  id: "host",
  label: () => "command.host",
  caption: () => "command.host.short",
  icon: () => "shield",
  shortcuts: [],
  isAvailable: (call) => isInCall(call) && call.isModerator,
  isOn: (call) => call.panel.value === "host",
  perform: (call) => call.togglePanel("host"),
};

const grid: CommandRecord = {
  id: "grid",
  label: () => "command.grid",
  icon: () => "grid",
  shortcuts: [],
  isAvailable: isInCall,
  isOn: (call) => call.stage.mode.value === "grid",
  perform: (call) => call.stage.setMode("grid"),
};

const speaker: CommandRecord = {
  id: "speaker",
  label: () => "command.speaker",
  icon: () => "speaker-view",
  shortcuts: [single("w")],
  isAvailable: isInCall,
  isOn: (call) => call.stage.mode.value === "speaker",
  perform: (call) => call.stage.setMode(call.stage.mode.value === "speaker" ? "grid" : "speaker"),
};

const flip: CommandRecord = {
  id: "flip",
  label: () => "command.flip",
  icon: () => "camera-flip",
  shortcuts: [],
  isAvailable: (call) => isCameraOn(call) && call.canFlipCamera,
  perform: (call) => void call.local.flipCamera(),
};

const shortcuts: CommandRecord = {
  id: "shortcuts",
  label: () => "command.shortcuts",
  icon: () => "keyboard",
  shortcuts: [single("?")],
  isAvailable: isInCall,
  perform: (call) => call.openDialog("shortcuts"),
};

const nextPage: CommandRecord = {
  id: "next_page",
  label: () => "call.page.next",
  icon: () => "caret-right",
  shortcuts: [single("pagedown")],
  isAvailable: (call) => call.stage.plan.value.page < call.stage.plan.value.pages - 1,
  perform: (call) => call.stage.turnPage(1),
};

const previousPage: CommandRecord = {
  id: "previous_page",
  label: () => "call.page.previous",
  icon: () => "caret-left",
  shortcuts: [single("pageup")],
  isAvailable: (call) => call.stage.plan.value.page > 0,
  perform: (call) => call.stage.turnPage(-1),
};

const leave: CommandRecord = {
  id: "leave",
  label: () => "command.leave",
  icon: () => "leave",
  shortcuts: [],
  isAvailable: isInCall,
  perform: (call) => call.leave(),
};

export const commands: Readonly<Record<CommandId, CommandRecord>> = {
  microphone,
  camera,
  share,
  hand,
  react,
  people,
  info,
  connection,
  chat,
  host,
  grid,
  speaker,
  flip,
  shortcuts,
  next_page: nextPage,
  previous_page: previousPage,
  leave,
};

export const allCommands: readonly CommandRecord[] = Object.values(commands);

/** Gives the command, or says why it cannot be given. */
export function give(command: CommandRecord, call: Call): void {
  const reason = command.blocked?.(call);
  if (reason) call.announcer.say({ key: reason });
  else command.perform(call);
}
