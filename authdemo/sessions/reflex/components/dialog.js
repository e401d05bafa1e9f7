/** Opens the dialog that stands behind a button; the browser keeps the focus in it. */
export const openDialog = (event) => event.currentTarget.nextElementSibling.showModal();

const isWithin = ({ left, right, top, bottom }, { clientX, clientY }) =>
  left <= clientX && clientX <= right && top <= clientY && clientY <= bottom;

/** Whether a press on a button leaves the dialog open, since a field of its form isn't valid. */
const isHeld = ({ type, form }) => type === "submit" && form && !form.checkValidity();

/** Closes a dialog after a press on one of its buttons, or beside it: not in its own margin. */
export const closeDialog = (event) => {
  const { target, currentTarget: dialog } = event;
  const isBeside = target === dialog && !isWithin(dialog.getBoundingClientRect(), event);
  const button = target.closest("button");
  if (isBeside || (button && !isHeld(button))) dialog.close();
};
