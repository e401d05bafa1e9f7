import { useEffect } from "react";

const onServer = typeof document === "undefined";

/** What the first script of the document has kept (http/pages/early.js). */
const early = onServer ? undefined : window.early;

/** Whether a plain form is on its way: it was sent before the page was live. */
export const isLeavingEarly = () => Boolean(early?.isLeaving);

/** What the server fills in on each request; the page's first render finds it there. */
export const requestValue = (name) => {
  if (onServer) return `{{request.${name}}}`;
  const filled = document.querySelector(`[data-request="${name}"]`);
  return filled?.value ?? filled?.textContent ?? "";
};

/** Types again what was typed into fields before React knew of them, or has filled meanwhile. */
const restoreTyped = () => {
  for (const [field, value] of early.typed) {
    if (!field.isConnected) continue;
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
    field.value = value ? "" : " "; // React compares with what it has seen last
    set.call(field, value); // past React
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
};

/** Sends the form that was sent too early. */
const sendAgain = () => {
  const { target: form, submitter: button } = early.sent ?? {};
  early.sent = null;
  button?.setAttribute("aria-busy", "false");
  if (form?.isConnected && !button?.disabled) form.requestSubmit(button);
};

/** Takes over what happened before the page was live. */
export const useEarlyInput = (isLive) => {
  useEffect(() => {
    if (early) setTimeout(restoreTyped); // after the render with the session
  }, []);
  useEffect(() => {
    if (!early) return;
    early.isLive = isLive;
    if (isLive) {
      restoreTyped();
      early.typed.clear();
      setTimeout(sendAgain);
    }
  }, [isLive]);
};
