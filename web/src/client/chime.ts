// A quiet sound of two tones, made here: no file, no third party.
let audio: AudioContext | undefined;

/** Two soft tones, a third apart; higher when one is named. Silent until the person has pressed something, as browsers want it. */
export function chime(high = false): void {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") void audio.resume();
    const start = audio.currentTime + 0.02;
    const base = high ? 660 : 523.25;
    tone(audio, base, start, 0.09);
    tone(audio, base * 1.25, start + 0.09, 0.16);
  } catch {
    // No sound device: the screen still says it.
  }
}

function tone(on: AudioContext, hertz: number, at: number, seconds: number): void {
  const oscillator = on.createOscillator();
  const gain = on.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.06, at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
  oscillator.connect(gain).connect(on.destination);
  oscillator.start(at);
  oscillator.stop(at + seconds + 0.02);
}
