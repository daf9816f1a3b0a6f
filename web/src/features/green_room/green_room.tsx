// Before the call: how you look and sound, who is inside, and the way in.
import { useEffect, useRef, useState } from "react";
import type { SyntheticEvent } from "react";
import { useCall } from "../../components/call_context";
import { Icon } from "../../components/icon";
import { useSignalValue } from "../../components/use_signal";
import { PageHead } from "../page_head";
import { Devices } from "./devices";
import { GreenControls } from "./green_controls";
import { Inside } from "./inside";
import { PasswordField } from "./password_field";
import { Preview } from "./preview";
import { Problems } from "./problems";
import { Stopped } from "./stopped";
import { isStopped, usePreview } from "./use_preview";

export function GreenRoom() {
  const { call, t } = useCall();
  const phase = useSignalValue(call.phase);
  const { preview, hasFailed } = usePreview();
  const [name, setName] = useState(() => call.boot.name ?? call.choices.read().name);
  const [isNameMissing, setNameMissing] = useState(false);
  const isJoining = phase.kind === "joining";
  const passwordFault = useSignalValue(call.door.passwordFault);
  const isAsked = preview?.reason === "password_required";
  const refusal = preview?.may_join === false && !isAsked ? preview.reason : null;
  const [wasAsked, setWasAsked] = useState(false);
  if (isAsked && !wasAsked) setWasAsked(true);
  // A lock does not take away the field in which somebody is typing.
  const needsPassword = passwordFault !== null || isAsked || (wasAsked && refusal !== null);
  const [password, setPassword] = useState("");
  const isShut = refusal === "sign_in_required" || refusal === "banned" || refusal === "removed";
  const mustWait = isStopped(preview);

  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (call.hasReturned) heading.current?.focus();
  }, [call]);

  useEffect(() => {
    // Whoever is allowed already is not asked again: the picture is simply there.
    void call.local.permission().then((permission) => {
      const { isMicrophoneOn, isCameraOn } = call.choices.read();
      if (permission === "granted") void call.local.allow({ microphone: isMicrophoneOn, camera: isCameraOn });
    });
  }, [call]);

  const join = () => {
    if (mustWait) return;
    const chosen = name.trim();
    if (!chosen) {
      setNameMissing(true);
      document.getElementById("green-name")?.focus();
      return;
    }
    if (needsPassword && !password) {
      document.getElementById("green-password")?.focus();
      return;
    }
    call.join({ name: chosen, ...(needsPassword ? { password } : {}) });
  };

  useEffect(() => {
    if (passwordFault) document.getElementById("green-password")?.focus();
  }, [passwordFault]);

  const joinWithout = () => {
    call.local.stopAll();
    join();
  };

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    join();
  };

  return (
    <div className="page">
      <PageHead />
      <main className="wrap green" id="main">
        <section aria-label={t("green.preview")}>
          <Preview name={name.trim()} />
          <GreenControls />
          <Devices />
        </section>
        <div className="ready">
          {preview ? (
            <p className="muted small host">{t("green.hostedBy", { name: preview.host_name })}</p>
          ) : null}
          <h1 ref={heading} tabIndex={-1}>
            {preview?.title ?? call.boot.title}
          </h1>
          {preview?.inside ? <Inside people={preview.inside} /> : null}
          {preview && !preview.inside && preview.is_on ? (
            <p className="small muted">{t("green.isOn")}</p>
          ) : null}
          {hasFailed ? (
            <p className="banner notice" role="status">
              <Icon name="warning" />
              <span>{t("green.loadFailed")}</span>
            </p>
          ) : null}
          {refusal === "sign_in_required" ? <SignIn /> : null}
          <Stopped refusal={refusal} />
          {isShut ? null : (
            <form className="stack" onSubmit={submit} noValidate>
              <div className="field">
                <label htmlFor="green-name">{t("green.name")}</label>
                <input
                  className="input"
                  id="green-name"
                  value={name}
                  maxLength={80}
                  autoComplete="name"
                  aria-describedby="green-name-help"
                  aria-invalid={isNameMissing}
                  onChange={(event) => {
                    setName(event.target.value);
                    setNameMissing(false);
                  }}
                />
                {isNameMissing ? (
                  <p className="error" id="green-name-help" role="alert">
                    <Icon name="warning" />
                    {t("green.name.missing")}
                  </p>
                ) : (
                  <p className="help" id="green-name-help">
                    {t("green.name.help")}
                  </p>
                )}
              </div>
              {needsPassword ? (
                <PasswordField value={password} fault={passwordFault} onChange={setPassword} />
              ) : null}
              {preview?.waits ? (
                <p className="banner notice">
                  <Icon name="door" />
                  <span>{t("green.waits")}</span>
                </p>
              ) : null}
              <button
                className="btn primary lg wide"
                type="submit"
                aria-busy={isJoining}
                disabled={isJoining || mustWait}
                aria-describedby={mustWait ? "green-stopped" : undefined}
              >
                {isJoining ? <span className="spin" aria-hidden="true" /> : null}
                {isJoining ? t("green.joining") : t(preview?.waits ? "green.ask.join" : "green.join")}
              </button>
              {isJoining || mustWait ? null : (
                <button className="btn quiet wide" type="button" onClick={joinWithout}>
                  {t("green.joinWithout")}
                </button>
              )}
              {isJoining && phase.isTakingLong ? (
                <p className="banner notice" role="status">
                  <Icon name="hourglass" />
                  <span>{t("say.reconnecting")}</span>
                </p>
              ) : null}
            </form>
          )}
        </div>
      </main>
      <Problems onJoinWithout={join} />
    </div>
  );
}

function SignIn() {
  const { call, t } = useCall();
  return (
    <div className="stack">
      <div className="banner notice">
        <Icon name="info" />
        <span>
          <strong>{t("green.signIn.title")}</strong> {t("green.signIn.body")}
        </span>
      </div>
      <a className="btn primary lg wide" href={call.boot.urls.sign_in}>
        {t("green.signIn.action")}
      </a>
    </div>
  );
}
