// Words that all others use.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** Milliseconds since 1970. */
export type Time = number;

/** Stops listening, watching or trying. Calling it twice does nothing. */
export type Stop = () => void;
