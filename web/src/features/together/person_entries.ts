// Who presents, as far as a moderator or the presenter decides it: entries of a person's menu.
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import type { MenuEntry } from "../../components/menu";
import { useSignalValue } from "../../components/use_signal";

export function usePresentingEntries(person: Person): MenuEntry[] {
  const { call, t } = useCall();
  const { presenting } = call.together;
  const presenter = useSignalValue(presenting.presenter)?.participant_id;
  useSignalValue(call.line.snapshot);
  // The room knows nothing of somebody who came by the media server's own key.
  if (person.role === null) return [];
  const { isModerator } = call.together;
  const entries: (MenuEntry | false)[] = [
    presenting.mayHandOver() &&
      presenter !== person.key &&
      !person.isYou &&
      person.role !== "viewer" && {
        id: "hand_over",
        label: t("people.handOver"),
        icon: "share",
        onAction: () => presenting.handOver(person.key),
      },
    isModerator &&
      presenter === person.key &&
      !person.isYou && {
        id: "revoke",
        label: t("people.handOver.take"),
        icon: "share",
        onAction: () => presenting.revoke(),
      },
  ];
  return entries.filter((entry) => entry !== false);
}
