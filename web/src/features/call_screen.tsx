// The call: head, stage, panel, bar.
import { lazy, Suspense, useEffect, useState } from "react";
import type { MouseEvent } from "react";
import { clockText } from "../call/clock";
import { commands } from "../call/commands";
import { Mark } from "../components/brand";
import { useCall } from "../components/call_context";
import { Icon } from "../components/icon";
import { MenuBox } from "../components/menu";
import { useSignalValue } from "../components/use_signal";
import { Button } from "react-aria-components";
import { ControlBar } from "./bar/control_bar";
import { Problems } from "./green_room/problems";
import { ChatButton } from "./panels/chat/chat_button";
import { ChatNews } from "./panels/chat/chat_news";
import { Stage } from "./stage/stage";
import { HeadNews } from "./together/head_news";
import { TogetherDialogs } from "./together/together_dialogs";
import { useFocusKeeper } from "./use_focus_keeper";
import { useRegionKeys } from "./use_region_keys";

const loadChat = () => import("./panels/chat/chat_panel");
const loadConnection = () => import("./connection/connection_panel");
const loadEnd = () => import("./dialogs/end_dialog");
const loadInfo = () => import("./panels/info_panel");
const loadPeople = () => import("./panels/people_panel");
const loadShortcuts = () => import("./dialogs/shortcuts_dialog");
const ChatPanel = lazy(loadChat);
const ConnectionPanel = lazy(loadConnection);
const EndDialog = lazy(loadEnd);
const InfoPanel = lazy(loadInfo);
const PeoplePanel = lazy(loadPeople);
const RenameDialog = lazy(() => import("./dialogs/rename_dialog"));
const ShortcutsDialog = lazy(loadShortcuts);
const HostPanel = lazy(() => import("./host/host_panel"));
const SuspendDialog = lazy(() => import("./host/suspend_dialog"));

export default function CallScreen() {
  const { call, t } = useCall();
  const panel = useSignalValue(call.panel);
  const dialog = useSignalValue(call.dialog);
  const closeDialog = () => call.openDialog(null);
  useRegionKeys();
  useFocusKeeper();
  // They are there when somebody opens them. A failure shows then.
  useEffect(() => {
    for (const load of [loadPeople, loadChat, loadInfo, loadConnection, loadShortcuts, loadEnd])
      void load().catch(() => undefined);
  }, []);
  return (
    <>
      <a className="skip" href="#controls" onClick={skip}>
        {t("app.skip")}
      </a>
      <div className="call">
        <Head />
        <Stage />
        <Suspense fallback={<Opening />}>
          {panel === "people" ? <PeoplePanel /> : null}
          {panel === "info" ? <InfoPanel /> : null}
          {panel === "connection" ? <ConnectionPanel /> : null}
          {panel === "chat" ? <ChatPanel /> : null}
          {panel === "host" ? <HostPanel /> : null}
        </Suspense>
        <ControlBar />
      </div>
      <ChatNews />
      <Problems />
      <TogetherDialogs />
      <Suspense fallback={null}>
        {dialog === "end_for_all" ? <EndDialog onClose={closeDialog} /> : null}
        {dialog === "shortcuts" ? <ShortcutsDialog onClose={closeDialog} /> : null}
        {dialog === "rename" ? <RenameDialog onClose={closeDialog} /> : null}
        {dialog === "suspend" ? <SuspendDialog onClose={closeDialog} /> : null}
      </Suspense>
    </>
  );
}

/** A panel whose program is still on its way. */
function Opening() {
  const { t } = useCall();
  return (
    <aside className="panel" aria-busy="true">
      <p className="muted" role="status">
        {t("app.opening")}
      </p>
    </aside>
  );
}

/** Without a step in the browser's history, which would be taken for a way out of the call. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("controls")?.focus();
}

function Head() {
  const { call, t } = useCall();
  const title = useSignalValue(call.title);
  const panel = useSignalValue(call.panel);
  const count = useSignalValue(call.knocks.waiting).length;
  const { people: peopleCommand } = commands;
  return (
    <header className="head">
      <Mark />
      <h1>
        <bdi>{title}</bdi>
      </h1>
      <MeetingTime />
      <HeadNews />
      <ViewMenu />
      <button
        type="button"
        className="icon-btn phone-only"
        aria-label={count > 0 ? t("command.people.waiting", { count }) : t("command.people")}
        aria-expanded={panel === "people"}
        onClick={() => peopleCommand.perform(call)}
      >
        <Icon name="people" />
        {count > 0 ? (
          <span className="count sun" aria-hidden="true">
            {count}
          </span>
        ) : null}
      </button>
      <ChatButton kind="head" />
    </header>
  );
}

function ViewMenu() {
  const { call, t } = useCall();
  const mode = useSignalValue(call.stage.mode);
  return (
    <span className="wide-only">
      <MenuBox
        label={t("call.view")}
        placement="bottom end"
        groups={[
          {
            id: t("call.view"),
            chosen: mode,
            entries: [commands.grid, commands.speaker].map((command) => ({
              id: command.id,
              label: t(command.label(call)),
              icon: command.icon(call),
              onAction: () => command.perform(call),
            })),
          },
        ]}
        trigger={
          <Button className="btn sm">
            <Icon name={mode === "grid" ? "grid" : "speaker-view"} size="sm" />
            {t("call.view")}
          </Button>
        }
      />
    </span>
  );
}

/** How long the meeting has been on. */
function MeetingTime() {
  const { call, t } = useCall();
  const startedAt = useSignalValue(call.line.snapshot)?.room.started_at;
  const [now_ms, setNow] = useState(() => call.timers.now_ms());
  useEffect(() => {
    const id = window.setInterval(() => setNow(call.timers.now_ms()), 1000);
    return () => window.clearInterval(id);
  }, [call]);
  if (!startedAt) return null;
  return (
    <span className="time" role="timer" aria-label={t("call.time")}>
      {clockText(now_ms - Date.parse(startedAt))}
    </span>
  );
}
