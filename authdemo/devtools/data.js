import { useEffect, useRef, useState } from "react";
import env from "$/env.json";
import { getBackendURL } from "$/utils/state";
import {
  call,
  fetchCsrf,
  hint,
  HINTS,
  OFFLINE,
  post,
  useConfirmedSession,
  useRequest,
} from "../../sessions/reflex/components/assets/session.js";
import { common, store } from "../../sessions/reflex/components/assets/store.js";
import { currentLanguage } from "../../sessions/reflex/components/assets/i18n.js";
import { formatter } from "../../sessions/reflex/components/assets/time.js";
import { say, texts } from "./words.js";

export { say, texts };

export const causeText = say("cause");

export const claimText = (name) => {
  const text = say("claim")(name);
  return text === name ? say("claim")("other") : text;
};

export const asText = (value) =>
  value == null ? "" : typeof value === "string" ? value : JSON.stringify(value);

export const api = (path) => new URL(`/api/auth/${path}`, getBackendURL(env.PING)).href;

/** The newest of values that may change many times a frame, and once in each. */
export const useFramed = (values) => {
  const [shown, show] = useState(values);
  const newest = useRef(values);
  newest.current = values;
  useEffect(() => {
    const frame = requestAnimationFrame(() => show(newest.current));
    return () => cancelAnimationFrame(frame);
  }, Object.values(values));
  return shown;
};

/* Time */

const clock = store(0);

const tick = () => clock.set(Math.floor(Date.now() / 1000));

const useTicks = common(() => {
  tick();
  const timer = setInterval(tick, 1000);
  return () => clearInterval(timer);
});

export const useNow = () => {
  useTicks();
  return clock.use();
};

export const iso = (moment) => (moment ? new Date(moment * 1000).toISOString() : "");

const formatted = (options) => (moment) =>
  moment ? formatter("DateTimeFormat", options).format(moment * 1000) : "";

export const localTime = formatted({ dateStyle: "medium", timeStyle: "medium" });

export const shortTime = formatted({ timeStyle: "medium" });

const TICKS = [
  [1, formatted({ second: "2-digit", fractionalSecondDigits: 3 })],
  [20, formatted({ minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 })],
  [3600, shortTime],
  [86400, formatted({ timeStyle: "short" })],
  [Infinity, formatted({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" })],
];

/** A moment on the axis of a span of so many seconds. */
export const tickTime = (moment, span) => TICKS.find(([size]) => span <= size)[1](moment);

/** The time that is left until a moment, counted down. */
export const useCountdown = (moment) => {
  const now = useNow();
  const left = now && moment ? Math.max(0, moment - now) : 0;
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  const rest = [(left / 3600) % 24, (left / 60) % 60, left % 60].map(pad).join(":");
  const days = Math.floor(left / 86400);
  return days ? say("token_details")("days", { days, clock: rest }) : rest;
};

/* The token, as the browser has it */

const UNREAD = { header: {}, claims: {}, size: 0, limit: 0, cookie: { name: "", attributes: [] } };
const RETRY = 5000;

const inspection = store(UNREAD);
const misses = store(0);
let reading;
let isOutdated = false;

/** Reads the token, by one request at a time: one more serves all that ask meanwhile. */
const readToken = () => {
  isOutdated = true;
  reading ??= readAgain();
  return reading;
};

const readAgain = async () => {
  while (isOutdated) {
    isOutdated = false;
    const answer = await call("token").catch(() => null);
    if (answer) inspection.set(answer);
    else setTimeout(() => misses.set(misses.get() + 1), RETRY);
  }
  reading = undefined;
};

let readFor = "";

/** What the token in the cookie says, read again whenever it may be another one, or wasn't read. */
export const useInspection = ({ status, rev, expires }) => {
  const missed = misses.use();
  useEffect(() => {
    const reason = `${rev} ${expires} ${missed}`;
    if (status !== "authenticated" || readFor === reason) return;
    readFor = reason;
    readToken();
  }, [status, rev, expires, missed]);
  return inspection.use();
};

/* Three representations */

const NEVER = { rev: 0, user: null };
const json = store(NEVER);
const lag = store({ rev: 0, since: 0, took: null });

/** Has all tabs that look at the session ask for its JSON. */
export const readJson = hint;

/** Asks for the session in JSON, which brings the cookie up to date, and for what that says. */
const look = async () => {
  const tokenRead = reading ?? readToken();
  const answer = await call("session").catch(() => null);
  if (!answer) return;
  json.set(answer);
  await tokenRead;
  if (inspection.get().claims.rev < answer.rev) readToken();
};

const useHints = common(() => {
  const channel = new BroadcastChannel(HINTS);
  channel.onmessage = look;
  return () => channel.close();
});

/** Looks once a user is signed in, and again when a tab gives a hint. */
const useLook = ({ status }) => {
  useHints();
  useEffect(() => {
    if (status === "authenticated") look();
  }, [status]);
};

/** Since when the cookie is behind the session, or how long it was. */
const useLag = (rev, tokenRev) => {
  useEffect(() => {
    const { since, rev: awaited } = lag.get();
    if (rev > tokenRev && tokenRev && awaited !== rev) {
      lag.set({ rev, since: performance.now(), took: null });
    }
    if (rev <= tokenRev && since) {
      lag.set({ rev: awaited, since: 0, took: Math.round(performance.now() - since) });
    }
  }, [rev, tokenRev]);
  return lag.use();
};

const fieldsOf = ({ user, rev, expires }) => (user ? { ...user, rev, expires } : {});

/** View, JSON and token side by side: their fields, and how far each is behind. */
export const useRepresentations = (view) => {
  const session = useConfirmedSession(view);
  const { answer } = useRequest();
  const { claims } = useInspection(session);
  const read = json.use();
  const { took } = useLag(session.rev, claims.rev);
  useLook(session);
  const newest = answer?.user?.id === read.user?.id && answer?.rev > read.rev ? answer : read;
  const representation = (source) => ({
    rev: source.rev ?? 0,
    fields: fieldsOf(source),
    behind: source.rev ? Math.max(0, session.rev - source.rev) : 0,
  });
  return {
    session,
    took,
    view: representation(session),
    json: representation(newest),
    token: representation({ ...claims, expires: iso(claims.exp) }),
  };
};

/* When a change arrives in each of them */

const CLICK_COUNTS_MS = 1000;

let clickedAt = -Infinity;

const noteClick = () => {
  clickedAt = performance.now();
};

const useClicks = common(() => {
  for (const kind of ["click", "keydown"]) window.addEventListener(kind, noteClick, true);
  return () => {
    for (const kind of ["click", "keydown"]) window.removeEventListener(kind, noteClick, true);
  };
});

let arrived = 0;

const MAX_STARTS = 200;
const starts = new Map();

/** When a revision began: by the click that made it in this tab, or as it arrived first. */
const startOf = (rev, now) => {
  if (!starts.has(rev)) {
    starts.set(rev, now - clickedAt < CLICK_COUNTS_MS ? clickedAt : now);
    if (starts.size > MAX_STARTS) starts.delete(starts.keys().next().value);
  }
  return starts.get(rev);
};

/** The fields that changed last in each representation, with the milliseconds that it took. */
export const useArrivals = (representations) => {
  useClicks();
  const before = useRef({});
  const [arrivals, setArrivals] = useState({});
  useEffect(() => {
    const now = performance.now();
    const found = {};
    for (const [name, { fields, rev }] of Object.entries(representations)) {
      const old = before.current[name];
      before.current[name] = fields;
      if (!old?.id || old.id !== fields.id) continue;
      for (const field of Object.keys({ ...old, ...fields })) {
        if (asText(old[field]) === asText(fields[field])) continue;
        arrived += 1;
        const arrival = { ms: Math.round(now - startOf(rev, now)), count: arrived };
        found[`${name}.${field}`] = found[name] = arrival;
      }
    }
    if (Object.keys(found).length) setArrivals((others) => ({ ...others, ...found }));
  }, Object.values(representations).flatMap(({ fields }) => [fields.rev, fields.expires]));
  return arrivals;
};

/* What happens to this tab, and to the tabs of the user: the record has no history of it */

const MAX_NOTES = 200;

export const notes = store([]);

let count = 0;

export const note = (cause, facts) => {
  const entry = { key: `note-${++count}`, at: Date.now() / 1000, cause, changes: [], ...facts };
  notes.set([entry, ...notes.get()].slice(0, MAX_NOTES));
};

const tabsOf = (sessions) =>
  new Map(sessions.flatMap(({ id, tabs, ...more }) => tabs.map((tab) => [tab, { id, tab, ...more }])));

/** Notes tabs that open and close, and sessions that end. */
export const useNotes = (sessions) => {
  const before = useRef([]);
  useEffect(() => {
    const old = before.current;
    before.current = sessions;
    if (!old.length || !sessions.length) return;
    const [opened, closed] = [tabsOf(sessions), tabsOf(old)];
    for (const [name, facts] of opened) if (!closed.has(name)) note("tab-opened", about(facts));
    for (const [name, facts] of closed) if (!opened.has(name)) note("tab-closed", about(facts));
    const active = new Set(sessions.map(({ id }) => id));
    for (const each of old) if (!active.has(each.id)) note("ended", about({ ...each, tab: "" }));
  }, [sessions]);
};

const about = ({ id, current, browser, system, ip, tab, actor }) => ({
  session: id,
  current,
  browser,
  system,
  ip,
  tab,
  actor,
});

/* Actions */

export const failure = store({});

/** Does something, and keeps why it failed, for the part that it was done in. */
export const attempt = async (part, act) => {
  failure.set({});
  try {
    return await act();
  } catch (error) {
    const facts = error.facts ?? OFFLINE;
    failure.set({ [part]: facts });
    note("rejected", { current: true, own: true, why: facts });
    return null;
  }
};

export const clientUpdate = (data) =>
  attempt("session", async () => {
    const answer = await post("session", data ? { data } : {});
    json.set(answer);
    readToken();
    return answer;
  });

export const endSessions = (part, which) => attempt(part, () => post("sessions/revoke", which));

export const rename = (id, name) => attempt("devices", () => post("sessions/rename", { id, name }));

export const signOut = () => attempt("session", () => post("signout", {}, { "X-Auth-Return-Redirect": "1" }));

const AWAY_MS = 2000;

let isDropped = false;

/** Has Reflex drop its socket, as when a page is left, and connect again as when it is back. */
export const dropConnection = () => {
  isDropped = true;
  note("dropped", { current: true, own: true });
  window.dispatchEvent(new Event("beforeunload"));
  setTimeout(() => document.dispatchEvent(new Event("visibilitychange")), AWAY_MS);
};

let watchers = 0;

/** Has the server push the sessions while a part is on the page, and again after a reconnect. */
export const useWatch = ({ isHydrated, onWatch, onLeave }) => {
  useEffect(() => {
    watchers += 1;
    return () => {
      watchers -= 1;
      if (!watchers) onLeave();
    };
  }, []);
  useEffect(() => {
    if (!isHydrated) return;
    if (isDropped) note("reconnected", { current: true, own: true });
    isDropped = false;
    onWatch(currentLanguage());
  }, [isHydrated]);
};

/** Has the first update be as fast as the others. */
export const useFastUpdates = () => {
  useEffect(() => {
    fetchCsrf().catch(() => {});
  }, []);
};

/* Revisions */

const picked = store({ from: "", to: "" });

export const usePicked = picked.use;

export const pick = (to, from = "") => picked.set({ from, to });

/** What differs between two steps of a session: the first old value, and the last new one. */
export const difference = (steps) => {
  const fields = new Map();
  for (const { field, old, new: next } of steps.flatMap((step) => step.changes)) {
    fields.set(field, { field, old: fields.has(field) ? fields.get(field).old : old, new: next });
  }
  return [...fields.values()].filter((each) => asText(each.old) !== asText(each.new));
};

/** The view as it was after a step: what later steps changed is taken back, the newest first. */
export const viewAt = (session, own, step) => {
  const { status, ...then } = { ...session, user: { ...session.user }, rev: step.rev };
  for (const { changes } of own.slice(own.indexOf(step) + 1).reverse()) {
    for (const { field, old } of changes) {
      if (field in then.user) then.user[field] = old;
      else if (field === "expires") then.expires = old;
    }
  }
  return then;
};

/* Copies */

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const SESSION_JSON = () =>
  `curl -b cookies.txt -c cookies.txt ${quoted(api("session"))}`;

/** A session, or an update of it, as a command; the cookies are in a file of the developer's. */
export const asCurl = (data) => {
  if (!data) return SESSION_JSON();
  const csrf = `TOKEN=$(curl -s -b cookies.txt -c cookies.txt ${quoted(api("csrf"))} | sed 's/.*:"\\(.*\\)".*/\\1/')`;
  const body = quoted(`{"csrfToken":"TOKEN","data":${JSON.stringify(data)}}`).replace(
    "TOKEN",
    `'"$TOKEN"'`,
  );
  return `${csrf}\ncurl -b cookies.txt -c cookies.txt -H 'Content-Type: application/json' -d ${body} ${quoted(api("session"))}`;
};

const python = (value) => {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`).join(", ")}}`;
};

/** A test that begins with this user, and makes this update. */
export const asTest = (user, model, data) => {
  const { module, name, fields } = model;
  const values = fields.filter((field) => field in user).map((field) => `${field}=${python(user[field])}`);
  const after = data ? [`    browser.update(${python(data)})`] : [];
  const expected = Object.entries(data ?? { id: user.id }).map(
    ([field, value]) => `    assert browser.session()["user"][${JSON.stringify(field)}] == ${python(value)}`,
  );
  return [
    `from ${module} import ${name.split(".")[0]}`,
    "",
    "",
    "def test_session(login_as):",
    `    browser = login_as(${name}(${values.join(", ")}))`,
    ...after,
    ...expected,
    "",
  ].join("\n");
};
