import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { ConfirmDialog } from "../../components/confirm_dialog";

export default function RemoveDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { call, t } = useCall();
  return (
    <ConfirmDialog
      title={t("people.remove.title", { name: person.name })}
      confirm={t("people.remove.confirm")}
      onConfirm={() => void call.command({ kind: "remove_participant", participant_id: person.key })}
      onClose={onClose}
    >
      <p>{t("people.remove.body", { name: person.name })}</p>
    </ConfirmDialog>
  );
}
