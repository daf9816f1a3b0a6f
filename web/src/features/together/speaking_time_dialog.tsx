// How long each one has spoken, for moderators; counted by this page, so it says since when.
import { useEffect, useState } from "react";
import { clockText } from "../../call/clock";
import { useCall } from "../../components/call_context";
import { DialogBox } from "../../components/dialog";
import "../../styles/call/dialogs.css";

export default function SpeakingTimeDialog({ onClose }: { onClose: () => void }) {
  const { call, t } = useCall();
  const [rows, setRows] = useState(() => call.together.speakingTime.rows());
  useEffect(() => {
    const id = window.setInterval(() => setRows(call.together.speakingTime.rows()), 1_000);
    return () => window.clearInterval(id);
  }, [call]);
  const longest_ms = Math.max(1, ...rows.map((row) => row.spoken_ms));
  return (
    <DialogBox title={t("speakingTime.title")} closeLabel={t("app.close")} onClose={onClose}>
      <p className="muted">{t(rows[0]?.spoken_ms ? "speakingTime.since" : "speakingTime.none")}</p>
      {/* A scrolling region must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="times" tabIndex={0} role="region" aria-label={t("speakingTime.title")}>
        <ul>
          {rows.map((row) => (
            <li key={row.identity}>
              <bdi className="name">{row.name}</bdi>
              {row.isHere ? null : <span className="badge outline">{t("speakingTime.gone")}</span>}
              <span className="num">{clockText(row.spoken_ms)}</span>
              <meter aria-hidden="true" max={longest_ms} value={row.spoken_ms} />
            </li>
          ))}
        </ul>
      </div>
    </DialogBox>
  );
}
