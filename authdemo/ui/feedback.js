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

const toast = (text) => {
  const id = ++last;
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
    if (value && value !== before.current) toast(text);
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

/** Has a value of the session glow once when it changes, unless its reader prefers no motion. */
export const useGlow = () =>
  useEffect(() => {
    const shown = new WeakMap();
    const isQuiet = matchMedia("(prefers-reduced-motion: reduce)");
    const compare = () => {
      for (const field of document.querySelectorAll("dd[data-field]")) {
        const [before, text] = [shown.get(field), field.textContent];
        shown.set(field, text);
        if (before && before !== text && !isQuiet.matches) field.animate(GLOW, GLOW_MS);
      }
    };
    compare();
    const observer = new MutationObserver(compare);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    return () => observer.disconnect();
  }, []);

let hasArrived = false;

/** After a link was followed, readers begin at the new page's heading. */
export const useArrival = () =>
  useEffect(() => {
    if (hasArrived) document.querySelector("h1")?.focus();
    hasArrived = true;
  }, []);
