import { useCall } from "../../components/call_context";
import { ChoiceField } from "../../components/choice_field";
import { namedDevices } from "../../components/device_names";
import { LevelBars } from "../../components/level_bars";
import { useSignalValue } from "../../components/use_signal";
import { SYSTEM_SPEAKER } from "../../devices/device_list";
import { SpeakerTest } from "./speaker_test";

/** Microphone, speaker, camera; the names are known once the browser has been allowed to tell them. */
export default function DevicePickers() {
  const { call, t } = useCall();
  const devices = useSignalValue(call.local.devices);
  const microphone = useSignalValue(call.local.microphone);
  const camera = useSignalValue(call.local.camera);
  const speakerId = useSignalValue(call.local.speakerId);
  const choices = call.choices.read();
  const list = {
    microphone: namedDevices(t, "microphone", devices),
    speaker: namedDevices(t, "speaker", devices),
    camera: namedDevices(t, "camera", devices),
  };
  const first = (kind: keyof typeof list) => list[kind][0]?.id ?? "";
  const present = (kind: keyof typeof list, id: string) =>
    list[kind].some((device) => device.id === id) ? id : first(kind);
  return (
    <div className="devices">
      <div className="whole">
        <ChoiceField
          label={t("device.microphone")}
          icon="microphone"
          value={present("microphone", microphone.deviceId || choices.microphoneId)}
          choices={list.microphone}
          none={t("device.noneMicrophone")}
          onChoose={(id) => void call.local.choose("microphone", id)}
        >
          <LevelBars track={microphone.isWanted ? microphone.track : null} label={t("device.level")} />
        </ChoiceField>
      </div>
      <div className="spk">
        <ChoiceField
          label={t("device.speaker")}
          icon="speaker"
          value={present("speaker", speakerId || SYSTEM_SPEAKER)}
          choices={list.speaker}
          none={t("device.system")}
          onChoose={(id) => void call.local.choose("speaker", id)}
        />
        <SpeakerTest speakerId={speakerId} />
      </div>
      <ChoiceField
        label={t("device.camera")}
        icon="camera"
        value={present("camera", camera.deviceId || choices.cameraId)}
        choices={list.camera}
        none={t("device.noneCamera")}
        onChoose={(id) => void call.local.choose("camera", id)}
      />
    </div>
  );
}
