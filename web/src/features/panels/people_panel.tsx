import { useState } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import type { Person } from "../../call/person";
import { RemoveDialog } from "../dialogs/remove_dialog";
import { CopyLinkButton } from "./copy_link";
import { Panel } from "./panel";
import { PersonRow } from "./person_row";

/** From here on a list is searched, not read. */
const SEARCH_FROM = 6;

export function PeoplePanel() {
  const { call, t } = useCall();
  const people = useSignalValue(call.people);
  const speaking = useSignalValue(call.stage.speaking);
  const pins = useSignalValue(call.stage.pins);
  const [wanted, setWanted] = useState("");
  const [removing, setRemoving] = useState<Person | null>(null);
  const found = people.filter((person) => matches(person.name, wanted));
  return (
    <Panel
      id="people"
      closeLabel={t("people.close")}
      actions={<CopyLinkButton kind="text" />}
      title={
        <>
          {t("people.title")} <span className="muted num count-word">{people.length}</span>
        </>
      }
    >
      {people.length >= SEARCH_FROM ? (
        <div className="find">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            aria-label={t("people.find")}
            placeholder={t("people.find")}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </div>
      ) : null}
      {/* A scrolling region must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll" role="region" tabIndex={0} aria-label={t("people.list")}>
        <ul className="sect">
          {found.map((person) => (
            <PersonRow
              key={person.key}
              person={person}
              isSpeaking={speaking.has(person.key)}
              isPinned={pins.includes(person.key)}
              onRemove={() => setRemoving(person)}
            />
          ))}
        </ul>
        {found.length === 0 ? <p className="muted small none-found">{t("people.none")}</p> : null}
      </div>
      {removing ? <RemoveDialog person={removing} onClose={() => setRemoving(null)} /> : null}
    </Panel>
  );
}

function matches(name: string, wanted: string): boolean {
  const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  return plain(name).includes(plain(wanted.trim()));
}
