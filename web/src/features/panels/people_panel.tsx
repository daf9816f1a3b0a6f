// Who waits, who wants to speak, and everybody who is here.
import { lazy, Suspense, useState } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { CopyLinkButton } from "./copy_link";
import { Panel } from "./panel";
import { HandsSection, InCallSection, matches } from "./people_sections";
import type { Asking } from "./use_person_menu";
import { WaitingSection } from "./waiting_section";
import "../../styles/call/people.css";

const BanDialog = lazy(() => import("../dialogs/ban_dialog"));
const RemoveDialog = lazy(() => import("../dialogs/remove_dialog"));
const RenameOtherDialog = lazy(() => import("../dialogs/rename_other_dialog"));

/** From here on a list is searched, not read. */
const SEARCH_FROM = 8;

export default function PeoplePanel() {
  const { call, t } = useCall();
  const people = useSignalValue(call.people);
  const waiting = useSignalValue(call.knocks.waiting);
  const [wanted, setWanted] = useState("");
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => setAsking(null);
  const hasSearch = people.length + waiting.length >= SEARCH_FROM;
  const query = hasSearch ? wanted : "";
  const isNobody = ![...people, ...waiting].some((person) => matches(person.name, query));
  return (
    <Panel
      id="people"
      closeLabel={t("people.close")}
      actions={<CopyLinkButton kind="text" />}
      title={
        <>
          {t("people.title")} <span className="muted num count-word">{people.length}</span>
        </>
      }
    >
      {hasSearch ? (
        <div className="find">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            aria-label={t("people.find")}
            placeholder={t("people.find")}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </div>
      ) : null}
      {/* A scrolling region must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll" role="region" tabIndex={0} aria-label={t("people.list")}>
        <WaitingSection wanted={query} />
        <HandsSection wanted={query} onAsk={setAsking} />
        <InCallSection wanted={query} onAsk={setAsking} />
        {isNobody ? <p className="muted small none-found">{t("people.none")}</p> : null}
      </div>
      {asking ? <Question asking={asking} onClose={close} /> : null}
    </Panel>
  );
}

const QUESTIONS = { ban: BanDialog, remove: RemoveDialog, rename: RenameOtherDialog } as const;

function Question({ asking, onClose }: { asking: Asking; onClose: () => void }) {
  const Dialog = QUESTIONS[asking.kind];
  return (
    <Suspense fallback={null}>
      <Dialog person={asking.person} onClose={onClose} />
    </Suspense>
  );
}
