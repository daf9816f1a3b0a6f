// Host controls: the door, the rights of everybody, quiet, and the one press that stops everything.
import { useEffect } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { Room, WaitingRoom } from "../../wire/live.gen";
import { Panel } from "../panels/panel";
import { SwitchRow } from "./switch_row";
import "../../styles/call/host.css";

const RIGHTS = [
  "microphone",
  "camera",
  "screen_share",
  "chat",
  "private_chat",
  "reactions",
  "rename",
] as const satisfies readonly (keyof Room["rights"])[];
const WAITING_ROOMS: readonly WaitingRoom[] = ["nobody", "guests", "everyone"];

export default function HostPanel() {
  const { call, t } = useCall();
  useSignalValue(call.line.you);
  const room = useSignalValue(call.line.snapshot)?.room;
  const { isModerator } = call;
  useEffect(() => {
    // Whoever keeps order no more has no use for it.
    if (!isModerator) call.togglePanel("host");
  }, [call, isModerator]);
  return (
    <Panel id="host" title={t("host.title")} closeLabel={t("host.close")}>
      {/* A scrolling region must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll host-controls" role="region" tabIndex={0} aria-label={t("host.title")}>
        {room ? (
          <>
            <Door room={room} />
            <Rights room={room} />
            <Quiet />
            <Suspension room={room} />
          </>
        ) : null}
        <SettingsLink />
      </div>
    </Panel>
  );
}

function Door({ room }: { room: Room }) {
  const { call, t } = useCall();
  return (
    <section aria-labelledby="host-door">
      <h3 id="host-door">{t("host.door")}</h3>
      <SwitchRow
        label={t("host.lock")}
        help={t("host.lock.help")}
        isOn={room.is_locked}
        onChange={(is_locked) => void call.command({ kind: "set_lock", is_locked })}
      />
      <fieldset className="segments">
        <legend>{t("host.waiting")}</legend>
        <div className="row">
          {WAITING_ROOMS.map((waiting_room) => (
            <label key={waiting_room}>
              <input
                type="radio"
                name="host-waiting"
                checked={room.waiting_room === waiting_room}
                onChange={() => void call.command({ kind: "set_waiting_room", waiting_room })}
              />
              <span>{t(`host.waiting.${waiting_room}`)}</span>
            </label>
          ))}
        </div>
        <p className="help">{t("host.waiting.help")}</p>
      </fieldset>
    </section>
  );
}

function Rights({ room }: { room: Room }) {
  const { call, t } = useCall();
  return (
    <section aria-labelledby="host-rights">
      <h3 id="host-rights">{t("host.rights")}</h3>
      <p className="help">{t("host.rights.help")}</p>
      {RIGHTS.map((right) => (
        <SwitchRow
          key={right}
          label={t(`host.right.${right}`)}
          isOn={room.rights[right]}
          onChange={(isOn) =>
            void call.command({ kind: "set_rights", rights: { ...room.rights, [right]: isOn } })
          }
        />
      ))}
      <SwitchRow
        label={t("host.onePresenter")}
        isOn={room.one_presenter}
        onChange={(is_on) => void call.command({ kind: "set_one_presenter", is_on })}
      />
    </section>
  );
}

function Quiet() {
  const { call, t } = useCall();
  return (
    <section aria-labelledby="host-quiet">
      <h3 id="host-quiet">{t("host.quiet")}</h3>
      <div className="buttons">
        <button
          className="btn quiet wide"
          type="button"
          onClick={() => void call.command({ kind: "mute_all", may_unmute: true })}
        >
          <Icon name="microphone-off" size="sm" />
          {t("people.muteAll.may")}
        </button>
        <button
          className="btn quiet wide"
          type="button"
          onClick={() => void call.command({ kind: "mute_all", may_unmute: false })}
        >
          <Icon name="lock" size="sm" />
          {t("people.muteAll.keep")}
        </button>
        <p className="help">{t("host.muteAll.help")}</p>
        <button
          className="btn quiet wide"
          type="button"
          onClick={() => void call.command({ kind: "lower_all_hands" })}
        >
          <Icon name="hand" size="sm" />
          {t("host.lowerAll")}
        </button>
      </div>
    </section>
  );
}

function Suspension({ room }: { room: Room }) {
  const { call, t } = useCall();
  return (
    <section className="buttons">
      {room.is_suspended ? (
        <button
          className="btn primary wide"
          type="button"
          onClick={() => void call.command({ kind: "set_suspended", is_suspended: false })}
        >
          <Icon name="pause" size="sm" />
          {t("call.suspended.resume")}
        </button>
      ) : (
        <button className="btn danger-text wide" type="button" onClick={() => call.openDialog("suspend")}>
          <Icon name="pause" size="sm" />
          {t("host.suspend")}
        </button>
      )}
    </section>
  );
}

function SettingsLink() {
  const { call, t } = useCall();
  const { settings } = call.boot.urls;
  if (!settings) return null;
  return (
    <section className="buttons">
      {/* The call goes on in this tab. */}
      <a className="btn text" href={settings} target="_blank" rel="noreferrer">
        <Icon name="settings" size="sm" />
        {t("host.settings")}
      </a>
      <p className="help">{t("host.settings.help")}</p>
    </section>
  );
}
