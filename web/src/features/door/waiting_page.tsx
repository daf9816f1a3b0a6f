// At the door: the own picture, a word to the hosts, and patience.
import { useEffect, useRef, useState } from "react";
import type { SyntheticEvent } from "react";
import type { Place } from "../../call/door";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { Devices } from "../green_room/devices";
import { GreenControls } from "../green_room/green_controls";
import { Preview } from "../green_room/preview";
import { Problems } from "../green_room/problems";
import { usePreview } from "../green_room/use_preview";
import { PageHead } from "../page_head";
import { minutesSince, useNow } from "../use_now";
import { DoorTree } from "./door_tree";
import "../../styles/call/door.css";

const MAX_NOTE = 200;

export default function WaitingPage({ place }: { place: Place }) {
  const { call, t } = useCall();
  const { preview } = usePreview();
  const title = useSignalValue(call.title);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const isUnanswered = place.status === "unanswered";
  return (
    <div className="page">
      <PageHead />
      <main className="wrap lobby" id="main">
        <div className="words">
          <DoorTree />
          <p className="muted small">
            {preview ? t("door.of", { title: preview.title, name: preview.host_name }) : title}
          </p>
          <h1 ref={heading} tabIndex={-1}>
            {t("door.title")}
          </h1>
          <div role="status">
            {place.isConnected ? null : (
              <p className="banner notice">
                <Icon name="hourglass" />
                <span>{t("door.reconnecting")}</span>
              </p>
            )}
            {place.isConnected && isUnanswered ? (
              <p className="banner notice">
                <Icon name="info" />
                <span>{t("door.unanswered")}</span>
              </p>
            ) : null}
          </div>
          <Patience since_ms={place.since_ms} />
          <NoteCard key={place.note} note={place.note} />
          <div className="acts">
            <AskAgain place={place} />
            <button className="btn text" type="button" onClick={() => call.returnToGreenRoom()}>
              {t("door.leave")}
            </button>
          </div>
          {isUnanswered ? null : (
            <p className="help" id="again-help">
              {t("door.again.later")}
            </p>
          )}
        </div>
        <section className="self" aria-label={t("green.preview")}>
          <Preview name={place.name} />
          <GreenControls />
          <p className="help unseen">{t("door.unseen")}</p>
          <Devices />
        </section>
      </main>
      <Problems />
    </div>
  );
}

function Patience({ since_ms }: { since_ms: number }) {
  const { t } = useCall();
  const count = minutesSince(since_ms, useNow());
  return (
    <p className="muted num">
      {count === 0 ? t("door.asked.now") : t("door.asked", { count })} {t("door.stay")}
    </p>
  );
}

function NoteCard({ note }: { note: string }) {
  const { call, t } = useCall();
  const [words, setWords] = useState(note);
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    void call.command({ kind: "knock", note: words.trim() });
  };
  return (
    <div className="card notecard">
      <form className="field" onSubmit={send}>
        <label htmlFor="door-note">
          {t("door.note")} <span className="muted optional">{t("door.note.optional")}</span>
        </label>
        <div className="sendrow">
          <input
            className="input"
            id="door-note"
            value={words}
            maxLength={MAX_NOTE}
            onChange={(event) => setWords(event.target.value)}
          />
          <button className="btn soft" type="submit">
            {t("door.note.send")}
          </button>
        </div>
        {note ? (
          <p className="help sent" role="status">
            <Icon name="check" size="sm" />
            {t("door.note.sent", { note })}
          </p>
        ) : null}
      </form>
    </div>
  );
}

function AskAgain({ place }: { place: Place }) {
  const { call, t } = useCall();
  const isAllowed = place.status === "unanswered" && place.isConnected;
  return (
    <button
      className="btn quiet"
      type="button"
      aria-disabled={!isAllowed}
      {...(place.status === "unanswered" ? {} : { "aria-describedby": "again-help" })}
      onClick={() => {
        if (isAllowed) void call.command({ kind: "knock", note: place.note });
      }}
    >
      <Icon name="retry" size="sm" />
      {t("door.again")}
    </button>
  );
}
