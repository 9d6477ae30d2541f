import { isBoolean, setting } from "../../../../ui/settings.ts";

/** Enter sends and Shift Enter makes a new line; or the other way round. */
export const enterSends = setting("enterSends", true, isBoolean);
/** Most files of one message (the service takes 16 of them, in 8 KiB of addresses). */
export const mostFiles = 16;
