import { useEffect } from "react";
import { call, hint, HINTS, OFFLINE, post } from "../../sessions/reflex/components/assets/session.js";
import { store } from "../../sessions/reflex/components/assets/store.js";
import { currentLanguage, t, tDynamic } from "../../sessions/reflex/components/assets/i18n.js";

export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** An effect that components have in common: the first of them begins it, and the last ends it. */
const common = (begin) => {
  let users = 0;
  let end;
  const join = () => {
    if (++users === 1) end = begin();
    return () => {
      if (--users === 0) end();
    };
  };
  return () => useEffect(join, []);
};

/* Time */

const clock = store(0);

const tick = () => clock.set(Math.floor(Date.now() / 1000));

const useTicks = common(() => {
  tick();
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
});

const useNow = () => {
  useTicks();
  return clock.use();
};

const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const relative = (seconds) => {
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? STEPS.at(-1);
  const format = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "auto" });
  return format.format(Math.trunc(seconds / size), unit);
};

/** A moment as people say it: in 29 days, 5 minutes ago. */
export const useRelative = () => {
  const now = useNow();
  return (moment) => (now && moment ? relative(Math.round(moment - now)) : "");
};

export const localTime = (moment) =>
  moment ? new Date(moment * 1000).toLocaleString(currentLanguage()) : "";

const shortTime = (moment) => new Date(moment * 1000).toLocaleTimeString(currentLanguage());

/** The time that is left until a moment, counted down. */
export const useCountdown = (moment) => {
  const now = useNow();
  const left = now && moment ? Math.max(0, moment - now) : 0;
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  const rest = [(left / 3600) % 24, (left / 60) % 60, left % 60].map(pad).join(":");
  const days = Math.floor(left / 86400);
  return days ? t("token_details.days", { days, clock: rest }) : rest;
};

/* The token, as the browser has it */

const UNREAD = { header: {}, claims: {}, size: 0, limit: 0, rev: 0, cookie: { name: "", attributes: [] } };
const MOMENTS = ["iat", "nbf", "exp"];

const RETRY = 5000;

const inspection = store(UNREAD);
const misses = store(0);
let asked = 0;

const readToken = async () => {
  const mine = ++asked;
  const answer = await call("token").catch(() => null);
  if (mine !== asked) return;
  if (answer) inspection.set(answer);
  else setTimeout(() => misses.set(misses.get() + 1), RETRY);
};

let readFor = "";

/** What the token in the cookie says, read again whenever it may be another one, or wasn't read. */
export const useInspection = ({ status, rev }) => {
  const missed = misses.use();
  useEffect(() => {
    const reason = `${rev} ${missed}`;
    if (status !== "authenticated" || readFor === reason) return;
    readFor = reason;
    readToken();
  }, [status, rev, missed]);
  return inspection.use();
};

/** The token's claims, one after the other, with what each is for. */
export const claimsOf = (inspection) =>
  Object.entries(inspection.claims).map(([name, value]) => ({
    name,
    value: asText(value),
    moment: MOMENTS.includes(name) ? value : 0,
    meaning: tDynamic("claim", name, "other"),
  }));

/* Three representations */

const NEVER = { rev: 0, user: null };
const json = store(NEVER);
const lag = store({ rev: 0, since: 0, took: null });

/** Has all tabs that look at the session ask for its JSON. */
export const readJson = hint;

/** Asks for the session in JSON, which brings the cookie up to date, and for what that says. */
const look = async () => {
  const answer = await call("session").catch(() => null);
  if (!answer) return;
  json.set(answer);
  readToken();
};

/** Looks, and again when a tab gives a hint. */
const useHints = common(() => {
  const channel = new BroadcastChannel(HINTS);
  channel.onmessage = look;
  look();
  return () => channel.close();
});

/** Since when the cookie is behind the session, or how long it was. */
const useLag = (rev, tokenRev) => {
  useEffect(() => {
    const { since, rev: awaited } = lag.get();
    if (rev > tokenRev && tokenRev && awaited !== rev) lag.set({ rev, since: performance.now(), took: null });
    if (rev <= tokenRev && since) {
      lag.set({ rev: awaited, since: 0, took: Math.round(performance.now() - since) });
    }
  }, [rev, tokenRev]);
  return lag.use();
};

/** Token, JSON and view side by side: their revisions, and how far each is behind. */
export const useRepresentations = (session) => {
  const { claims } = useInspection(session);
  const answer = json.use();
  const { took } = useLag(session.rev, claims.rev);
  useHints();
  const representation = ({ rev, user }) => ({
    rev: rev ?? 0,
    name: user?.name ?? "",
    behind: rev ? Math.max(0, session.rev - rev) : 0,
  });
  return {
    token: representation(claims),
    json: representation(answer),
    view: representation(session),
    took: took ?? -1,
  };
};

/* Timeline */

const picked = store({ from: "", to: "" });

const label = (step) =>
  `${t("timeline.rev", { rev: step.rev })} · ${tDynamic("cause", step.cause)} · ${shortTime(step.at)}`;

const origin = ({ tab, browser, system, ip }, ownTab) => {
  const client = [browser, system, ip].filter(Boolean).join(" · ");
  if (!tab) return client;
  return `${t(tab === ownTab ? "timeline.this_tab" : "timeline.tab", { tab })} · ${client}`;
};

const valueText = (value) => (value == null ? "" : asText(value));

const textual = ({ field, old, new: next }) => ({ field, old: valueText(old), new: valueText(next) });

const entry = (step, ownTab, to) => ({
  ...step,
  cause: tDynamic("cause", step.cause),
  origin: origin(step, ownTab),
  changes: step.changes.map(textual),
  time: localTime(step.at),
  isPicked: step.key === to,
});

/** What differs between two steps of a session: the first old value, and the last new one. */
const difference = (steps) => {
  const fields = new Map();
  for (const { field, old, new: next } of steps.flatMap((step) => step.changes)) {
    fields.set(field, { field, old: fields.has(field) ? fields.get(field).old : old, new: next });
  }
  return [...fields.values()].filter((each) => asText(each.old) !== asText(each.new)).map(textual);
};

export const pick = (key) => picked.set({ from: "", to: key });

/** Which of the chart's dots a click was meant for. */
const nearestDot = ({ currentTarget, clientX }) => {
  const distances = [...currentTarget.querySelectorAll(".recharts-line-dot")].map((dot) => {
    const { left, right } = dot.getBoundingClientRect();
    return Math.abs((left + right) / 2 - clientX);
  });
  return distances.indexOf(Math.min(...distances));
};

/** The session's steps, and the two of them that are compared. */
export const useTimeline = (steps, ownTab) => {
  const choice = picked.use();
  const own = steps.filter((step) => step.current).reverse();
  const place = (key) => own.findIndex((step) => step.key === key);
  const end = place(choice.to);
  const start = choice.from ? place(choice.from) : end - 1;
  const [first, last] = start <= end ? [start, end] : [end, start];
  const known = end >= 0;
  return {
    entries: steps.map((step) => entry(step, ownTab, own[end]?.key)),
    options: own.map((step) => ({ key: step.key, label: label(step) })),
    points: own.map(({ key, at, rev }) => ({ key, at, rev })),
    isPicked: known,
    from: own[start]?.key ?? "",
    to: own[end]?.key ?? "",
    difference: known ? difference(own.slice(first + 1, last + 1)) : [],
    pickPoint: (event) => {
      const step = own[nearestDot(event)];
      if (step) pick(step.key);
    },
    pickFrom: (event) => picked.set({ ...choice, from: event.target.value }),
    pickTo: (event) => picked.set({ ...choice, to: event.target.value }),
  };
};

export const tickTime = shortTime;

/* Devices */

const ending = store({ pending: false, error: {} });

export const useEnding = ending.use;

/** Ends sessions: one by its id, the others, or all. */
export const endSessions = async (which) => {
  ending.set({ pending: true, error: {} });
  try {
    await post("sessions/revoke", which);
    ending.set({ pending: false, error: {} });
  } catch (error) {
    ending.set({ pending: false, error: error.facts ?? OFFLINE });
  }
  document.getElementById("devices-title")?.focus();
};

/** The sessions, as rows to show. */
export const devicesOf = (sessions, ownTab) =>
  sessions.map((session) => ({
    ...session,
    name: [session.browser, session.system].filter(Boolean).join(" · ") || t("devices.unknown"),
    tabs: session.tabs.map((name) => ({ name, isOwn: session.current && name === ownTab })),
    count: session.tabs.length,
  }));
