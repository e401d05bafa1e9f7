{
  const early = (window.early = { typed: new Map(), isLive: false });
  const note = ({ target }) => early.isLive || early.typed.set(target, target.value);
  const hold = (event) => {
    if (early.isLive) return;
    event.stopImmediatePropagation();
    early.isLeaving = event.target.hasAttribute("action");
    if (early.isLeaving) return;
    event.preventDefault();
    early.sent = event;
    event.submitter?.setAttribute("aria-busy", "true");
  };
  addEventListener("input", note, true);
  addEventListener("submit", hold, true);
}
