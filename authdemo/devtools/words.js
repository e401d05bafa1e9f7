import { t } from "../../sessions/reflex/components/assets/i18n.js";

/** The texts of an area. Their keys are put together here, so that no public page gets them. */
export const say = (area) => (name, values) => t([area, name].join("."), values);
