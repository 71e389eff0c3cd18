/** Sounds made on the spot with WebAudio: nothing to load, nothing that the Content-Security-Policy has to allow. */

let context: AudioContext | null = null;

/**
 * Prepares the sound; call it inside a click or a key press, because browsers keep a page silent until then.
 */
export function allowSound(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

/** Two rising notes, twice: a new urgent conversation. */
export function playUrgent(): void {
  notes([[660, 0], [880, 0.16], [660, 0.5], [880, 0.66]], 0.22);
}

/** One short low note: a message in a conversation that is not on the screen. */
export function playMessage(): void {
  notes([[520, 0]], 0.08);
}

function notes(sequence: [hertz: number, after: number][], loudness: number): void {
  // Never prepared, or not (yet) allowed by the browser: the title and the icon still say it.
  if (context?.state !== "running") return;
  for (const [hertz, after] of sequence) {
    const start = context.currentTime + after;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(loudness, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.15);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.16);
  }
}
