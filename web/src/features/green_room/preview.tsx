import { useEffect, useState } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { LocalVideo } from "../../components/local_video";
import { useSignalValue } from "../../components/use_signal";
import { initials } from "../../call/person";
import { Wordless } from "./wordless";

/** The own picture, or what to do to get one. */
export function Preview({ name }: { name: string }) {
  const { call, t } = useCall();
  const camera = useSignalValue(call.local.camera);
  const microphone = useSignalValue(call.local.microphone);
  const isMirrored = useSignalValue(call.local.isMirrored);
  const hasAsked = useHasAsked();
  const track = camera.isWanted ? camera.track : null;
  const isMuted = !microphone.isWanted || !microphone.track;
  return (
    <div className="preview">
      <div className={`tile${isMirrored ? " mirror" : ""}`}>
        {track ? (
          <LocalVideo
            track={track}
            label={t("green.preview")}
            cover={<Off name={name} words={t("green.cameraStarting")} />}
          />
        ) : hasAsked.value ? (
          <Off name={name} words={camera.isOpening ? t("green.cameraStarting") : t("green.cameraOff")} />
        ) : (
          <div className="off" data-tone="leaf">
            <Ask isWaiting={hasAsked.isWaiting} onAllow={hasAsked.allow} />
          </div>
        )}
        {track || hasAsked.value ? (
          <div className="plate">
            {isMuted ? (
              <>
                <Icon name="microphone-off" />
                <span className="sr">{t("tile.muted")}</span>
              </>
            ) : null}
            <span className="name">{name ? t("call.you", { name }) : t("green.preview")}</span>
          </div>
        ) : null}
      </div>
    </div>
  );
}

function Off({ name, words }: { name: string; words: string }) {
  return (
    <div className="off" data-tone="leaf">
      <div className="off-words">
        <span className="av" aria-hidden="true">
          {name ? initials(name) : <Wordless />}
        </span>
        <span>{words}</span>
      </div>
    </div>
  );
}

function useHasAsked() {
  const { call } = useCall();
  const camera = useSignalValue(call.local.camera);
  const microphone = useSignalValue(call.local.microphone);
  const [isWaiting, setWaiting] = useState(false);
  const [permission, setPermission] = useState<"granted" | "prompt" | "denied">("prompt");
  useEffect(() => {
    void call.local.permission().then(setPermission);
  }, [call]);
  const isTouched = [camera, microphone].some(
    (one) => one.isWanted || one.track !== null || one.problem !== null,
  );
  const allow = () => {
    setWaiting(true);
    void call.local.allow({ microphone: true, camera: true }).finally(() => setWaiting(false));
  };
  return { value: isTouched || permission === "granted", isWaiting, allow };
}

function Ask({ isWaiting, onAllow }: { isWaiting: boolean; onAllow: () => void }) {
  const { t } = useCall();
  return (
    <div className="ask">
      <h2>{t("green.ask.title")}</h2>
      <p>{isWaiting ? t("green.ask.waiting") : t("green.ask.body")}</p>
      <button className="btn primary" type="button" onClick={onAllow} aria-busy={isWaiting}>
        {isWaiting ? <span className="spin" aria-hidden="true" /> : <Icon name="camera" />}
        {t("green.ask.allow")}
      </button>
    </div>
  );
}
