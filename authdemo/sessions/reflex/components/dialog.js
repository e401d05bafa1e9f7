/** Opens the dialog that stands behind a button; the browser keeps the focus in it. */
export const openDialog = (event) => event.currentTarget.nextElementSibling.showModal();

const isWithin = ({ left, right, top, bottom }, { clientX, clientY }) =>
  left <= clientX && clientX <= right && top <= clientY && clientY <= bottom;

/** Closes a dialog after a press on any of its buttons, or beside it: not in its own margin. */
export const closeDialog = (event) => {
  const { target, currentTarget: dialog } = event;
  const isBeside = target === dialog && !isWithin(dialog.getBoundingClientRect(), event);
  if (isBeside || target.closest("button")) dialog.close();
};
