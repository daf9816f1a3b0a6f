// Who hears you, how your own connection is, and what comes from the others: why it is no better.
import { receivedOf } from "../../call/connection/received";
import type { Received } from "../../call/connection/received";
import { useCall } from "../../components/call_context";
import { useSignalValue } from "../../components/use_signal";
import type { Measured } from "../../engine/media_engine";
import type { Translate } from "../../text/translate";
import { Panel } from "../panels/panel";
import { hearingWords } from "./hearing_words";
import { useMeasured } from "./use_measured";

export default function ConnectionPanel() {
  const { t } = useCall();
  const measured = useMeasured();
  return (
    <Panel id="connection" title={t("connection.title")} closeLabel={t("connection.close")}>
      {/* It scrolls, so that the keyboard has to reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll info connection" tabIndex={0} role="group" aria-labelledby="connection-title">
        <Hearing />
        <Line measured={measured} />
        <ReceivedList measured={measured} />
        <WeakList />
      </div>
    </Panel>
  );
}

function Hearing() {
  const { call, t, locale } = useCall();
  const hearing = useSignalValue(call.connection.hearing);
  const sound = useSignalValue(call.connection.news)?.sound;
  const people = useSignalValue(call.people);
  const { fact, meaning } = hearingWords(t, hearing);
  const unheard = people.filter((one) => sound?.unheard_by.includes(one.key)).map((one) => one.name);
  const names = new Intl.ListFormat(locale).format(unheard);
  const areNamed = unheard.length > 0 && (hearing.kind === "some" || hearing.kind === "nobody");
  return (
    <section>
      <h3>{t("connection.you")}</h3>
      <p data-hearing={hearing.kind}>
        <b>{fact}</b> {meaning}
      </p>
      {areNamed ? <p className="muted">{t("connection.unheard", { names })}</p> : null}
    </section>
  );
}

function Line({ measured }: { measured: Measured | null }) {
  const { call, t } = useCall();
  const news = useSignalValue(call.connection.news);
  const people = useSignalValue(call.people);
  const weak = useSignalValue(call.connection.weak);
  const line = news?.line ?? null;
  const way = measured?.way ?? line?.way ?? null;
  const own = weak.get(people.find((one) => one.isYou)?.key ?? "");
  return (
    <section>
      <h3>{t("connection.line")}</h3>
      {own ? <p>{t(`weak.${own}.long`)}</p> : null}
      <dl>
        <Row name={t("connection.way")} value={way && t(`connection.way.${way}`)} />
        {line ? (
          <>
            <Row
              name={t("connection.answer")}
              value={line.rtt_ms === null ? null : t("connection.answer.value", { ms: line.rtt_ms })}
            />
            <Row name={t("connection.lostUp")} value={t("connection.percent", { percent: line.lost_up })} />
            <Row
              name={t("connection.lostDown")}
              value={t("connection.percent", { percent: line.lost_down })}
            />
          </>
        ) : null}
      </dl>
      {news ? null : <p className="muted">{t("connection.quiet")}</p>}
    </section>
  );
}

function Row({ name, value }: { name: string; value: string | null }) {
  const { t } = useCall();
  return (
    <div>
      <dt>{name}</dt>
      <dd className="num">{value ?? t("connection.unknown")}</dd>
    </div>
  );
}

function ReceivedList({ measured }: { measured: Measured | null }) {
  const { call, t } = useCall();
  const news = useSignalValue(call.connection.news);
  const people = useSignalValue(call.people);
  const rows = receivedOf(people, measured, news);
  return (
    <section>
      <h3>{t("connection.received")}</h3>
      {rows.length === 0 ? <p className="muted">{t("connection.received.none")}</p> : null}
      <ul>
        {rows.map((row) => (
          <li key={row.key}>
            <b>{nameOf(t, row)}</b>
            {sentencesOf(t, row).map((sentence) => (
              <span key={sentence} className="num">
                {sentence}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function WeakList() {
  const { call, t } = useCall();
  const weak = useSignalValue(call.connection.news)?.weak ?? [];
  const people = useSignalValue(call.people);
  const rows = people.flatMap((person) => {
    const found = person.isYou ? undefined : weak.find((one) => one.participant_id === person.key);
    return found ? [{ person, trouble: found.trouble }] : [];
  });
  if (rows.length === 0) return null;
  return (
    <section>
      <h3>{t("connection.weak")}</h3>
      <ul>
        {rows.map(({ person, trouble }) => (
          <li key={person.key}>
            <b>
              <bdi>{person.name}</bdi>
            </b>
            <span>{t(`weak.${trouble}.long`)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function nameOf(t: Translate, { name, source }: Received): string {
  if (source === "camera") return t("connection.of.camera", { name });
  if (source === "screen_share") return t("connection.of.screen", { name });
  return `${name}: ${t("connection.sound")}`;
}

function sentencesOf(t: Translate, { size, why, lost }: Received): string[] {
  const text = (value: number) => String(value);
  return [
    ...(size
      ? [
          why === "whole"
            ? t("connection.size", { width: text(size.width), height: text(size.height) })
            : t("connection.size.of", {
                width: text(size.width),
                height: text(size.height),
                wholeWidth: text(size.wholeWidth),
                wholeHeight: text(size.wholeHeight),
              }),
        ]
      : []),
    ...(why ? [t(`connection.why.${why}`)] : []),
    ...(lost > 0 ? [t("connection.why.loss", { percent: lost })] : []),
  ];
}
