// Toasts, and the live regions that say what the eye sees.
import type { Toast } from "../call/toasts";
import { Icon } from "../components/icon";
import { useCall } from "../components/call_context";
import { useSignalValue } from "../components/use_signal";

export function Toasts() {
  const { call, t } = useCall();
  const toasts = useSignalValue(call.toasts.shown);
  return (
    <div
      className="toasts"
      role="region"
      aria-label={t("toast.list")}
      aria-live="polite"
      tabIndex={-1}
      {...(toasts.length > 0 ? { "data-region": true } : {})}
    >
      {toasts.map((toast) => (
        <ToastBox key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastBox({ toast }: { toast: Toast }) {
  const { call, t } = useCall();
  return (
    // The pointer and the focus only keep it from going away.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={toast.actions ? "toast with-acts" : "toast"}
      {...(toast.isSilent ? { "aria-live": "off" as const } : {})}
      onPointerEnter={() => call.toasts.pause(toast.id)}
      onPointerLeave={() => call.toasts.resume(toast.id)}
      onFocus={() => call.toasts.pause(toast.id)}
      onBlur={() => call.toasts.resume(toast.id)}
    >
      <Icon name={toast.icon} />
      <span className="txt">
        <strong>{t(toast.title.key, toast.title.params)}</strong>
        {toast.body ? <span className="muted">{t(toast.body.key, toast.body.params)}</span> : null}
      </span>
      {toast.actions ? (
        <span className="toast-acts">
          {toast.actions.map((action) => (
            <button
              key={action.label.key}
              type="button"
              className={`btn sm ${action.isMain ? "primary" : "text"}`}
              onClick={() => {
                action.perform();
                call.toasts.dismiss(toast.id);
              }}
            >
              {t(action.label.key, action.label.params)}
            </button>
          ))}
        </span>
      ) : null}
      <button
        type="button"
        className="icon-btn"
        aria-label={t("toast.dismiss")}
        onClick={() => call.toasts.dismiss(toast.id)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

export function LiveRegion() {
  const { call, t } = useCall();
  const said = useSignalValue(call.announcer.said);
  const saidAtOnce = useSignalValue(call.announcer.saidAtOnce);
  return (
    <>
      <div className="sr" role="status" aria-live="polite" aria-atomic="true">
        {said ? <span key={said.id}>{t(said.key, said.params)}</span> : null}
      </div>
      <div className="sr" role="alert" aria-live="assertive" aria-atomic="true">
        {saidAtOnce ? <span key={saidAtOnce.id}>{t(saidAtOnce.key, saidAtOnce.params)}</span> : null}
      </div>
    </>
  );
}
