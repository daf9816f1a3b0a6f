// What changed between two looks at the people: who came, who went, who began or stopped to present.
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
