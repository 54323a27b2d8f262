/** Small line icons on a 20 × 20 grid, drawn with the text's colour. */

const PATHS = {
  map: "M4 6.5a2 2 0 1 0 0-.01M16 4.5a2 2 0 1 0 0-.01M16 15.5a2 2 0 1 0 0-.01M6 6.2l8-1.4M5.6 7.7l8.8 6.6",
  services: "M3 5h14M3 10h14M3 15h14M7 3.5v13",
  traces: "M3 5h8M6 10h9M9 15h8",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1 1-1.1 1.8M10 14.4v.1",
  sun: "M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4M10 2.5v1.4M10 16.1v1.4M2.5 10h1.4M16.1 10h1.4M4.7 4.7l1 1M14.3 14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1",
  moon: "M16.2 11.9A6.6 6.6 0 0 1 8.1 3.8a6.6 6.6 0 1 0 8.1 8.1Z",
  system: "M3.5 4.5h13v9h-13zM7.5 16.5h5M10 13.5v3",
  refresh: "M16 8.2A6.3 6.3 0 1 0 16.2 12M16.3 4.2v4.1h-4.1",
  clock: "M10 3.3a6.7 6.7 0 1 0 0 13.4 6.7 6.7 0 0 0 0-13.4M10 6.5V10l2.4 1.7",
  down: "M6 8l4 4 4-4",
  right: "M8 6l4 4-4 4",
  left: "M12 6l-4 4 4 4",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  search: "M9 4.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6M12.6 12.6 16 16",
  plus: "M10 4.5v11M4.5 10h11",
  minus: "M4.5 10h11",
  fit: "M7.5 3.5h-4v4M12.5 3.5h4v4M7.5 16.5h-4v-4M12.5 16.5h4v-4",
  zoomOut: "M3 10h14M6 7l-3 3 3 3M14 7l3 3-3 3",
  copy: "M7.5 7.5h8v8h-8zM4.5 12.5v-8h8",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  filter: "M3.5 5h13M6 10h8M8.5 15h3",
  focus: "M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M10 2.5v2.5M10 15v2.5M2.5 10H5M15 10h2.5",
  options: "M3.5 6h7M14.5 6h2M3.5 14h2M9.5 14h7M12.5 4v4M7.5 12v4",
  layout: "M3.5 4h4.5v4H3.5zM12 4h4.5v4H12zM12 12h4.5v4H12zM8 6h4M8 6c2 0 2 8 4 8",
  download: "M10 3.5v9M6.5 9.5 10 13l3.5-3.5M4 16.5h12",
  fault: "M10 3.2 17 16H3ZM10 8v3.6M10 13.7v.1",
  error: "M10 3.3a6.7 6.7 0 1 0 0 13.4 6.7 6.7 0 0 0 0-13.4M10 6.6v4.2M10 13.3v.1",
  throttle: "M4.3 14a6.7 6.7 0 1 1 11.4 0M10 11.5l3-4",
  ok: "M10 3.3a6.7 6.7 0 1 0 0 13.4 6.7 6.7 0 0 0 0-13.4M7 10.2l2.1 2.1L13 8",
  cloud: "M6 15.5a3.5 3.5 0 0 1-.3-7 4.6 4.6 0 0 1 8.8 1.2 2.9 2.9 0 0 1 .2 5.8Z",
  globe:
    "M10 3.3a6.7 6.7 0 1 0 0 13.4 6.7 6.7 0 0 0 0-13.4M3.3 10h13.4M10 3.3c-4 4-4 9.400 0 13.4M10 3.300c4 4 4 9.400 0 13.400",
  grip: "M8 5v.1M12 5v.1M8 10v.1M12 10v.1M8 15v.1M12 15v.1",
  broken:
    "M8.200 11.800l3.600-3.600M9 6.500l1.500-1.500a3.200 3.200 0 0 1 4.500 4.500L13.500 11M11 13.500 9.500 15A3.200 3.200 0 0 1 5 10.500L6.500 9M5 4l1.200 1.200M16 15l-1.200-1.200",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
