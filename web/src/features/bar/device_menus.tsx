// The menus behind the carets: which microphone, speaker and camera.
import { Button } from "react-aria-components";
import type { PictureQuality } from "../../devices/choices";
import { SYSTEM_SPEAKER } from "../../devices/device_list";
import { commands } from "../../call/commands";
import { useCall } from "../../components/call_context";
import { namedDevices } from "../../components/device_names";
import type { ListedKind } from "../../components/device_names";
import { Icon } from "../../components/icon";
import { LevelBars } from "../../components/level_bars";
import { MenuBox } from "../../components/menu";
import type { MenuGroup } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";
import { SpeakerTest } from "../green_room/speaker_test";

const QUALITIES: readonly PictureQuality[] = ["high", "medium", "low"];

export function MicrophoneMenu() {
  const { call, t } = useCall();
  const groups = [useDeviceGroup("microphone"), useDeviceGroup("speaker")];
  const microphone = useSignalValue(call.local.microphone);
  const speakerId = useSignalValue(call.local.speakerId);
  return (
    <MenuBox
      label={t("device.microphoneOptions")}
      trigger={<Caret label={t("device.microphoneOptions")} />}
      groups={groups}
      footer={
        <div className="menu-foot">
          <Icon name="microphone" size="sm" />
          <LevelBars track={microphone.isWanted ? microphone.track : null} label={t("device.level")} />
          <SpeakerTest speakerId={speakerId} />
        </div>
      }
    />
  );
}

export function CameraMenu() {
  const { t } = useCall();
  return (
    <MenuBox
      label={t("device.cameraOptions")}
      trigger={<Caret label={t("device.cameraOptions")} />}
      groups={[useDeviceGroup("camera"), useQualityGroup(), useFlipGroup()]}
    />
  );
}

export function useDeviceGroup(kind: ListedKind): MenuGroup {
  const { call, t } = useCall();
  const devices = useSignalValue(call.local.devices);
  const microphone = useSignalValue(call.local.microphone);
  const camera = useSignalValue(call.local.camera);
  const speakerId = useSignalValue(call.local.speakerId);
  const list = namedDevices(t, kind, devices);
  const choices = call.choices.read();
  const used = {
    microphone: microphone.deviceId || choices.microphoneId,
    camera: camera.deviceId || choices.cameraId,
    speaker: speakerId || SYSTEM_SPEAKER,
  }[kind];
  return {
    id: kind,
    title: t(`device.${kind}`),
    chosen: list.some((device) => device.id === used) ? used : (list[0]?.id ?? null),
    entries: list.map((device) => ({ ...device, onAction: () => void call.local.choose(kind, device.id) })),
  };
}

export function useQualityGroup(): MenuGroup {
  const { call, t } = useCall();
  const quality = useSignalValue(call.local.pictureQuality);
  return {
    id: "quality",
    title: t("device.quality"),
    chosen: quality,
    entries: QUALITIES.map((one) => ({
      id: one,
      label: t(`device.quality.${one}`),
      onAction: () => void call.local.choosePictureQuality(one),
    })),
  };
}

function useFlipGroup(): MenuGroup {
  const { call, t } = useCall();
  useSignalValue(call.local.camera);
  const { flip } = commands;
  const entry = {
    id: "flip",
    label: t("device.flip"),
    icon: "camera-flip" as const,
    onAction: () => flip.perform(call),
  };
  return { id: "flip", entries: flip.isAvailable(call) ? [entry] : [] };
}

function Caret({ label }: { label: string }) {
  return (
    <Button className="caret" aria-label={label}>
      <Icon name="caret-up" size="sm" />
    </Button>
  );
}
