/** Where Callboard is under its host: nothing, or a path such as `/callboard`, of CALLBOARD_PUBLIC_URL. */

export const BASE = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** The path of the console's own that the browser shows, such as `/interviews`. */
export const currentPath = () => location.pathname.slice(BASE.length) || "/";
