// To whom the next message goes; said and seen before a word of it is written.
import { Button } from "react-aria-components";
import { audienceKey, EVERYONE } from "../../../chat/audience";
import type { Audience } from "../../../chat/audience";
import { useCall } from "../../../components/call_context";
import { Icon } from "../../../components/icon";
import { MenuBox } from "../../../components/menu";
import type { MenuEntry } from "../../../components/menu";
import { useSignalValue } from "../../../components/use_signal";
import { useChatRights } from "./use_chat";

export function ToField({ onChosen }: { onChosen: () => void }) {
  const { call, t } = useCall();
  const audience = useSignalValue(call.chat.audience);
  const people = useSignalValue(call.people);
  const { mayWrite, mayWritePrivately } = useChatRights();
  const choose = (wanted: Audience) => () => {
    call.chat.writeTo(wanted);
    // The menu gives the focus back to its button first.
    requestAnimationFrame(() => requestAnimationFrame(onChosen));
  };
  const others = people.filter((one) => !one.isYou && one.role !== null);
  const entries: MenuEntry[] = mayWrite
    ? [
        { id: "everyone", label: t("chat.to.everyone"), icon: "people", onAction: choose(EVERYONE) },
        { id: "hosts", label: t("chat.to.hosts"), icon: "shield", onAction: choose({ kind: "hosts" }) },
      ]
    : [];
  const persons: MenuEntry[] = mayWritePrivately
    ? others.map(({ identity, name }) => ({
        id: `private:${identity}`,
        label: name,
        icon: "lock",
        onAction: choose({ kind: "private", identity, name }),
      }))
    : [];
  const chosen = audienceKey(audience);
  const words =
    audience.kind === "private" ? t("chat.to.only", { name: audience.name }) : t(`chat.to.${audience.kind}`);
  return (
    <div className="to">
      <span aria-hidden="true">{t("chat.to")}</span>
      <MenuBox
        label={t("chat.to")}
        groups={[
          { id: t("chat.to"), chosen, entries },
          { id: t("chat.to.privately"), title: t("chat.to.privately"), chosen, entries: persons },
        ]}
        trigger={
          <Button className="btn soft sm" aria-label={`${t("chat.to")}: ${words}`}>
            <Icon
              name={audience.kind === "private" ? "lock" : audience.kind === "hosts" ? "shield" : "people"}
              size="sm"
              isFilled={audience.kind !== "everyone"}
            />
            <span className="name">{words}</span>
            <Icon name="caret-down" size="sm" />
          </Button>
        }
      />
    </div>
  );
}
