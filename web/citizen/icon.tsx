const paths = {
  assistant: "M5 4h14a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-5l-5 4v-4H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 10.5h.01M12 10.5h.01M16 10.5h.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-3.6 3.9-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  exit: "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9",
  phone: "M6.5 3.5h3l1.5 4-2 1.5a12 12 0 0 0 6 6l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z",
  message: "M4 5h16v11H9l-5 4zM8 9.5h8M8 12.5h5",
  external: "M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4",
  privacy: "M3 3l18 18M10.6 6.2A9.6 9.6 0 0 1 12 6c5 0 8.5 4 9.5 6a15 15 0 0 1-2.7 3.5M6.2 7.7A14 14 0 0 0 2.5 12c1 2 4.5 6 9.5 6a9 9 0 0 0 4-.9M9.9 10a3 3 0 0 0 4.2 4.2",
  close: "M6 6l12 12M18 6 6 18",
  minus: "M6 12h12",
  down: "M12 5v14M5.5 12.5 12 19l6.5-6.5",
  alert: "M12 3.5 22 20.5H2zM12 10v4.5M12 17.5h.01",
} as const;

/** A decorative drawing: what it means stands beside it in words. */
export const Icon = ({ name }: { name: keyof typeof paths }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
