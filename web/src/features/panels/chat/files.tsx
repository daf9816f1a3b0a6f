// The files of a message: pictures as thumbnails that open large, everything else as a row to download.
import { useEffect, useState } from "react";
import type { CSSProperties } from "react";
import type { FileInfo } from "../../../chat/file_infos";
import { useCall } from "../../../components/call_context";
import { DialogBox } from "../../../components/dialog";
import { useSignalValue } from "../../../components/use_signal";
import { ChatIcon } from "./chat_icon";
import type { ChatPicture } from "../../../wire/live.gen";
import { sizeText } from "./use_chat";

const HIGHEST_REM = 12;

export interface FilesProps {
  ids: readonly string[];
  pictures: readonly ChatPicture[];
}

export function Files({ ids, pictures }: FilesProps) {
  const { call, t } = useCall();
  const known = useSignalValue(call.files.known);
  useEffect(() => {
    if (ids.length > 0) call.files.want(ids);
  }, [call, ids, known]);
  if (ids.length === 0) return null;
  return (
    <div className="files">
      {ids.map((id) => {
        const info = known.get(id);
        if (info) return <FileView key={id} info={info} />;
        const picture = pictures.find((one) => one.file_id === id);
        if (picture && info === undefined)
          return (
            <span
              key={id}
              className="thumb"
              style={roomFor(picture)}
              role="img"
              aria-label={t("chat.file.loading")}
            />
          );
        return (
          <span key={id} className="file muted tiny">
            {t(info === null ? "chat.file.gone" : "chat.file.loading")}
            {info === null ? (
              <button type="button" className="btn text sm" onClick={() => call.files.forget(id)}>
                {t("device.tryAgain")}
              </button>
            ) : null}
          </span>
        );
      })}
    </div>
  );
}

/** As tall from the start as when the picture is there: what is being read stays in its place. */
function roomFor({ width, height }: { width: number; height: number }): CSSProperties {
  const widest_rem = (HIGHEST_REM * width) / height;
  return { inlineSize: `min(${width}px, ${widest_rem}rem)`, aspectRatio: `${width} / ${height}` };
}

function FileView({ info }: { info: FileInfo }) {
  const { t, locale } = useCall();
  const [isLarge, setLarge] = useState(false);
  const [hasFailed, setFailed] = useState(false);
  const size = sizeText(info.size, locale);
  if (info.image && info.thumbnail && !hasFailed) {
    const { width, height } = info.image;
    return (
      <>
        <button
          type="button"
          className="thumb"
          style={roomFor(info.image)}
          aria-label={t("chat.file.open", { name: info.name })}
          onClick={() => setLarge(true)}
        >
          <img src={info.thumbnail} alt="" loading="lazy" onError={() => setFailed(true)} />
        </button>
        {isLarge ? (
          <DialogBox
            title={info.name}
            closeLabel={t("app.close")}
            onClose={() => setLarge(false)}
            actions={
              <a className="btn quiet" href={info.download} download={info.name}>
                <ChatIcon name="download" />
                {t("chat.file.download", { size })}
              </a>
            }
          >
            <img
              className="large"
              src={info.view ?? info.download}
              alt={info.name}
              width={width}
              height={height}
            />
          </DialogBox>
        ) : null}
      </>
    );
  }
  return (
    <span className="file">
      <span className="ic">
        <ChatIcon name="file" />
      </span>
      <span className="txt">
        <b dir="auto">{info.name}</b>
        <span className="tiny muted">{size}</span>
      </span>
      <a
        className="icon-btn"
        href={info.download}
        download={info.name}
        aria-label={t("chat.file.downloadName", { name: info.name })}
      >
        <ChatIcon name="download" />
      </a>
    </span>
  );
}
