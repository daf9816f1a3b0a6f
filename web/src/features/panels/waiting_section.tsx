// Those at the door, as moderators see them.
import { lazy, Suspense, useState } from "react";
import { useCall } from "../../components/call_context";
import { Avatar } from "../../components/avatar";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { WaitingPerson } from "../../wire/live.gen";
import { lastedText, useNow } from "../use_now";
import { matches } from "./people_sections";

const DenyAllDialog = lazy(() => import("../dialogs/deny_all_dialog"));

export function WaitingSection({ wanted }: { wanted: string }) {
  const { call, t } = useCall();
  const waiting = useSignalValue(call.knocks.waiting);
  const found = waiting.filter((person) => matches(person.name, wanted));
  const now_ms = useNow();
  const [isAsking, setAsking] = useState(false);
  const denyAll = () => void call.command({ kind: "deny_all" });
  if (found.length === 0) return null;
  return (
    <section className="waiting sect" aria-labelledby="people-waiting">
      <div className="head">
        <h3 id="people-waiting">
          {t("people.waiting")} <span className="count sun">{waiting.length}</span>
        </h3>
        <span>
          <button
            className="btn text sm"
            type="button"
            onClick={waiting.length > 1 ? () => setAsking(true) : denyAll}
          >
            {t("people.waiting.denyAll")}
          </button>
          <button
            className="btn text sm"
            type="button"
            onClick={() => void call.command({ kind: "admit_all" })}
          >
            {t("knock.admitAll")}
          </button>
        </span>
      </div>
      <ul>
        {found.map((person) => (
          <WaitingRow key={person.participant_id} person={person} now_ms={now_ms} />
        ))}
      </ul>
      {isAsking ? (
        <Suspense fallback={null}>
          <DenyAllDialog count={waiting.length} onDeny={denyAll} onClose={() => setAsking(false)} />
        </Suspense>
      ) : null}
    </section>
  );
}

function WaitingRow({ person, now_ms }: { person: WaitingPerson; now_ms: number }) {
  const { call, t } = useCall();
  const { name } = person;
  return (
    <li className="person">
      <Avatar name={name} tone={person.tone} />
      <span className="txt">
        <b>
          <bdi>{name}</bdi>
        </b>
        <span className="sub">
          {[
            person.is_connected ? null : t("people.waiting.away"),
            person.is_signed_in ? null : t("people.waiting.guest"),
            lastedText(t, person.since, now_ms),
          ]
            .filter((words) => words !== null)
            .join(" · ")}
        </span>
        {person.note ? (
          <span className="sub note" dir="auto">
            {t("knock.note", { note: person.note })}
          </span>
        ) : null}
      </span>
      <button
        className="icon-btn"
        type="button"
        aria-label={t("people.waiting.deny", { name })}
        onClick={() => void call.knocks.deny(person)}
      >
        <Icon name="close" />
      </button>
      <button
        className="btn primary sm"
        type="button"
        aria-label={t("people.waiting.admit", { name })}
        onClick={() => void call.knocks.admit(person)}
      >
        {t("knock.admit")}
      </button>
    </li>
  );
}
