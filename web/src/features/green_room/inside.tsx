import { firstName } from "../../call/person";
import { Avatar } from "../../components/avatar";
import { useCall } from "../../components/call_context";
import type { Translate } from "../../text/translate";

interface InsideProps {
  people: readonly { name: string; tone: string }[];
}

const SHOWN = 3;

export function Inside({ people }: InsideProps) {
  const { t } = useCall();
  const rest = people.length - SHOWN;
  return (
    <div className="inside" role="status">
      {people.length > 0 ? (
        <span className="avs" aria-hidden="true">
          {people.slice(0, SHOWN).map((person, index) => (
            <Avatar key={`${index}-${person.name}`} name={person.name} tone={person.tone} />
          ))}
          {rest > 0 ? (
            <span className="av" data-tone="clay">
              +{rest}
            </span>
          ) : null}
        </span>
      ) : null}
      <span className="small">{insideText(t, people)}</span>
    </div>
  );
}

function insideText(t: Translate, people: InsideProps["people"]): string {
  const [first, second, third] = people.map((person) => firstName(person.name));
  if (first === undefined) return t("green.inside.none");
  if (second === undefined) return t("green.inside.one", { first });
  if (third === undefined) return t("green.inside.two", { first, second });
  if (people.length === SHOWN) return t("green.inside.three", { first, second, third });
  return t("green.inside.more", { first, second, third, count: people.length - SHOWN });
}
