// Names of devices from what browsers say of themselves: enough to know one's own again.

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bFirefox\/(\d+)|\bFxiOS\/(\d+)/, "Firefox"],
  [/\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari|\bSafari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
];

/** "Chrome 141, Linux"; the text itself, cut, when nothing is known. */
export function deviceName(userAgent: string): string {
  if (!/\w\/\d/.test(userAgent)) return userAgent.slice(0, 60); // our own clients say it in words
  const found = browsers.map(([re, name]) => ({ m: re.exec(userAgent), name })).find((x) => x.m);
  const system = systems.find(([re]) => re.test(userAgent))?.[1];
  const version = found?.m?.slice(1).find(Boolean);
  const browser = found && (version ? `${found.name} ${version}` : found.name);
  const name = [browser, system].filter(Boolean).join(", ");
  return name || userAgent.slice(0, 60);
}

export function isPhone(userAgent: string): boolean {
  return /iPhone|Android|Mobile/.test(userAgent);
}
