import { useEffect, useSyncExternalStore } from "react";
import env from "$/env.json";
import { getBackendURL } from "$/utils/state";
import "./storage.js";
import { store } from "./store.js";

const LOADING = { status: "loading", user: null, expires: null, rev: 0 };
const IDLE = { pending: false, error: {}, hoped: null, answer: null };
export const OFFLINE = { code: "Offline", message: "The server can't be reached. Try again." };

/** Milliseconds that the server has to answer. */
const PATIENCE = 15000;

/** Milliseconds that a plain form, or a provider, has to take the page elsewhere. */
const GRACE = 3000;

/** Characters of an address that the server leads a visitor back to. */
const MAX_ADDRESS = 8192;

const onServer = typeof document === "undefined";
const never = () => () => {};

let seed;

/** The session that the server put into this document, if the server rendered it. */
const readSeed = () => {
  if (seed === undefined) {
    const element = document.getElementById("session-data");
    const session = JSON.parse(element?.textContent ?? "null");
    const nobody = element ? { ...LOADING, status: "unauthenticated" } : LOADING;
    seed = session ? { status: "authenticated", ...session } : nobody;
  }
  return seed;
};

/** The session as the server says it is: the live one, and until that is there the document's. */
export const useConfirmedSession = (view) => {
  const rendered = useSyncExternalStore(never, readSeed, () => LOADING);
  return view.status === "loading" ? rendered : view;
};

/** Whether the answer to an update is ahead of the session, as pushed or as another answer has it. */
const isNewer = (answer, session) =>
  answer?.user && answer.user.id === session.user?.id && answer.rev > session.rev;

/** The session as this tab knows it to be: an answer to its own update may come before the push. */
export const useKnownSession = (view) => {
  const confirmed = useConfirmedSession(view);
  const { answer } = useRequest();
  return isNewer(answer, confirmed) ? { ...confirmed, ...answer } : confirmed;
};

/** The session, with what this tab hopes for while the server makes up its mind. */
export const useSession = (view) => {
  const session = useKnownSession(view);
  const { hoped } = useRequest();
  return hoped && session.user ? { ...session, user: { ...session.user, ...hoped } } : session;
};

/** A value of the session: put in by the server on each request, live afterwards. */
export const textOf = (view, path) => {
  if (onServer) return `{{session.${path}}}`;
  const session = view.status === "loading" ? readSeed() : view;
  const value = path.split(".").reduce((part, name) => part?.[name], session);
  return value == null ? "" : String(value);
};

/** Write the session to the console at load and after every change. */
export const useSessionLog = (view, label) => {
  const session = useSession(view);
  useEffect(() => {
    if (session.status === "authenticated") console.log(label, JSON.stringify(session));
  }, [session.status, session.user?.id, session.rev]);
};

const request = store(IDLE);

/** Whether this tab has something on its way, and why the last of it was refused. */
export const useRequest = request.use;

/** A refusal, with the facts that the server gave. */
class Refused extends Error {
  constructor(facts) {
    super(facts.message);
    this.facts = facts;
  }
}

export const call = async (path, body, headers) => {
  const response = await fetch(new URL(`/api/auth/${path}`, getBackendURL(env.PING)), {
    credentials: "include",
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
    ...(body && {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw answer.code ? new Refused(answer) : new Error(response.status);
  return answer;
};

/** On which this browser's tabs tell those that look at the cookie to read again, and not what. */
export const HINTS = "authdemo.hints";

const hints = onServer ? null : new BroadcastChannel(HINTS);

export const hint = () => hints.postMessage(null);

let tab = "";

let csrf;

const postOnce = async (path, body, headers) => {
  csrf ??= (await call("csrf")).csrfToken;
  const named = { ...(tab && { "X-Auth-Tab": tab }), ...headers };
  return call(path, { csrfToken: csrf, ...body }, named);
};

/**
 * Post with this browser's CSRF token, or with a new one if it has changed hands meanwhile: what
 * is refused for that has not been looked at, so that a ticket is still good.
 */
export const post = async (...request) => {
  try {
    return await postOnce(...request);
  } catch (error) {
    if (error.facts?.code !== "RequestRejected") throw error;
    csrf = undefined;
    return postOnce(...request);
  }
};

/** What is hoped for by each request that is on its way. */
const underway = new Set();

const note = (facts) => {
  const pending = underway.size > 0;
  const hoped = pending ? Object.assign({}, ...underway) : null;
  request.set({ ...request.get(), pending, hoped, ...facts });
};

/** Begin a request, and give what ends it. */
const begin = (hoped) => {
  const own = { ...hoped };
  underway.add(own);
  note({ error: {} });
  return (facts) => {
    underway.delete(own);
    note(facts);
  };
};

const send = async (data, hoped, headers) => {
  cleared = eventErrors;
  const end = begin(hoped);
  try {
    const answer = await post("session", { data }, headers);
    const { answer: known } = request.get();
    end({ answer: isNewer(known, answer) ? known : answer });
    return answer;
  } catch (error) {
    end({ error: error.facts ?? OFFLINE });
    return null;
  }
};

/** The client's update: what Auth.js's `update(data)` sends. */
export const update = (data) => send(data, null);

/** An update that is shown at once, and taken back if the session isn't at `rev` any more. */
export const updateFrom = (rev, data) => send(data, data, { "If-Match": `"${rev}"` });

/**
 * Go to a provider to sign in: what Auth.js's `signIn(provider)` does; to reauthenticate, what
 * `signIn(provider, {}, {prompt: "login"})` does.
 */
export const signInWith = async (provider, reauthenticate) => {
  if (request.get().pending) return;
  const end = begin();
  const wanted = new URLSearchParams(window.location.search).get("callbackUrl") ?? "/";
  const forAuthjs = { "X-Auth-Return-Redirect": "1" };
  try {
    const path = `signin/${provider}${reauthenticate ? "?prompt=login" : ""}`;
    const { url } = await post(path, { callbackUrl: wanted }, forAuthjs);
    window.location.assign(url);
    setTimeout(end, GRACE);
  } catch (error) {
    end({ error: error.facts ?? OFFLINE });
  }
};

/** Forget why the last update was rejected. */
export const clearError = () => note({ error: {} });

let eventErrors = 0;
let cleared = 0;

/** Why this tab's last update, or its last event, failed: the later of them counts. */
export const useFailure = (eventError, count) => {
  const { error, pending } = useRequest();
  useEffect(() => {
    if (count === eventErrors) return;
    eventErrors = count;
    if (!pending) clearError();
  }, [count]);
  return error.code || count === cleared ? error : eventError;
};

/**
 * Tells this browser's other tabs of a sign-in where the server can't: in development another
 * server serves the pages, so that the sockets of one browser have no cookie in common.
 */
const neighbours =
  onServer || document.getElementById("session-data")
    ? null
    : new BroadcastChannel("authdemo.sessions");

/** Has Reflex's uploads bring the cookie where they go to another origin: in development. */
const sendCookieAlong = (address) => {
  if (address.origin === window.location.origin) return;
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    open.call(this, method, url, ...rest);
    if (String(url) === address.href) this.withCredentials = true;
  };
};

if (!onServer) sendCookieAlong(getBackendURL(env.UPLOAD));

/** Whether the page is being left already: by a plain form, or for a closed page (guard.py). */
let isLeaving = false;

if (!onServer) {
  const note = ({ defaultPrevented }) => {
    if (defaultPrevented) return;
    isLeaving = true;
    setTimeout(() => {
      isLeaving = false;
    }, GRACE);
  };
  window.addEventListener("submit", note);
  window.addEventListener("authdemo-leave", note);
}

/** Adds a fragment, which no server sees, to the address that a page leads its visitor back to. */
const withFragment = (url, hash) => {
  const back = url.searchParams.get("callbackUrl") ?? "";
  const whole = back + hash.replaceAll("\\", "%5C");
  if (back && hash && !back.includes("#") && whole.length <= MAX_ADDRESS) {
    url.searchParams.set("callbackUrl", whole);
  }
  return url;
};

/** Where the server sends the tab; a page that leads back here leads to this very place. */
const wayOut = (address) => {
  const { pathname, search, hash, href } = window.location;
  const url = new URL(address, href);
  const leadsBack = url.searchParams.get("callbackUrl") === pathname + search;
  return leadsBack ? withFragment(url, hash) : url;
};

/** Takes over the fragment that a redirect to this page has left (RFC 9110, section 10.2.2). */
const adoptFragment = () => {
  const { href, search, hash } = window.location;
  const url = withFragment(new URL(href), hash);
  if (url.search === search) return;
  url.hash = "";
  window.history.replaceState(window.history.state, "", url);
};

if (!onServer) adoptFragment();

/** Goes to an address on this origin, by a new document even if only its fragment is another. */
const load = ({ pathname, search, hash }) => {
  const { location } = window;
  const path = `/${pathname.replace(/^\/+/, "")}${search}`;
  const isHere = path === location.pathname + location.search;
  location.replace(path + hash);
  if (hash && isHere) location.reload();
};

/** Whether a ticket is on its way to the cookie, after which another document is loaded. */
let isEntering = false;

/** Does for the server what only a browser can do: cookies and navigation. */
export const useSessionEffects = ({ status, ticket, redirect_url, cookie_version, reloads, tab: name }) => {
  useEffect(() => {
    tab = name;
  }, [name]);
  useEffect(() => {
    if (!redirect_url) return;
    const leave = () => window.location.replace(wayOut(redirect_url));
    if (!isLeaving) return leave();
    const timer = setTimeout(leave, GRACE);
    return () => clearTimeout(timer);
  }, [redirect_url]);
  useEffect(() => {
    if (reloads) window.location.reload();
  }, [reloads]);
  useEffect(() => {
    if (cookie_version) call("session").then(hint, () => {});
  }, [cookie_version]);
  useEffect(() => {
    if (!ticket || isEntering) return;
    isEntering = true;
    post("ticket", { ticket }).then(
      ({ url }) => {
        neighbours?.postMessage("sign-in");
        load(new URL(url));
      },
      ({ facts = OFFLINE }) => {
        const url = new URL(window.location.href);
        url.searchParams.set("error", facts.code);
        url.searchParams.delete("code");
        if (facts.reason) url.searchParams.set("code", facts.reason);
        load(url);
      },
    );
  }, [ticket]);
  useEffect(() => {
    if (!neighbours || status !== "unauthenticated") return;
    neighbours.onmessage = () => window.location.reload();
    return () => {
      neighbours.onmessage = null;
    };
  }, [status]);
  useEffect(() => {
    const refetch = (event) => event.persisted && window.location.reload();
    window.addEventListener("pageshow", refetch);
    return () => window.removeEventListener("pageshow", refetch);
  }, []);
};
