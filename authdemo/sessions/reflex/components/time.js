import { createElement, useEffect } from "react";
import { currentLanguage, liveText } from "./i18n.js";
import { common, store } from "./store.js";

const MINUTE = 60;

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", MINUTE],
  ["second", 1],
];

/** The visitor's own variant of the page's language, such as en-GB. */
export const locale = () =>
  navigator.languages.find((tag) => tag.split("-")[0] === currentLanguage()) ?? currentLanguage();

const formats = new Map();

/** A formatter of `Intl` for the visitor, made once, since that takes about a millisecond. */
export const formatter = (kind, options) => {
  const key = JSON.stringify([kind, locale(), options]);
  if (!formats.has(key)) formats.set(key, new Intl[kind](locale(), options));
  return formats.get(key);
};

/** A number of seconds as people say it: in 29 days, 5 minutes ago. */
export const relative = (seconds) => {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  const count = Math.trunc(seconds / size);
  // "Next month" is one of the calendar; 30 days from now may be in this one.
  const numeric = count ? "always" : "auto";
  return formatter("RelativeTimeFormat", { numeric }).format(count, unit);
};

/** A date and a time of day as the visitor writes them. */
export const exact = (date, timeStyle = "short") =>
  formatter("DateTimeFormat", { dateStyle: "medium", timeStyle }).format(date);

const clock = store(0);

const tick = () => clock.set(Date.now());

/** Ticks each minute while a time is shown. */
const useMinutes = common(() => {
  tick();
  const timer = setInterval(tick, MINUTE * 1000);
  return () => clearInterval(timer);
});

const RelativeTime = ({ at }) => {
  useMinutes();
  useEffect(tick, [at]);
  const now = clock.use();
  if (!at || !now) return null;
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  const minutes = Math.trunc((date - now) / 1000 / MINUTE);
  const text = `${relative(minutes * MINUTE)} · ${exact(date)}`;
  return createElement("time", { dateTime: date.toISOString() }, liveText(text));
};

/** A moment, in ISO 8601 or in seconds since 1970: how long ago it was, and exactly. */
export const relativeTime = (at) => createElement(RelativeTime, { at });
