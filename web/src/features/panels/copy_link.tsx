import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";

/** The link to this meeting, without anything that the browser may have added to it. */
export const meetingLink = (): string => `${window.location.origin}${window.location.pathname}`;

export function CopyLinkButton({ kind }: { kind: "primary" | "quiet" | "text" }) {
  const { call, t } = useCall();
  const copy = () => {
    navigator.clipboard.writeText(meetingLink()).then(
      () => call.toasts.show({ icon: "check", title: { key: "toast.copied" } }),
      () =>
        call.toasts.show({
          icon: "warning",
          title: { key: "toast.copyFailed" },
          body: { key: "toast.copyFailed.body" },
        }),
    );
  };
  return (
    <button className={`btn ${kind} sm`} type="button" onClick={copy}>
      <Icon name="copy" size="sm" />
      {t("call.copyLink")}
    </button>
  );
}
