import { Component } from "react";
import type { ReactNode } from "react";
import type { Translate } from "../text/translate";

/** A view that fails must not leave a blank page: it says so and offers the way back. */
export class CrashGuard extends Component<{ t: Translate; children: ReactNode }, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError() {
    return { hasCrashed: true };
  }

  override componentDidCatch(error: unknown) {
    console.error("palaver:", error);
  }

  override render() {
    const { t, children } = this.props;
    if (!this.state.hasCrashed) return children;
    return (
      <main className="wrap crashed">
        <h1>{t("app.crashed.title")}</h1>
        <p>{t("app.crashed.body")}</p>
        <button className="btn primary lg" type="button" onClick={() => window.location.reload()}>
          {t("app.crashed.reload")}
        </button>
      </main>
    );
  }
}
