// A dialog: what happened, why, what to do. Focus goes in, Escape leaves, focus returns.
import type { ReactNode } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Icon } from "./icon";

export interface DialogBoxProps {
  title: string;
  closeLabel: string;
  onClose: () => void;
  role?: "dialog" | "alertdialog";
  children: ReactNode;
  actions?: ReactNode;
}

export function DialogBox({
  title,
  closeLabel,
  onClose,
  role = "dialog",
  children,
  actions,
}: DialogBoxProps) {
  return (
    <ModalOverlay
      className="scrim"
      isOpen
      isDismissable
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
    >
      <Modal className="dialog-frame">
        <Dialog className="dialog" role={role}>
          <header>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button className="icon-btn" aria-label={closeLabel} onPress={onClose}>
              <Icon name="close" />
            </Button>
          </header>
          {children}
          {actions ? <div className="acts">{actions}</div> : null}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
