import { useEffect, useRef } from "react";

/** Milliseconds after which an offer gets a new challenge, before the server's own expires. */
const RENEWAL = 240000;

/** Loads what only those need who use a passkey. */
const run = async (...ceremony) => (await import("./webauthn.js")).run(...ceremony);

/** Whether the browser can offer passkeys in a field of a form. */
const canOffer = async () =>
  Boolean(await window.PublicKeyCredential?.isConditionalMediationAvailable?.());

/** Waits until the page is visible, since one in the background needs nothing. */
const whenVisible = (action) => {
  if (!document.hidden) return action();
  document.addEventListener("visibilitychange", () => whenVisible(action), { once: true });
};

/**
 * Runs the ceremonies that the server asks for while this page is open: one that an earlier page
 * of the tab began is stale. It shows nothing.
 */
export const PasskeyCeremony = ({ ceremony, signal, isLive, onOffer, onAnswer, onFail }) => {
  const handlers = useRef({});
  handlers.current = { onOffer, onAnswer, onFail };
  const challenge = ceremony.options?.challenge ?? "";
  const stale = useRef([challenge, signal.id]);
  if (!isLive) stale.current = [challenge, signal.id];
  const current = isLive && challenge !== stale.current[0] ? challenge : "";

  useEffect(() => {
    if (!isLive) return;
    const abort = new AbortController();
    const unlessAborted = (name) => (value) => abort.signal.aborted || handlers.current[name]?.(value);
    let timer;
    if (current) {
      const answered = run(ceremony, abort.signal).then(unlessAborted("onAnswer"));
      if (ceremony.kind === "offer") {
        answered.catch(() => {});
        timer = setTimeout(() => whenVisible(unlessAborted("onOffer")), RENEWAL);
      } else {
        answered.catch((error) => unlessAborted("onFail")(error.name));
      }
    } else if (handlers.current.onOffer) {
      canOffer().then((can) => can && unlessAborted("onOffer")());
    }
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [isLive, current]);

  useEffect(() => {
    if (!isLive || !signal.id || signal.id === stale.current[1]) return;
    window.PublicKeyCredential?.[signal.method]?.(signal.options).catch(() => {});
  }, [isLive, signal.id]);

  return null;
};
