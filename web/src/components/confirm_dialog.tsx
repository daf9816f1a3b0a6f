// A question before something that cannot be taken back. The safe answer has the first focus.
import type { ReactNode } from "react";
import { useCall } from "./call_context";
import { DialogBox } from "./dialog";

export interface ConfirmDialogProps {
  title: string;
  confirm: string;
  /** What the safe answer says where "Cancel" could be misread. */
  stay?: string;
  /** With fields inside it is a dialog like others, not an alert. */
  role?: "dialog" | "alertdialog";
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

export function ConfirmDialog({
  title,
  confirm,
  stay,
  role = "alertdialog",
  onConfirm,
  onClose,
  children,
}: ConfirmDialogProps) {
  const { t } = useCall();
  return (
    <DialogBox
      role={role}
      title={title}
      closeLabel={t("app.close")}
      onClose={onClose}
      actions={
        <>
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <button className="btn quiet" type="button" onClick={onClose} autoFocus>
            {stay ?? t("people.cancel")}
          </button>
          <button
            className="btn danger"
            type="button"
            onClick={() => {
              onClose();
              onConfirm();
            }}
          >
            {confirm}
          </button>
        </>
      }
    >
      {children}
    </DialogBox>
  );
}
