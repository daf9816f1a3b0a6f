// Who reads a message that is not for everyone: said with a lock and a word, beside the colour.
import { partnerOf } from "../../../chat/audience";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import type { ChatMessage } from "../../../wire/live.gen";

export function AudienceLine({ message, own }: { message: ChatMessage; own: string }) {
  const { t } = useCall();
  if (message.audience === "everyone") return null;
  const partner = partnerOf(message, own);
  return (
    <span className="private-line">
      <Icon name={partner ? "lock" : "shield"} size="sm" isFilled />
      {partner ? t("chat.only", { name: partner.name }) : t("chat.onlyHosts")}
    </span>
  );
}
