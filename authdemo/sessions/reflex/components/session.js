import { useEffect, useSyncExternalStore } from "react";
import env from "$/env.json";
import { getBackendURL, refs } from "$/utils/state";
import { isLeavingEarly } from "./early.js";
import "./storage.js";
import { store } from "./store.js";

const LOADING = { status: "loading", user: null, expires: null, rev: 0, amr: [], level: 0 };
const IDLE = { pending: false, error: {}, optimistic: null, answer: null, unchanged: 0 };
export const OFFLINE = { code: "Offline", message: "The server can't be reached. Try again." };

/** Milliseconds that the server has to answer. */
const TIMEOUT = 15000;

/** Milliseconds that a plain form, or a provider, has to load another page. */
const GRACE = 3000;

/** The longest callback URL that the server accepts. */
const MAX_ADDRESS = 8192;

const onServer = typeof document === "undefined";
const never = () => () => {};

let seed;

/** The session that the server put into this document, if the server rendered it. */
const readSeed = () => {
  if (seed === undefined) {
    const element = document.getElementById("session-data");
    const session = JSON.parse(element?.textContent ?? "null");
    const none = element ? { ...LOADING, status: "unauthenticated" } : LOADING;
    seed = session ? { status: "authenticated", ...session } : none;
  }
  return seed;
};

/** The session as the server last sent it: the live one, or until it arrives the document's. */
export const useConfirmedSession = (view) => {
  const rendered = useSyncExternalStore(never, readSeed, () => LOADING);
  return view.status === "loading" ? rendered : view;
};

/** Whether the response to an update is newer than a session, pushed or of another response. */
const isNewer = (answer, session) =>
  answer?.user && answer.user.id === session.user?.id && answer.rev > session.rev;

/** The newest session that this tab knows: a response to its own update may precede the push. */
export const useKnownSession = (view) => {
  const confirmed = useConfirmedSession(view);
  const { answer } = useRequest();
  return isNewer(answer, confirmed) ? { ...confirmed, ...answer } : confirmed;
};

/** The session, with the changes of updates that are pending. */
export const useSession = (view) => {
  const session = useKnownSession(view);
  const { optimistic } = useRequest();
  if (!optimistic || !session.user) return session;
  return { ...session, user: { ...session.user, ...optimistic } };
};

/** A value of the session: filled in by the server on each request, live afterwards. */
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

/** Whether this tab has a pending request, and why the last one failed. */
export const useRequest = request.use;

/** An error response, with its JSON. */
class Rejected extends Error {
  constructor(facts) {
    super(facts.message);
    this.facts = facts;
  }
}

export const call = async (path, body, headers) => {
  const response = await fetch(new URL(`/api/auth/${path}`, getBackendURL(env.PING)), {
    credentials: "include",
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT),
    ...(body && {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    }),
  });
  if (response.ok && !response.headers.get("Content-Type")?.includes("json")) {
    console.error(`${response.url} doesn't reach the app: let the proxy pass /api/auth/* to it.`);
  }
  const answer = await response.json();
  if (!response.ok) throw answer.code ? new Rejected(answer) : new Error(response.status);
  return answer;
};

/** The channel on which tabs ask those that show the cookie to read it again. */
export const HINTS = "authdemo.hints";

const hints = onServer ? null : new BroadcastChannel(HINTS);

export const hint = () => hints.postMessage(null);

let tab = "";

let csrf;

/** Fetches this browser's CSRF token, so that the first request needn't wait for it. */
export const fetchCsrf = async () => {
  csrf ??= (await call("csrf")).csrfToken;
};

const postOnce = async (path, body, headers) => {
  await fetchCsrf();
  const named = { ...(tab && { "X-Auth-Tab": tab }), ...headers };
  return call(path, { ...body, csrfToken: csrf }, named);
};

/**
 * Post with this browser's CSRF token, or with a new one if the session has changed meanwhile: a
 * request that is rejected for its token has used up no ticket.
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

/** Keeps what the server has just answered, and has other tabs read it, too. */
const noteAnswer = (answer) => {
  if (answer && !isNewer(request.get().answer, answer)) note({ answer });
  hint();
};

/** The changes that each pending request asks for. */
const pendingChanges = new Set();

const note = (facts) => {
  const pending = pendingChanges.size > 0;
  const optimistic = pending ? Object.assign({}, ...pendingChanges) : null;
  request.set({ ...request.get(), pending, optimistic, ...facts });
};

/** Begin a request; the returned function ends it. */
const begin = (optimistic) => {
  const own = { ...optimistic };
  pendingChanges.add(own);
  note({ error: {} });
  return (facts) => {
    pendingChanges.delete(own);
    note(facts);
  };
};

/** Sends an update; `rev` is the revision that its sender sees. */
const send = async (path, data, rev, optimistic, headers) => {
  cleared = eventErrors;
  const end = begin(optimistic);
  try {
    const answer = await post(path, { data }, headers);
    const { answer: known, unchanged } = request.get();
    end({
      answer: isNewer(known, answer) ? known : answer,
      unchanged: unchanged + (answer.rev === rev),
    });
    return answer;
  } catch (error) {
    end({ error: error.facts ?? OFFLINE });
    return null;
  }
};

/** The client's update: what Auth.js's `update(data)` sends. */
export const update = (data, rev) => send("session", data, rev);

/**
 * An update of the user, whose other sessions follow. It is shown at once, and undone if the
 * session isn't at `rev` any more.
 */
export const updateUser = (rev, data) => send("user", data, rev, data, { "If-Match": `"${rev}"` });

/**
 * Go to a provider to sign in: what Auth.js's `signIn(provider)` does; to reauthenticate, what
 * `signIn(provider, {}, {prompt: "login"})` does.
 */
export const signInWith = async (provider, reauthenticate, remember) => {
  if (request.get().pending) return;
  const end = begin();
  const wanted = new URLSearchParams(window.location.search).get("callbackUrl") ?? "/";
  const forAuthjs = { "X-Auth-Return-Redirect": "1" };
  try {
    const path = `signin/${provider}${reauthenticate ? "?prompt=login" : ""}`;
    const { url } = await post(path, { callbackUrl: wanted, remember }, forAuthjs);
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

/** How many components of this page show failures; without any, a toast does. */
let showing = 0;

/** Why this tab's last update, or its last event, failed: the later of them counts. */
export const useFailure = (eventError, count) => {
  const { error, pending } = useRequest();
  useEffect(() => {
    showing += 1;
    return () => {
      showing -= 1;
    };
  }, []);
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

const SIGNED_OUT = "authdemo.signed-out";

let wasSignedIn = false;

/**
 * Says nothing of a session that the user ended here. Its cookie stays where another server serves
 * the pages, since none of its guards deletes it.
 */
const withoutOldNews = (url) => {
  if (!neighbours) return url;
  if (url.searchParams.get("error") !== "SessionRequired") {
    if (wasSignedIn) localStorage.setItem(SIGNED_OUT, "1");
  } else if (localStorage.getItem(SIGNED_OUT)) {
    url.searchParams.delete("error");
    url.searchParams.delete("code");
  }
  return url;
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
export const load = ({ pathname, search, hash }) => {
  const { location } = window;
  const path = `/${pathname.replace(/^\/+/, "")}${search}`;
  const isHere = path === location.pathname + location.search;
  location.replace(path + hash);
  if (hash && isHere) location.reload();
};

/** Whether a ticket or a code is on its way to the cookie; then another document is loaded. */
let isEntering = false;

export const setEntering = (value) => {
  isEntering = value;
};

/** Does for the server what only a browser can do: cookies and navigation. */
export const useSessionEffects = ({
  status,
  ticket,
  redirect_url,
  cookie_version,
  reloads,
  tab: name,
  event_error,
  event_error_count,
}) => {
  useEffect(() => {
    if (event_error.message && !showing) refs["__toast"]?.error(event_error.message);
  }, [event_error_count]);
  useEffect(() => {
    tab = name;
  }, [name]);
  useEffect(() => {
    if (!redirect_url) return;
    const leave = () => window.location.replace(withoutOldNews(wayOut(redirect_url)));
    if (!isLeaving && !isLeavingEarly()) return leave();
    const timer = setTimeout(leave, GRACE);
    return () => clearTimeout(timer);
  }, [redirect_url]);
  useEffect(() => {
    if (reloads && !isEntering) window.location.reload();
  }, [reloads]);
  useEffect(() => {
    if (!import.meta.env.DEV || status !== "loading") return undefined;
    const explain = () => import("./origin.js").then(({ explainOrigin }) => explainOrigin());
    const timer = setTimeout(explain, GRACE);
    return () => clearTimeout(timer);
  }, [status]);
  useEffect(() => {
    if (cookie_version) call("session").then(noteAnswer, () => {});
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
    if (!neighbours || status !== "authenticated") return;
    wasSignedIn = true;
    localStorage.removeItem(SIGNED_OUT);
  }, [status]);
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
