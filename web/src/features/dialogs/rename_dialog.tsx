import { useCall } from "../../components/call_context";
import { NameForm } from "./name_form";

export default function RenameDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  return (
    <NameForm
      title={t("people.rename.title")}
      label={t("green.name")}
      name={call.you?.name ?? ""}
      onSave={(name) => void call.rename(name)}
      onClose={onClose}
    />
  );
}
