import { useEffect } from "react";
import { clearError, updateUser, useKnownSession, useRequest } from "./session.js";
import { store } from "./store.js";

const draft = store(null);
const saves = store(0);

const focus = (name) => document.getElementsByName(name)[0]?.focus();

const valuesOf = (user, names) => Object.fromEntries(names.map((name) => [name, user?.[name] ?? ""]));

/** Edits made while a save was pending: they are based on its response. */
const laterEdits = (before, { user, rev }, names) => {
  const edits = Object.entries(draft.get()?.mine ?? {});
  const mine = Object.fromEntries(edits.filter(([name, text]) => text !== before[name]));
  const began = valuesOf({ ...draft.get()?.began, ...before, ...user }, names);
  return Object.keys(mine).length ? { base: rev, began, mine } : null;
};

/**
 * A form for fields of the user. It follows the session until the user edits it. Edits are kept,
 * whatever happens to the session, and are sent with the revision that they are based on.
 */
export const useProfile = (view, names) => {
  const { user, rev } = useKnownSession(view);
  const { pending, error } = useRequest();
  const saved = valuesOf(user, names);
  const { base, began, mine } = draft.use() ?? { base: rev, began: saved, mine: {} };

  const edited = names.filter((name) => name in mine && mine[name] !== saved[name]);
  const isOvertaken = base > 0 && edited.some((name) => saved[name] !== began[name]);
  const isConflict = edited.length > 0 && (isOvertaken || error.code === "RevisionConflict");

  useEffect(() => {
    // What was typed before the session was known is based on the first one that is.
    if (base === 0 && rev > 0) draft.set({ base: rev, began: saved, mine });
  }, [base, rev]);

  useEffect(() => {
    if (error.field in mine) focus(error.field);
  }, [error]);

  const save = async (from) => {
    if (pending) return;
    const changes = Object.fromEntries(edited.map((name) => [name, mine[name]]));
    const answer = await updateUser(from, changes);
    if (!answer) return;
    draft.set(laterEdits(mine, answer, names));
    saves.set(saves.get() + (answer.rev > from));
  };

  return {
    values: { ...saved, ...mine },
    errors: error.field in mine ? { [error.field]: error } : {},
    error: error.field in mine || isConflict ? {} : error,
    conflicts: edited.map((name) => ({ name, theirs: saved[name], mine: mine[name] })),
    isConflict: isConflict && !pending,
    saved: saves.use(),
    isEdited: edited.length > 0,
    change: ({ target }) =>
      draft.set({
        base,
        began: { ...saved, ...began },
        mine: { ...mine, [target.name]: target.value },
      }),
    submit: () => save(base),
    keepTheirs: () => {
      draft.set(null);
      clearError();
    },
    saveMine: () => save(rev),
  };
};
