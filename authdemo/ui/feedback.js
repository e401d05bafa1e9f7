import { useEffect, useRef, useState, useSyncExternalStore } from "react";

const PATIENCE = 6000;
const SILENCE = 8000;
const NONE = [];

let toasts = NONE;
let last = 0;
const listeners = new Set();
const timers = new Map();

const set = (next) => {
  toasts = next;
  listeners.forEach((listener) => listener());
};

const drop = (id) => {
  clearTimeout(timers.get(id));
  timers.delete(id);
  set(toasts.filter((toast) => toast.id !== id));
};

const wait = (id) => {
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(() => drop(id), PATIENCE));
};

const release = () => [...timers.keys()].forEach(wait);

/** Takes the keyboard from a toast that goes to the next one, or to the page's heading. */
const moveOn = () => {
  const toast = document.querySelector(".toast :focus-visible")?.closest(".toast");
  const next = toast?.nextElementSibling ?? toast?.previousElementSibling;
  if (toast) (next?.querySelector("button") ?? document.querySelector("h1"))?.focus();
};

/** Drops a toast, and lets the others go on: none hears the pointer or the focus leave this one. */
const dismiss = (id) => {
  release();
  moveOn();
  drop(id);
};

/** Shows a toast; one that says the same is replaced, so that screen readers say it again. */
const toast = (text) => {
  const id = ++last;
  toasts.filter((each) => each.text === text).forEach((each) => drop(each.id));
  set([...toasts, { id, text }]);
  wait(id);
};

/** The toasts on the screen; they wait while they are hovered or focused. */
export const useToasts = () => ({
  toasts: useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
    () => NONE,
  ),
  dismiss,
  hold: () => timers.forEach((timer) => clearTimeout(timer)),
  release,
});

/** Says a text when something comes true, but not if it was from the beginning. */
export const useToastWhen = (value, text) => {
  const before = useRef(value);
  useEffect(() => {
    if (value > before.current) toast(text);
    before.current = value;
  }, [value]);
};

/** Whether something is awaited for so long that a word about it is due. */
export const useOverdue = (value) => {
  const [isOverdue, setOverdue] = useState(false);
  useEffect(() => {
    if (value) return;
    const timer = setTimeout(() => setOverdue(true), SILENCE);
    return () => {
      clearTimeout(timer);
      setOverdue(false);
    };
  }, [value]);
  return isOverdue;
};

const GLOW = [{ backgroundColor: "var(--accent-soft)" }, { backgroundColor: "transparent" }];
const GLOW_MS = 1500;

/** The revision of a session that isn't known yet. */
const UNKNOWN = "0";

const glows = new WeakMap();

const glow = (field) => {
  if (!glows.has(field)) glows.set(field, field.animate(GLOW, GLOW_MS));
  glows.get(field).currentTime = 0;
  glows.get(field).play();
};

/** Has a value glow once when it changes, unless its reader prefers no motion. */
export const useGlow = () =>
  useEffect(() => {
    const shown = new WeakMap();
    const isQuiet = matchMedia("(prefers-reduced-motion: reduce)");
    const compare = () => {
      for (const field of document.querySelectorAll("[data-field], [data-live]")) {
        const [before, text] = [shown.get(field), field.textContent];
        shown.set(field, text);
        const isNews = before && before !== UNKNOWN && before !== text;
        if (isNews && !isQuiet.matches) glow(field);
      }
    };
    compare();
    let frame = 0;
    const observer = new MutationObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(compare);
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    };
  }, []);

let hasArrived = false;

/**
 * The field at which a page for a form begins: the first empty one. There is none where a keyboard
 * on the screen would cover the other ways to sign in.
 */
const firstField = () => {
  if (!matchMedia("(pointer: fine)").matches) return undefined;
  const fields = document.querySelectorAll(".narrow form input:not([type=hidden], [hidden])");
  return [...fields].find(({ value }) => !value);
};

/** Readers begin at a page's form, or after a link was followed at its heading. */
export const useArrival = () =>
  useEffect(() => {
    const isUntouched = hasArrived || document.activeElement === document.body;
    const start = isUntouched && (firstField() ?? (hasArrived && document.querySelector("h1")));
    if (start) start.focus();
    hasArrived = true;
  }, []);
