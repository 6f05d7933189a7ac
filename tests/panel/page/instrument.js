// A family's note of half a second, rendered: its power before, while it sounds and long after, and its peak.
async (family) => {
  const { Orchestra } = await import('/js/sound/orchestra.js');
  const rate = 44100;
  const context = new OfflineAudioContext(1, rate * 4, rate);
  const orchestra = new Orchestra(context, context.destination);
  await orchestra.player(family).ready;
  const pitch = { drums: 38, bass: 36 }[family] ?? 60;
  orchestra.play(family, { pitch, velocity: 100, at: 0.15, until: 0.65 });
  const wave = (await context.startRendering()).getChannelData(0);
  const power = (from, to) => {
    const part = wave.slice(from * rate, to * rate);
    return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0) / part.length);
  };
  const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return [power(0, 0.14), power(0.15, 0.65), power(3, 4), peak];
}
