// A small browser: windows that share one cookie jar and one network.
//
// It is driven by lines of JSON on stdin, `{"window": "a", "do": "signIn", "args": [...]}`,
// and answers each with one line, `{"result": ...}` or `{"error": "..."}`. A window is
// a thread (`window.mjs`), as a tab is, so each has its own unchanged `next-auth/react`
// and they reach each other by nothing but cookies and `BroadcastChannel`.

import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { CookieJar } from "tough-cookie";

const PATIENCE = 15_000;
const origin = process.argv[2];
const jar = new CookieJar();
const windows = new Map();
const sent = [];
let counted = () => {};

class Window {
  #asked = new Map();
  #broken = null;
  #count = 0;

  constructor(options) {
    this.worker = new Worker(new URL("window.mjs", import.meta.url), {
      workerData: { origin, ...options },
    });
    this.worker.on("message", (message) => this.#receive(message));
    this.worker.on("error", (error) => this.#fail(error));
  }

  ask(command) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      const late = () => reject(new Error(`No answer to ${JSON.stringify(command)}.`));
      const timer = setTimeout(late, PATIENCE);
      this.#asked.set(id, { resolve, reject, timer });
      this.worker.postMessage({ id, command });
    });
  }

  async #receive({ id, request, result, error }) {
    if (request) {
      this.worker.postMessage({ id, ...(await transmit(request)) });
      return;
    }
    const { resolve, reject, timer } = this.#asked.get(id);
    clearTimeout(timer);
    this.#asked.delete(id);
    error ? reject(new Error(error)) : resolve(result);
  }

  #fail(error) {
    this.#broken = error;
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#asked.clear();
  }
}

// Send a request as a browser does: with the jar's cookies and the headers no page can forge.
async function transmit({ method, url, headers, body }) {
  const own = { cookie: await jar.getCookieString(url), "sec-fetch-site": "same-origin" };
  if (method === "POST") own.origin = origin;
  const options = { method, headers: { ...headers, ...own }, redirect: "manual" };
  if (body) options.body = body;
  try {
    const response = await fetch(url, options);
    for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url);
    sent.push(`${method} ${new URL(url).pathname}`);
    counted();
    const visible = [...response.headers].filter(([header]) => header !== "set-cookie");
    return { response: { status: response.status, headers: visible, body: await response.text() } };
  } catch (error) {
    return { failure: String(error.cause ?? error) };
  }
}

// Follow a link or send a form, as when a whole page is loaded, to wherever that leads in the end.
async function visit({ url, form }) {
  const options = { redirect: "manual", headers: { cookie: await jar.getCookieString(url) } };
  if (form) Object.assign(options, { method: "POST", body: new URLSearchParams(form) });
  const response = await fetch(url, options);
  for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url);
  const next = response.headers.get("location");
  return next ? visit({ url: new URL(next, url).href }) : { url, body: await response.text() };
}

const own = {
  visit,
  async open({ window, options }) {
    windows.set(window, new Window(options));
    return windows.get(window).ask({ do: "mount" });
  },
  async cookies() {
    const cookies = await jar.getCookies(origin);
    return Object.fromEntries(cookies.map((cookie) => [cookie.key, cookie.value]));
  },
  // Wait until so many requests have been answered since the last time, and list them.
  requests({ count }) {
    return new Promise((resolve, reject) => {
      const stop = (settle, value) => {
        clearTimeout(timer);
        counted = () => {};
        settle(value);
      };
      const late = () => stop(reject, new Error(`Not ${count} requests, but ${sent.join(", ")}.`));
      const timer = setTimeout(late, PATIENCE);
      counted = () => sent.length >= count && stop(resolve, sent.splice(0));
      counted();
    });
  },
};

async function answer(line) {
  const command = JSON.parse(line);
  try {
    const does = own[command.do];
    const result = await (does ? does(command) : windows.get(command.window).ask(command));
    return { result };
  } catch (error) {
    return { error: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
process.exit();
