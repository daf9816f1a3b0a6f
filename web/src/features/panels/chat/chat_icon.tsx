// Drawings that only the chat needs; they come with the panel.
import {
  ConfettiIcon,
  DownloadSimpleIcon,
  FileIcon,
  HeartIcon,
  SmileyMehIcon,
  PaperPlaneRightIcon,
  PaperclipIcon,
  SmileyIcon,
  SmileyStickerIcon,
  SmileyNervousIcon,
  ThumbsUpIcon,
} from "@phosphor-icons/react";
import type { Icon as PhosphorIcon } from "@phosphor-icons/react";
import type { Emoji } from "../../../chat/shapes";

type ChatIconName = Emoji | "send" | "attach" | "emoji" | "file" | "download";

const DRAWINGS: Readonly<Record<ChatIconName, PhosphorIcon>> = {
  thumbs_up: ThumbsUpIcon,
  heart: HeartIcon,
  laugh: SmileyStickerIcon,
  surprise: SmileyNervousIcon,
  celebrate: ConfettiIcon,
  thinking: SmileyMehIcon,
  send: PaperPlaneRightIcon,
  attach: PaperclipIcon,
  emoji: SmileyIcon,
  file: FileIcon,
  download: DownloadSimpleIcon,
};

export function ChatIcon({ name, isFilled = false }: { name: ChatIconName; isFilled?: boolean }) {
  const Drawing = DRAWINGS[name];
  return (
    <Drawing
      className={name === "send" ? "i flip" : "i"}
      weight={isFilled ? "fill" : "regular"}
      aria-hidden="true"
    />
  );
}
