/** Numbers, durations and times as people read them. Durations are microseconds. */

const MINUTE_US = 60_000_000;
const integer = new Intl.NumberFormat("en");

/** Three significant digits with the fitting unit: `0 µs`, `12.3 ms`, `1.24 s`, `2 min 5 s`, `3 h 20 min`. */
export function duration(us: number): string {
  return us < 0 ? `−${positive(-us)}` : positive(us);
}

function positive(us: number): string {
  if (us >= 59_995_000) return long(Math.max(us, MINUTE_US));
  if (us >= 999_500) return `${three(us / 1e6)} s`;
  if (us >= 999.5) return `${three(us / 1e3)} ms`;
  return `${Number.isInteger(us) ? us : three(us)} µs`;
}

function long(us: number): string {
  const seconds = Math.round(us / 1e6);
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  const [size, name] = units[first] ?? [1, "s"];
  const second = units[first + 1];
  const whole = Math.floor(seconds / size);
  const rest = second ? Math.floor((seconds % size) / second[0]) : 0;
  return rest && second ? `${whole} ${name} ${rest} ${second[1]}` : `${whole} ${name}`;
}

function three(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-9));
  return value.toFixed(Math.min(digits, 2));
}

/** A whole number with separators. */
export function count(value: number): string {
  return integer.format(value);
}

/** A number in few characters: 950, 1.2k, 3.4M. */
export function compact(value: number): string {
  if (value < 10 && value % 1 !== 0) return value.toFixed(1);
  if (value < 999.5) return String(Math.round(value));
  const [size, unit] = value < 999_500 ? [1e3, "k"] : value < 999.5e6 ? [1e6, "M"] : [1e9, "G"];
  const scaled = value / (size as number);
  return `${scaled < 9.95 ? scaled.toFixed(1).replace(/\.0$/, "") : Math.round(scaled)}${unit}`;
}

/** Requests in a minute: `12/min`, `0.4/min`, or by second above 600 a minute. */
export function rate(perMinute: number): string {
  if (perMinute >= 600) return `${compact(perMinute / 60)}/s`;
  if (perMinute > 0 && perMinute < 0.1) return "<0.1/min";
  return `${compact(perMinute)}/min`;
}

/** A share from 0 to 1 as per cent; never shows 0 % for something or 100 % for not all. */
export function percent(share: number): string {
  if (share <= 0) return "0 %";
  if (share >= 1) return "100 %";
  if (share < 0.001) return "<0.1 %";
  if (share < 0.0995) return `${(share * 100).toFixed(1).replace(/\.0$/, "")} %`;
  return `${Math.min(99, Math.round(share * 100))} %`;
}

export type Zone = "UTC" | undefined;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { ...options, ...(zone ? { timeZone: zone } : {}) });
    formats.set(key, found);
  }
  return found;
}

/** Clock time with milliseconds; the date before it when it is not today's. */
export function clock(us: number, zone: Zone, now: number): string {
  const date = new Date(us / 1000);
  const time = formatter(zone, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  }).format(date);
  return day(us, zone) === day(now, zone) ? time : `${day(us, zone)} ${time}`;
}

/** Day and month, with the year. */
export function day(us: number, zone: Zone): string {
  return formatter(zone, { day: "numeric", month: "short", year: "numeric" }).format(
    new Date(us / 1000),
  );
}

/** Day and time to the minute, for range labels. */
export function moment(us: number, zone: Zone): string {
  return formatter(zone, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(us / 1000));
}

/** Everything: date, time to the microsecond and zone, for titles. */
export function exact(us: number, zone: Zone): string {
  const date = new Date(us / 1000);
  const text = formatter(zone, { dateStyle: "medium", timeStyle: "medium" }).format(date);
  const fraction = String(((us % 1e6) + 1e6) % 1e6).padStart(6, "0");
  return `${text}.${fraction} ${offsetName(date, zone)}`;
}

/** `UTC` or `UTC+02:00`. */
export function offsetName(date: Date, zone: Zone): string {
  const minutes = zone === "UTC" ? 0 : -date.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const pad = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${pad(size / 60)}:${pad(size % 60)}`;
}

/** How long ago, in one unit: `just now`, `12 s ago`, `3 h ago`. */
export function ago(us: number, now: number): string {
  const seconds = Math.floor((now - us) / 1e6);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return `${days} ${days === 1 ? "day" : "days"} ago`;
}

/** `1 trace`, `2 traces`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
