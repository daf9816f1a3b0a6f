import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import { useEngineSignal, useEngineStatus } from "../use_engine";
import { CopyLinkButton, meetingLink } from "./copy_link";
import { Panel } from "./panel";

export default function InfoPanel() {
  const { call, t, locale } = useCall();
  const you = useSignalValue(call.line.you);
  const room = useSignalValue(call.line.snapshot)?.room;
  const brokenSince_ms = useSignalValue(call.brokenSince_ms);
  const status = useEngineStatus();
  const isWeak = useEngineSignal((engine) => engine.isOwnConnectionWeak, false);
  const isUp = brokenSince_ms === null && status === "connected";
  const started = room && new Date(room.started_at);
  return (
    <Panel id="info" title={t("info.title")} closeLabel={t("info.close")}>
      <div className="scroll info">
        <div className="field">
          <label htmlFor="info-link">{t("info.link")}</label>
          <input
            className="input"
            id="info-link"
            readOnly
            value={meetingLink()}
            aria-describedby="info-link-help"
            onFocus={(event) => event.currentTarget.select()}
          />
          <p className="help" id="info-link-help">
            {t("info.link.help")}
          </p>
        </div>
        <CopyLinkButton kind="quiet" />
        <dl>
          {you ? (
            <div>
              <dt>{t("info.role")}</dt>
              <dd>{t(`info.role.${you.role}`)}</dd>
            </div>
          ) : null}
          <div>
            <dt>{t("info.connection")}</dt>
            <dd>
              {t(
                isUp
                  ? isWeak
                    ? "info.connection.weak"
                    : "info.connection.ok"
                  : "info.connection.reconnecting",
              )}
            </dd>
          </div>
          {started ? (
            <div>
              <dt>{t("info.started")}</dt>
              <dd>
                <time dateTime={started.toISOString()}>
                  {new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(
                    started,
                  )}
                </time>
              </dd>
            </div>
          ) : null}
        </dl>
      </div>
    </Panel>
  );
}
