// One window: a page that shows the session with the unchanged `next-auth/react`.

import { parentPort, workerData } from "node:worker_threads";
import { JSDOM } from "jsdom";

const PATIENCE = 10_000;
const { origin, path = "/", provider = {}, hook } = workerData;

// --- The browser around the page. It has to stand before the client is imported.

const dom = new JSDOM('<div id="root"></div>', { url: new URL(path, origin), pretendToBeVisual: true });
const navigations = [];
const printed = [];
const awaited = new Map();
let count = 0;

// jsdom follows no links: where the client sends the window is noted instead.
const location = {
  get href() {
    return dom.window.location.href;
  },
  set href(url) {
    navigations.push(new URL(url, dom.window.location).href);
  },
  reload() {},
};

globalThis.window = new Proxy(dom.window, {
  get(target, name) {
    if (name === "location") return location;
    const value = target[name];
    return typeof value === "function" && !value.prototype ? value.bind(target) : value;
  },
});
globalThis.document = dom.window.document;
Object.defineProperty(globalThis, "navigator", { value: dom.window.navigator });

globalThis.fetch = async (url, options) => {
  const request = new Request(new URL(url, origin), options);
  const { response, failure } = await network({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  });
  if (failure) throw new TypeError(failure);
  return new Response(response.body || null, response);
};

for (const level of ["debug", "error", "info", "log", "warn"]) {
  console[level] = (...words) => printed.push(`${level}: ${words.join(" ")}`);
}

function network(request) {
  return new Promise((resolve) => {
    awaited.set(--count, resolve);
    parentPort.postMessage({ id: count, request });
  });
}

// --- The page.

const { createElement, useLayoutEffect } = await import("react");
const { createRoot } = await import("react-dom/client");
const client = await import("next-auth/react");

const root = createRoot(document.getElementById("root"));
const watchers = new Set();
let session;

function Page() {
  const shown = client.useSession(hook);
  useLayoutEffect(() => {
    session = shown;
    for (const look of watchers) look();
  });
  return null;
}

const view = () => ({ status: session.status, session: session.data ?? null });

function matches(wanted, found) {
  if (wanted === null || typeof wanted !== "object") return wanted === found;
  const has = (name) => matches(wanted[name], found?.[name]);
  return found !== null && Object.keys(wanted).every(has);
}

function shows(wanted) {
  return new Promise((resolve, reject) => {
    const stop = (settle, value) => {
      clearTimeout(timer);
      watchers.delete(look);
      settle(value);
    };
    const look = () => session && matches(wanted, view()) && stop(resolve, view());
    const late = () =>
      stop(reject, new Error(`It shows ${JSON.stringify(view())}, not ${JSON.stringify(wanted)}.`));
    const timer = setTimeout(late, PATIENCE);
    watchers.add(look);
    look();
  });
}

const { getProviders, getSession, signIn, signOut } = client;
const actions = {
  getProviders,
  getSession,
  signIn,
  signOut,
  shows,
  update: (...args) => session.update(...args),
  async mount() {
    root.render(createElement(client.SessionProvider, provider, createElement(Page)));
    await new Promise((resolve) => watchers.add(resolve));
    return view();
  },
  async comeBack() {
    document.dispatchEvent(new dom.window.Event("visibilitychange"));
  },
  async navigations() {
    return navigations.splice(0);
  },
  async printed() {
    return printed.splice(0);
  },
};

parentPort.on("message", async ({ id, command, response, failure }) => {
  if (!command) {
    awaited.get(id)({ response, failure });
    awaited.delete(id);
    return;
  }
  try {
    parentPort.postMessage({ id, result: await actions[command.do](...(command.args ?? [])) });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) });
  }
});
