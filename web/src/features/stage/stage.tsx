// The stage: measures its room, and puts tiles where the plan says.
import { useEffect, useRef } from "react";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import { commands } from "../../call/commands";
import { Icon } from "../../components/icon";
import { Alone } from "./alone";
import { Banners } from "./banners";
import { placeStyle } from "./place_style";
import { ScreenChoice } from "./screen_choice";
import { ScreenTile } from "./screen_tile";
import { Tile } from "./tile";

export function Stage() {
  const { call, t } = useCall();
  const room = useRef<HTMLDivElement>(null);
  const plan = useSignalValue(call.stage.plan);
  const people = useSignalValue(call.people);
  const speaking = useSignalValue(call.stage.speaking);
  const pins = useSignalValue(call.stage.pins);
  const presenter = useSignalValue(call.stage.screens.shown);

  useEffect(() => {
    const element = room.current;
    if (!element) return undefined;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      call.stage.setRoom({ width, height }, { width: window.innerWidth, height: window.innerHeight });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [call]);

  const byKey = new Map(people.map((person) => [person.key, person]));
  return (
    <main
      className="stage"
      id="main"
      tabIndex={-1}
      aria-label={t(plan.screen ? "call.stage.share" : "call.stage")}
      data-region
    >
      <Banners />
      <ScreenChoice />
      <div className="stage-room" ref={room}>
        {presenter && plan.screen ? (
          <ScreenTile key={presenter.key} person={presenter} box={plan.screen} />
        ) : null}
        {plan.tiles.map((placed) => {
          const person = byKey.get(placed.key);
          return person ? (
            <Tile
              key={placed.key}
              person={person}
              placed={placed}
              isSpeaking={speaking.has(placed.key)}
              isPinned={pins.includes(placed.key)}
              isPresenting={presenter?.key === placed.key}
            />
          ) : null;
        })}
        {plan.more ? (
          <button
            type="button"
            className="strip-more"
            style={placeStyle(plan.more.box)}
            onClick={() => call.togglePanel("people")}
          >
            <b>{t("call.more.count", { count: plan.more.count })}</b>
            <span className="tiny muted">{t("call.more.word")}</span>
          </button>
        ) : null}
        {plan.pages > 1 ? <Pager page={plan.page} pages={plan.pages} /> : null}
      </div>
      {people.length === 1 ? <Alone /> : null}
    </main>
  );
}

function Pager({ page, pages }: { page: number; pages: number }) {
  const { call, t } = useCall();
  const { previous_page: previous, next_page: next } = commands;
  return (
    <div className="pager">
      <button
        type="button"
        className="icon-btn previous"
        aria-label={t(previous.label(call))}
        disabled={page === 0}
        onClick={() => previous.perform(call)}
      >
        <Icon name="caret-left" />
      </button>
      <span className="small num" role="status">
        {t("call.page", { page: page + 1, pages })}
      </span>
      <button
        type="button"
        className="icon-btn next"
        aria-label={t(next.label(call))}
        disabled={page === pages - 1}
        onClick={() => next.perform(call)}
      >
        <Icon name="caret-right" />
      </button>
    </div>
  );
}
