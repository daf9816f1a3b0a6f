// At most one banner on the stage: the worst news first.
import { useEffect, useState } from "react";
import { clockText } from "../../call/clock";
import { commands } from "../../call/commands";
import { isBad } from "../../call/connection/hearing";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { useEngine, useEngineSignal, useEngineStatus } from "../use_engine";

/** A connection that comes about within this time needs no words. */
const QUIET_MS = 2_500;
const LINE_QUIET_MS = 6_000;

export function Banners() {
  const { call, t } = useCall();
  const brokenSince_ms = useSignalValue(call.brokenSince_ms);
  const status = useEngineStatus();
  const engine = useEngine();
  const isSoundBlocked = useEngineSignal((one) => one.isSoundBlocked, false);
  const isWeak = useEngineSignal((one) => one.isOwnConnectionWeak, false);
  const shared = useSignalValue(call.local.screen.shared);
  const hearing = useSignalValue(call.connection.hearing);
  const isSuspended = useSignalValue(call.line.snapshot)?.room.is_suspended ?? false;
  const isLineLong = useLasting(brokenSince_ms !== null, LINE_QUIET_MS);
  const isMediaSlow = useLasting(status !== "connected", QUIET_MS);

  // While sound and picture go on, a short break of the room's line is nothing that anybody needs to know.
  if (brokenSince_ms !== null && (status !== "connected" || isLineLong))
    return <Reconnecting since_ms={brokenSince_ms} />;
  if (status === "reconnecting" || status === "failed" || isMediaSlow) {
    return (
      <div className="banner notice" role="status">
        <Icon name="hourglass" />
        <span>
          <strong>
            {t(
              status === "connecting" || status === "off"
                ? "call.media.connecting"
                : "call.media.reconnecting",
            )}
          </strong>
        </span>
      </div>
    );
  }
  if (isSuspended) return <Suspended />;
  // Before what the person does themselves: they may be speaking to nobody.
  if (isBad(hearing)) return <Unheard kind={hearing.kind} />;
  if (isSoundBlocked) {
    return (
      <div className="banner notice" role="alert">
        <Icon name="sound" />
        <span>{t("call.sound.blocked")}</span>
        <button className="btn primary sm" type="button" onClick={() => void engine?.allowSound()}>
          {t("call.sound.allow")}
        </button>
      </div>
    );
  }
  if (shared) {
    return (
      <div className="banner good" role="status">
        <Icon name="share" />
        <span>{t("call.sharing")}</span>
        <button className="btn quiet sm" type="button" onClick={() => commands.share.perform(call)}>
          {t("command.stopSharing")}
        </button>
      </div>
    );
  }
  if (isWeak) {
    return (
      <div className="banner notice" role="status">
        <Icon name="weak" />
        <span>
          <strong>{t("call.weak")}</strong> {t("call.weak.body")}
        </span>
      </div>
    );
  }
  return null;
}

function Unheard({ kind }: { kind: "silent" | "lost" | "nobody" }) {
  const { t } = useCall();
  return (
    <div className="banner bad">
      <Icon name="microphone-off" />
      <span>
        <strong>{t(`hearing.banner.${kind}`)}</strong> {t(`hearing.banner.${kind}.body`)}
      </span>
    </div>
  );
}

function Suspended() {
  const { call, t } = useCall();
  useSignalValue(call.line.you);
  const key = call.isModerator ? "call.suspended.host" : "call.suspended";
  return (
    <div className="banner notice" role="status">
      <Icon name="pause" />
      <span>
        <strong>{t(key)}</strong> {t(`${key}.body`)}
      </span>
      {call.isModerator ? (
        <button
          className="btn primary sm"
          type="button"
          onClick={() => void call.command({ kind: "set_suspended", is_suspended: false })}
        >
          {t("call.suspended.resume")}
        </button>
      ) : null}
    </div>
  );
}

function Reconnecting({ since_ms }: { since_ms: number }) {
  const { call, t } = useCall();
  const now_ms = useNow();
  const time = clockText((now_ms ?? call.timers.now_ms()) - since_ms);
  return (
    <div className="banner bad">
      <Icon name="hourglass" />
      <span>
        <strong>{t("call.reconnecting")}</strong>{" "}
        <span className="num">{t("call.reconnecting.body", { time })}</span>
      </span>
    </div>
  );
}

/** The time, once a second. */
function useNow(): number | null {
  const { call } = useCall();
  const [now_ms, setNow] = useState<number | null>(null);
  useEffect(() => {
    const id = window.setInterval(() => setNow(call.timers.now_ms()), 1000);
    return () => window.clearInterval(id);
  }, [call]);
  return now_ms;
}

/** Whether `isSo` has been so for `duration_ms`. */
function useLasting(isSo: boolean, duration_ms: number): boolean {
  const [isLasting, setLasting] = useState(false);
  useEffect(() => {
    if (!isSo) return undefined;
    const id = window.setTimeout(() => setLasting(true), duration_ms);
    return () => {
      window.clearTimeout(id);
      setLasting(false);
    };
  }, [isSo, duration_ms]);
  return isSo && isLasting;
}
