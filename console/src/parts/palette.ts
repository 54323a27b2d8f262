/** The tokens as plain colours, for canvases. */

export const SERVICE_COLOURS = 16;

export interface Palette {
  page: string;
  surface: string;
  raised: string;
  hover: string;
  border: string;
  text: string;
  textSoft: string;
  textFaint: string;
  link: string;
  edge: string;
  ok: string;
  error: string;
  throttle: string;
  fault: string;
  unknown: string;
  services: string[];
}

/** Reads the tokens in effect now; call again when the theme changes. */
export function readPalette(): Palette {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette: Palette = {
    page: colour("page"),
    surface: colour("surface"),
    raised: colour("raised"),
    hover: colour("hover"),
    border: colour("border"),
    text: colour("text"),
    textSoft: colour("text-soft"),
    textFaint: colour("text-faint"),
    link: colour("link"),
    edge: colour("edge"),
    ok: colour("ok"),
    error: colour("error"),
    throttle: colour("throttle"),
    fault: colour("fault"),
    unknown: colour("unknown"),
    services: Array.from({ length: SERVICE_COLOURS }, (_, index) => colour(`service-${index}`)),
  };
  probe.remove();
  return palette;
}

/** Which of the service colours a name has: always the same one (FNV-1a). */
export function serviceColour(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 15;
  return (hash >>> 0) % SERVICE_COLOURS;
}

/** The token of a service's colour, for styles. */
export function serviceToken(name: string): string {
  return `var(--service-${serviceColour(name)})`;
}
