// What changed between two looks at the people: who came, who went, who began or stopped to present.
import { effect } from "@preact/signals-core";
import type { Call } from "./call";
import type { Person } from "./person";

export interface Movements {
  joined: string[];
  left: string[];
  presents: string[];
  presentsNoMore: string[];
}

export function movements(before: readonly Person[], now: readonly Person[]): Movements {
  const old = new Map(before.map((person) => [person.key, person]));
  const current = new Map(now.map((person) => [person.key, person]));
  const others = now.filter((person) => !person.isYou);
  return {
    joined: others.filter((person) => !old.has(person.key)).map((person) => person.name),
    left: before.filter((person) => !person.isYou && !current.has(person.key)).map((person) => person.name),
    presents: others
      .filter((person) => person.screen && !old.get(person.key)?.screen)
      .map((person) => person.name),
    presentsNoMore: others
      .filter((person) => !person.screen && old.get(person.key)?.screen)
      .map((person) => person.name),
  };
}

/** Says it, from the moment that you are inside. */
export function tellMovements(call: Pick<Call, "people" | "line" | "announcer">): void {
  const { announcer } = call;
  let before: readonly Person[] | null = null;
  effect(() => {
    const now = call.people.value;
    if (call.line.state.value.kind === "ended") {
      before = null;
      return;
    }
    if (!now.some((person) => person.isYou)) return;
    if (!before) announcer.say({ key: "say.inCall" });
    else {
      const what = movements(before, now);
      announcer.move("joined", what.joined);
      announcer.move("left", what.left);
      for (const name of what.presents) announcer.say({ key: "say.presents", params: { name } });
      for (const name of what.presentsNoMore) announcer.say({ key: "say.presentsNoMore", params: { name } });
    }
    before = now;
  });
}
