// How many cents the piano is off at some pitches: where a tone around the wanted one is strongest.
async (pitches) => {
  const { Orchestra } = await import('/js/sound/orchestra.js');
  const rate = 44100;
  const off = [];
  for (const pitch of pitches) {
    const context = new OfflineAudioContext(1, rate * 1.5, rate);
    const orchestra = new Orchestra(context, context.destination);
    await orchestra.player('piano').ready;
    orchestra.play('piano', { pitch, velocity: 100, at: 0, until: 1.4 });
    const wave = (await context.startRendering()).getChannelData(0).slice(8192);
    const wanted = 440 * 2 ** ((pitch - 69) / 12);
    const power = (frequency) => {
      let [re, im] = [0, 0];
      wave.forEach((value, at) => {
        const shape = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / wave.length);
        re += shape * value * Math.cos((2 * Math.PI * frequency * at) / rate);
        im += shape * value * Math.sin((2 * Math.PI * frequency * at) / rate);
      });
      return re * re + im * im;
    };
    const cents = Array.from({ length: 31 }, (_, place) => place * 4 - 60);
    const powers = cents.map((cent) => power(wanted * 2 ** (cent / 1200)));
    off.push(cents[powers.indexOf(Math.max(...powers))]);
  }
  return off;
}
