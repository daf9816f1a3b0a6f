// Raised hands in the order in which they went up, and everybody in the call.
import { Button } from "react-aria-components";
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { MenuBox } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";
import { useNow } from "../use_now";
import { PersonRow } from "./person_row";
import type { Asking } from "./use_person_menu";

export interface SectionProps {
  wanted: string;
  onAsk: (asking: Asking) => void;
}

export function matches(name: string, wanted: string): boolean {
  const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  return plain(name).includes(plain(wanted.trim()));
}

/** Of those who have raised one, the time and the place in the line by key. */
function useHands(): ReadonlyMap<string, { at: string; place: number }> {
  const { call } = useCall();
  const participants = useSignalValue(call.line.snapshot)?.participants ?? {};
  const raised = Object.values(participants).flatMap(({ participant_id, hand_at: at }) =>
    at === null ? [] : [{ participant_id, at }],
  );
  raised.sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.participant_id < b.participant_id ? -1 : 1),
  );
  return new Map(raised.map(({ participant_id, at }, index) => [participant_id, { at, place: index + 1 }]));
}

export function HandsSection({ wanted, onAsk }: SectionProps) {
  const { call, t } = useCall();
  const people = useSignalValue(call.people);
  const speaking = useSignalValue(call.stage.speaking);
  const pins = useSignalValue(call.stage.pins);
  const hands = useHands();
  const now_ms = useNow();
  const byKey = new Map(people.map((person) => [person.key, person]));
  const found = [...hands].flatMap(([key, hand]): { person: Person; hand: typeof hand }[] => {
    const person = byKey.get(key);
    return person && matches(person.name, wanted) ? [{ person, hand }] : [];
  });
  if (found.length === 0) return null;
  return (
    <section className="sect" aria-labelledby="people-hands">
      <div className="head">
        <h3 id="people-hands">
          {t("people.hands")} <span className="muted num count-word">{hands.size}</span>
        </h3>
        {call.isModerator ? (
          <button
            className="btn text sm"
            type="button"
            onClick={() => void call.command({ kind: "lower_all_hands" })}
          >
            {t("people.hands.lowerAll")}
          </button>
        ) : null}
      </div>
      <ol>
        {found.map(({ person, hand }) => (
          <PersonRow
            key={person.key}
            person={person}
            isSpeaking={speaking.has(person.key)}
            isPinned={pins.includes(person.key)}
            hand={{ ...hand, now_ms }}
            onAsk={onAsk}
          />
        ))}
      </ol>
    </section>
  );
}

export function InCallSection({ wanted, onAsk }: SectionProps) {
  const { call, t } = useCall();
  const people = useSignalValue(call.people);
  const speaking = useSignalValue(call.stage.speaking);
  const pins = useSignalValue(call.stage.pins);
  useSignalValue(call.line.you);
  const found = people.filter((person) => matches(person.name, wanted));
  if (found.length === 0) return null;
  return (
    <section className="sect" aria-labelledby="people-in-call">
      <div className="head">
        <h3 id="people-in-call">{t("people.inCall")}</h3>
        {call.isModerator ? <MuteAllMenu /> : null}
      </div>
      <ul>
        {found.map((person) => (
          <PersonRow
            key={person.key}
            person={person}
            isSpeaking={speaking.has(person.key)}
            isPinned={pins.includes(person.key)}
            onAsk={onAsk}
          />
        ))}
      </ul>
    </section>
  );
}

function MuteAllMenu() {
  const { call, t } = useCall();
  const mute = (may_unmute: boolean) => () => void call.command({ kind: "mute_all", may_unmute });
  return (
    <MenuBox
      label={t("people.muteAll")}
      placement="bottom end"
      groups={[
        {
          id: t("people.muteAll"),
          entries: [
            { id: "may", label: t("people.muteAll.may"), icon: "microphone-off", onAction: mute(true) },
            { id: "keep", label: t("people.muteAll.keep"), icon: "lock", onAction: mute(false) },
          ],
        },
      ]}
      trigger={<Button className="btn text sm">{t("people.muteAll")}</Button>}
    />
  );
}
