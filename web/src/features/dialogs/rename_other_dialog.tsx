import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { NameForm } from "./name_form";

/** A moderator gives somebody another name, for instance the one that the class knows. */
export default function RenameOtherDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { call, t } = useCall();
  return (
    <NameForm
      title={t("people.renameOther.title", { name: person.name })}
      label={t("people.renameOther.label")}
      name={person.name}
      onSave={(name) => void call.command({ kind: "rename_participant", participant_id: person.key, name })}
      onClose={onClose}
    />
  );
}
