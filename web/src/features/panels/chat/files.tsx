// The files of a message: pictures as thumbnails that open large, everything else as a row to download.
import { useEffect, useState } from "react";
import type { FileInfo } from "../../../chat/file_infos";
import { useCall } from "../../../components/call_context";
import { DialogBox } from "../../../components/dialog";
import { useSignalValue } from "../../../components/use_signal";
import { ChatIcon } from "./chat_icon";
import { sizeText } from "./use_chat";

export function Files({ ids }: { ids: readonly string[] }) {
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
          aria-label={t("chat.file.open", { name: info.name })}
          onClick={() => setLarge(true)}
        >
          <img
            src={info.thumbnail}
            alt=""
            width={width}
            height={height}
            loading="lazy"
            onError={() => setFailed(true)}
          />
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
