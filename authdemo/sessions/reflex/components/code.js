import { useState } from "react";
import { OFFLINE, load, post } from "./session.js";

const IDLE = { pending: false, error: {} };

/** The form for the code of a second factor; the server has the sign-in that waits for it. */
export const useCode = () => {
  const [state, setState] = useState(IDLE);
  const submit = async (event) => {
    event.preventDefault();
    if (state.pending) return;
    setState({ pending: true, error: {} });
    const form = event.currentTarget;
    try {
      const headers = { "X-Auth-Return-Redirect": "1" };
      const { url } = await post("callback/credentials", Object.fromEntries(new FormData(form)), headers);
      load(new URL(url));
    } catch ({ facts = OFFLINE }) {
      if (facts.reason === "challenge") load(new URL(facts.url));
      else setState({ pending: false, error: facts });
      form.elements.code.select();
    }
  };
  return { ...state, submit };
};
