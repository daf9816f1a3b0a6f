import { WordMark } from "../components/brand";
import { useCall } from "../components/call_context";

/** The head of the pages before and after the call. */
export function PageHead() {
  const { call, t } = useCall();
  return (
    <header className="top">
      <a className="brand" href={call.boot.urls.home} aria-label={t("app.home")}>
        <WordMark />
      </a>
      <nav aria-label={t("app.main")}>
        {call.boot.links.map(({ label, url }) => (
          <a key={url} href={url}>
            {label}
          </a>
        ))}
      </nav>
    </header>
  );
}
