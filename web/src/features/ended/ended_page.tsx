// After the call: why it ended for you, and the ways on.
import { useEffect, useRef } from "react";
import type { Ending } from "../../call/states";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import type { TextKey, Translate } from "../../text/translate";
import { PageHead } from "../page_head";

type Way =
  | { kind: "rejoin"; label: TextKey; takeOver: boolean }
  | { kind: "sign_in" }
  | { kind: "reload"; label: TextKey }
  | { kind: "none" };

export default function EndedPage({ ending }: { ending: Ending }) {
  const { call, t } = useCall();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { reason } = ending;
  const body = bodyText(t, ending);
  return (
    <div className="page">
      <PageHead />
      <main className="wrap after" id="main">
        <section className="bye">
          <h1 ref={heading} tabIndex={-1}>
            {t(`end.${reason}.title`)}
          </h1>
          {body ? <p className="lead">{body}</p> : null}
          <p className="muted">{factsText(t, call.title.value, ending)}</p>
          <div className="acts">
            <WayOn way={wayOn(reason)} />
            <a className="btn quiet lg" href={call.boot.urls.home}>
              {t("end.home")}
            </a>
          </div>
          {reason === "left" && ending.visit && ending.visit.stillInsideCount > 0 ? (
            <p className="muted small">{t("end.stillInside", { count: ending.visit.stillInsideCount })}</p>
          ) : null}
        </section>
      </main>
    </div>
  );
}

function WayOn({ way }: { way: Way }) {
  const { call, t } = useCall();
  switch (way.kind) {
    case "rejoin":
      return (
        <button
          className="btn primary lg"
          type="button"
          onClick={() => void call.rejoin({ takeOver: way.takeOver })}
        >
          <Icon name="retry" size="sm" />
          {t(way.label)}
        </button>
      );
    case "sign_in":
      return (
        <a className="btn primary lg" href={call.boot.urls.sign_in}>
          {t("green.signIn.action")}
        </a>
      );
    case "reload":
      return (
        <button className="btn primary lg" type="button" onClick={() => window.location.reload()}>
          <Icon name="retry" size="sm" />
          {t(way.label)}
        </button>
      );
    case "none":
      return null;
  }
}

function wayOn(reason: Ending["reason"]): Way {
  switch (reason) {
    case "left":
    case "ended_by_host":
    case "ended_by_you":
      return { kind: "rejoin", label: "end.rejoin", takeOver: false };
    case "taken_over":
      return { kind: "rejoin", label: "end.taken_over.action", takeOver: true };
    case "already_here":
      return { kind: "rejoin", label: "end.already_here.action", takeOver: true };
    case "room_full":
    case "denied":
    case "meeting_locked":
    case "password_required":
    case "password_wrong":
    case "refused":
      return { kind: "rejoin", label: "end.tryAgain", takeOver: false };
    case "sign_in_required":
      return { kind: "sign_in" };
    case "protocol":
      return { kind: "reload", label: "end.reload" };
    // The page was made for somebody who was signed in: the green room is to be that of a guest, or of nobody.
    case "signed_out":
      return { kind: "reload", label: "end.rejoin" };
    case "banned":
    case "removed":
    case "meeting_deleted":
    case "not_allowed":
    case "not_found":
      return { kind: "none" };
  }
}

function bodyText(t: Translate, { reason, by, code }: Ending): string | null {
  switch (reason) {
    case "left":
      return null;
    case "ended_by_host":
    case "banned":
    case "removed":
      return by ? t(`end.${reason}.by`, { name: by }) : t(`end.${reason}.body`);
    case "refused":
      return t("end.refused.body", { code: code ?? "unknown" });
    default:
      return t(`end.${reason}.body`);
  }
}

function factsText(t: Translate, title: string, { visit }: Ending): string {
  if (!visit) return title;
  const minutes = Math.round(visit.duration_ms / 60_000);
  const duration =
    minutes > 0
      ? t("end.minutes", { count: minutes })
      : t("end.seconds", { count: Math.max(1, Math.round(visit.duration_ms / 1000)) });
  return [title, duration, t("end.people", { count: visit.peopleCount })].join(" · ");
}
