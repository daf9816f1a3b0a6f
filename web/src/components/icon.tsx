// The drawings behind the icon names. Decoration only: the control carries the name.
import {
  ArrowCounterClockwiseIcon,
  BellIcon,
  CameraRotateIcon,
  CaretDownIcon,
  CaretLeftIcon,
  CaretRightIcon,
  CaretUpIcon,
  CellSignalHighIcon,
  ArrowBendUpLeftIcon,
  ChatCircleDotsIcon,
  CheckIcon,
  ClockIcon,
  CoffeeIcon,
  ConfettiIcon,
  CopyIcon,
  CornersOutIcon,
  CrownSimpleIcon,
  DoorOpenIcon,
  DotsThreeVerticalIcon,
  EarIcon,
  EyeIcon,
  FrameCornersIcon,
  GearIcon,
  HandIcon,
  HandsClappingIcon,
  HeartIcon,
  HourglassMediumIcon,
  InfoIcon,
  KeyboardIcon,
  LockSimpleIcon,
  MagnifyingGlassIcon,
  MicrophoneIcon,
  MicrophoneSlashIcon,
  PauseCircleIcon,
  PencilSimpleIcon,
  PhoneDisconnectIcon,
  PhoneIcon,
  PictureInPictureIcon,
  ProhibitIcon,
  PushPinIcon,
  PushPinSlashIcon,
  RectangleIcon,
  ScreencastIcon,
  ShieldCheckIcon,
  SignOutIcon,
  SmileyIcon,
  SmileyStickerIcon,
  SparkleIcon,
  SpeakerHighIcon,
  SquaresFourIcon,
  TrashIcon,
  StarIcon,
  ThumbsUpIcon,
  UserCheckIcon,
  UserFocusIcon,
  UserIcon,
  UsersThreeIcon,
  VideoCameraIcon,
  VideoCameraSlashIcon,
  WarningCircleIcon,
  WarningIcon,
  XIcon,
} from "@phosphor-icons/react";
import type { Icon as PhosphorIcon } from "@phosphor-icons/react";
import type { IconName } from "../call/icon_name";

const DRAWINGS: Readonly<Record<Exclude<IconName, "weak">, PhosphorIcon>> = {
  microphone: MicrophoneIcon,
  "microphone-off": MicrophoneSlashIcon,
  camera: VideoCameraIcon,
  "camera-off": VideoCameraSlashIcon,
  "camera-flip": CameraRotateIcon,
  speaker: SpeakerHighIcon,
  share: ScreencastIcon,
  "share-on": ScreencastIcon,
  hand: HandIcon,
  react: SmileyIcon,
  agree: ThumbsUpIcon,
  clap: HandsClappingIcon,
  heart: HeartIcon,
  laugh: SmileyStickerIcon,
  surprise: SparkleIcon,
  celebrate: ConfettiIcon,
  away: CoffeeIcon,
  on_phone: PhoneIcon,
  here: UserCheckIcon,
  spotlight: StarIcon,
  notices: BellIcon,
  clock: ClockIcon,
  more: DotsThreeVerticalIcon,
  leave: PhoneDisconnectIcon,
  end: WarningCircleIcon,
  people: UsersThreeIcon,
  info: InfoIcon,
  grid: SquaresFourIcon,
  "speaker-view": UserFocusIcon,
  pin: PushPinIcon,
  unpin: PushPinSlashIcon,
  remove: SignOutIcon,
  rename: PencilSimpleIcon,
  keyboard: KeyboardIcon,
  fullscreen: CornersOutIcon,
  picture: PictureInPictureIcon,
  "picture-off": RectangleIcon,
  corner: FrameCornersIcon,
  close: XIcon,
  check: CheckIcon,
  "caret-up": CaretUpIcon,
  "caret-down": CaretDownIcon,
  "caret-left": CaretLeftIcon,
  "caret-right": CaretRightIcon,
  warning: WarningIcon,
  copy: CopyIcon,
  search: MagnifyingGlassIcon,
  retry: ArrowCounterClockwiseIcon,
  sound: SpeakerHighIcon,
  hourglass: HourglassMediumIcon,
  door: DoorOpenIcon,
  shield: ShieldCheckIcon,
  lock: LockSimpleIcon,
  pause: PauseCircleIcon,
  ban: ProhibitIcon,
  crown: CrownSimpleIcon,
  eye: EyeIcon,
  person: UserIcon,
  chat: ChatCircleDotsIcon,
  settings: GearIcon,
  reply: ArrowBendUpLeftIcon,
  trash: TrashIcon,
  ear: EarIcon,
  signal: CellSignalHighIcon,
};

const MIRRORED: ReadonlySet<IconName> = new Set(["caret-left", "caret-right", "remove", "reply"]);

export interface IconProps {
  name: IconName;
  size?: "sm" | "md" | "lg";
  isFilled?: boolean;
}

export function Icon({ name, size = "md", isFilled = false }: IconProps) {
  const className = ["i", size === "md" ? "" : size, MIRRORED.has(name) ? "flip" : ""]
    .filter(Boolean)
    .join(" ");
  if (name === "weak") return <WeakIcon className={className} />;
  // Some have one weight only: see scripts/trim_libraries.ts.
  const Drawing = DRAWINGS[name];
  return <Drawing className={className} weight={isFilled ? "fill" : "regular"} aria-hidden="true" />;
}

/** Three bars, the first one filled: our own, as no common icon says "weak" without colour. */
function WeakIcon({ className }: { className: string }) {
  return (
    <svg className={className} viewBox="0 0 24 24" aria-hidden="true">
      <rect x="3" y="14" width="4.5" height="7" rx="1.5" />
      <g fill="none" stroke="currentColor" strokeWidth="1.6">
        <rect x="10.3" y="9.3" width="3.4" height="10.9" rx="1.4" />
        <rect x="17.3" y="4.3" width="3.4" height="15.9" rx="1.4" />
      </g>
    </svg>
  );
}
