import { useCall } from "../../components/call_context";
import { CopyLinkButton } from "../panels/copy_link";

/** The first one in: what to do now. */
export function Alone() {
  const { t } = useCall();
  return (
    <section className="alone card">
      <div>
        <h2>{t("call.alone.title")}</h2>
        <p className="muted small">{t("call.alone.body")}</p>
      </div>
      <CopyLinkButton kind="primary" />
    </section>
  );
}
