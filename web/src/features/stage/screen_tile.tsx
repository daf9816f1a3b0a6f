// Somebody's shared screen: exactly its own shape, never cropped.
import { useRef } from "react";
import type { Box } from "../../call/layout/box";
import type { Person } from "../../call/person";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { RemoteVideo } from "../../components/remote_video";
import { useSignalValue } from "../../components/use_signal";
import { useEngine } from "../use_engine";
import { placeStyle } from "./place_style";

export function ScreenTile({ person, box }: { person: Person; box: Box }) {
  const { call, t } = useCall();
  const engine = useEngine();
  const element = useRef<HTMLDivElement>(null);
  const isPresenterHidden = useSignalValue(call.stage.isPresenterHidden);
  const toggleFullscreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void element.current?.requestFullscreen();
  };
  return (
    <div
      ref={element}
      className="tile screen"
      style={placeStyle(box)}
      role="group"
      aria-label={t("tile.screenOf", { name: person.name })}
      data-screen-of={person.key}
    >
      {engine && person.screen ? (
        <RemoteVideo
          engine={engine}
          identity={person.identity}
          source="screen_share"
          mediaId={person.screen.receivedId ?? ""}
          label={t("tile.screenOf", { name: person.name })}
          cover={
            <div className="screen-wait" aria-hidden="true">
              <Icon name="share" size="lg" />
              {t("tile.screenOf", { name: person.name })}
            </div>
          }
          onAspect={(aspect) => call.stage.setScreenAspect(person.key, aspect)}
        />
      ) : null}
      <div className="mark tools shown wide-only">
        {person.pictureId ? (
          <button
            type="button"
            className="icon-btn"
            aria-label={t(isPresenterHidden ? "tile.showPresenter" : "tile.hidePresenter")}
            onClick={() => call.stage.togglePresenter()}
          >
            <Icon name={isPresenterHidden ? "picture" : "picture-off"} />
          </button>
        ) : null}
        {document.fullscreenEnabled ? (
          <button
            type="button"
            className="icon-btn"
            aria-label={t("tile.fullscreen")}
            onClick={toggleFullscreen}
          >
            <Icon name="fullscreen" />
          </button>
        ) : null}
      </div>
      <div className="plate phone-only">
        <Icon name="share" />
        <span className="name">{t("tile.presents", { name: person.name })}</span>
      </div>
    </div>
  );
}
