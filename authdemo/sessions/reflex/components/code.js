import { OFFLINE, load, post, setEntering } from "./session.js";
import { store } from "./store.js";

const IDLE = { pending: false, isSent: false, error: {} };

const state = store(IDLE);

/** Sends the code of a second factor; the server has the sign-in that waits for it. */
const submit = async (event) => {
  event.preventDefault();
  event.stopPropagation();
  if (state.get().pending) return;
  state.set({ pending: true, isSent: true, error: {} });
  setEntering(true);
  const form = event.currentTarget;
  try {
    const headers = { "X-Auth-Return-Redirect": "1" };
    const fields = Object.fromEntries(new FormData(form));
    const { url } = await post("callback/credentials", fields, headers);
    load(new URL(url));
  } catch ({ facts = OFFLINE }) {
    if (facts.reason === "challenge") return load(new URL(facts.url));
    setEntering(false);
    state.set({ pending: false, isSent: true, error: facts });
    form.elements.code.select();
  }
};

export const useCode = () => ({ ...state.use(), submit });
