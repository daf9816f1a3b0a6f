// Who may be meant by what stands after the "@": chosen with the arrows and Enter, or with the pointer.
import { useId } from "react";
import type { KeyboardEvent } from "react";
import { useState } from "react";
import { mentionAt, suggest } from "../../../chat/mentions";
import type { Mentionable } from "../../../chat/mentions";
import { useCall } from "../../../components/call_context";

export interface MentionState {
  listId: string;
  options: readonly Mentionable[];
  at: number;
  optionId: (index: number) => string;
  choose: (person: Mentionable) => void;
  /** Whether the key was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
}

export function useMentions(options: {
  text: string;
  caret: number;
  people: readonly Mentionable[];
  onChoose: (text: string, caret: number) => void;
}): MentionState {
  const { text, caret, people, onChoose } = options;
  const listId = useId();
  const [index, setIndex] = useState(0);
  const [closedAt, setClosedAt] = useState<number | null>(null);
  const typed = mentionAt(text, caret);
  const found = typed && typed.start !== closedAt ? suggest(people, typed.query) : [];
  const at = Math.min(index, found.length - 1);
  const choose = (person: Mentionable) => {
    if (!typed) return;
    const before = `${text.slice(0, typed.start)}@${person.name} `;
    setIndex(0);
    setClosedAt(typed.start);
    onChoose(before + text.slice(caret), before.length);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const chosen = found[at];
    if (!typed || !chosen) return false;
    if (event.key === "ArrowDown") setIndex((at + 1) % found.length);
    else if (event.key === "ArrowUp") setIndex((at + found.length - 1) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(chosen);
    else if (event.key === "Escape") setClosedAt(typed.start);
    else return false;
    event.preventDefault();
    return true;
  };
  return { listId, options: found, at, optionId: (one) => `${listId}-${one}`, choose, onKey };
}

export function MentionList({ mentions }: { mentions: MentionState }) {
  const { t } = useCall();
  const { listId, options, at, optionId, choose } = mentions;
  if (options.length === 0) return null;
  return (
    <div className="mention-list" role="listbox" id={listId} aria-label={t("chat.mention")}>
      {options.map((person, index) => (
        // The box keeps the focus and does the same by keyboard.
        <div
          key={person.identity}
          id={optionId(index)}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          onPointerDown={(event) => {
            event.preventDefault();
            choose(person);
          }}
        >
          <bdi>{person.name}</bdi>
        </div>
      ))}
    </div>
  );
}
