// Toasts, and the live region that says what the eye sees.
import type { Toast } from "../call/toasts";
import { Icon } from "../components/icon";
import { useCall } from "../components/call_context";
import { useSignalValue } from "../components/use_signal";

export function Toasts() {
  const { call, t } = useCall();
  const toasts = useSignalValue(call.toasts.shown);
  return (
    <div className="toasts" role="region" aria-label={t("toast.list")} aria-live="polite">
      {toasts.map((toast) => (
        // The pointer and the focus only keep it from going away.
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div
          className="toast"
          key={toast.id}
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
          <ToastAction toast={toast} />
          <button
            type="button"
            className="icon-btn"
            aria-label={t("toast.dismiss")}
            onClick={() => call.toasts.dismiss(toast.id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

function ToastAction({ toast }: { toast: Toast }) {
  const { call, t } = useCall();
  const { action } = toast;
  if (!action) return null;
  const perform = () => {
    call.toasts.dismiss(toast.id);
    action.perform();
  };
  return (
    <button type="button" className="btn text sm" onClick={perform}>
      {t(action.label.key, action.label.params)}
    </button>
  );
}

export function LiveRegion() {
  const { call, t } = useCall();
  const said = useSignalValue(call.announcer.said);
  return (
    <div className="sr" role="status" aria-live="polite" aria-atomic="true">
      {said ? <span key={said.id}>{t(said.key, said.params)}</span> : null}
    </div>
  );
}
