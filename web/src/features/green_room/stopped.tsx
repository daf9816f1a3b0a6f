// Why somebody cannot go in: for good, or until a host or somebody who leaves makes room.
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";

const REASONS = ["banned", "removed", "meeting_locked", "room_full"] as const;

/** Always on the page, so that it is said aloud when it changes. */
export function Stopped({ refusal }: { refusal: string | null }) {
  const { t } = useCall();
  const reason = REASONS.find((one) => one === refusal);
  const isForGood = reason === "banned" || reason === "removed";
  return (
    <div role="status" id="green-stopped">
      {reason ? (
        <div className={`banner ${isForGood ? "bad" : "notice"}`}>
          <Icon name={isForGood ? "ban" : "lock"} />
          <span>
            <strong>{t(`end.${reason}.title`)}</strong> {t(`end.${reason}.body`)}{" "}
            {isForGood ? null : t("green.stopped.wait")}
          </span>
        </div>
      ) : null}
    </div>
  );
}
