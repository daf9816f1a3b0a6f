// One person: picture or initials, the plate with name and state, and what can be done with the tile.
import { memo, useRef } from "react";
import type { KeyboardEvent } from "react";
import type { PlacedTile } from "../../call/layout/stage_model";
import type { Person } from "../../call/person";
import { Face } from "../../components/avatar";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { LocalVideo } from "../../components/local_video";
import { RemoteVideo } from "../../components/remote_video";
import { useSignalValue } from "../../components/use_signal";
import { useEngine } from "../use_engine";
import { TileMarks } from "../together/tile_marks";
import { Plate } from "./plate";
import { placeStyle } from "./place_style";
import { useGlide } from "./use_glide";
import { WeakMark } from "./weak_mark";

export interface TileProps {
  person: Person;
  placed: PlacedTile;
  isSpeaking: boolean;
  isPinned: boolean;
  isPresenting: boolean;
}

export const Tile = memo(function Tile({ person, placed, isSpeaking, isPinned, isPresenting }: TileProps) {
  const { call, t } = useCall();
  const element = useRef<HTMLDivElement>(null);
  useGlide(element, placed);
  const isMirrored = useSignalValue(call.local.isMirrored) && person.isYou;
  const isSpeakingNow = isSpeaking && person.microphone === "on";
  const className = [
    "tile",
    `at-${placed.place}`,
    isSpeakingNow ? "speaking" : "",
    isMirrored ? "mirror" : "",
    person.isYou ? "own" : "",
    person.isReconnecting ? "dim" : "",
    placed.width < 160 ? "tiny-tile" : "",
  ];
  const moveSelf = (event: KeyboardEvent) => {
    if (placed.place !== "floating" || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    call.stage.moveSelf();
  };
  return (
    // The keys only repeat what the button in the tile does.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={element}
      className={className.filter(Boolean).join(" ")}
      style={placeStyle(placed)}
      role="group"
      // A tap shows the tools, as hovering does with a mouse.
      tabIndex={-1}
      aria-label={person.isYou ? t("call.you", { name: person.name }) : person.name}
      data-participant-id={person.key}
      data-identity={person.identity}
      data-speaking={isSpeakingNow}
      onKeyDown={moveSelf}
    >
      <Picture person={person} />
      {person.isReconnecting ? (
        <div className="wait">
          <Icon name="weak" />
          {t("tile.reconnecting")}
        </div>
      ) : null}
      <WeakMark person={person} />
      <TileMarks person={person} />
      <TileTools person={person} placed={placed} isPinned={isPinned} />
      <Plate
        person={person}
        isSpeaking={isSpeakingNow}
        isPinned={isPinned}
        isPresenting={isPresenting && placed.place === "presenter"}
        isFloating={placed.place === "floating"}
      />
    </div>
  );
});

function Picture({ person }: { person: Person }) {
  const { call } = useCall();
  const engine = useEngine();
  const ownTrack = useSignalValue(call.local.camera).track;
  const cover = (
    <div className="off" data-tone={person.tone}>
      <span className="av" aria-hidden="true">
        <Face name={person.name} url={person.avatarUrl} />
      </span>
    </div>
  );
  if (person.isYou && person.pictureId && ownTrack)
    return <LocalVideo track={ownTrack} label={person.name} cover={cover} />;
  if (!person.isYou && person.pictureId && engine) {
    return (
      <RemoteVideo
        engine={engine}
        identity={person.identity}
        source="camera"
        mediaId={person.pictureId}
        label={person.name}
        cover={cover}
      />
    );
  }
  return cover;
}

function TileTools({ person, placed, isPinned }: Pick<TileProps, "person" | "placed" | "isPinned">) {
  const { call, t } = useCall();
  const pinLabel = t(isPinned ? "tile.unpin" : "tile.pin", { name: person.name });
  return (
    <div className="mark tools">
      {placed.place === "floating" ? (
        <button
          type="button"
          className="icon-btn"
          aria-label={t("tile.moveSelf")}
          onClick={() => call.stage.moveSelf()}
        >
          <Icon name="corner" />
        </button>
      ) : null}
      {placed.place === "floating" ? null : (
        <button type="button" className="icon-btn" aria-label={pinLabel} onClick={() => call.pin(person)}>
          <Icon name={isPinned ? "unpin" : "pin"} isFilled={isPinned} />
        </button>
      )}
    </div>
  );
}
