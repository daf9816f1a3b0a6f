// A weak connection on a tile, with its cause.
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";

export function WeakMark({ person }: { person: Person }) {
  const { call, t } = useCall();
  const cause = useSignalValue(call.connection.weak).get(person.key);
  if (!cause || person.isReconnecting) return null;
  return (
    <div className="mark weak" title={t(`weak.${cause}.long`)} data-cause={cause}>
      <Icon name="weak" size="sm" />
      <span aria-hidden="true">{t(`weak.${cause}`)}</span>
      <span className="sr">{t(`weak.${cause}.long`)}</span>
    </div>
  );
}
