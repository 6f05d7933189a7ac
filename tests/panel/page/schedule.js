// Bars and stops as they come at these ms, and what a schedule gives to a synth, at 150 beats a minute.
async ([plans, until]) => {
  const { Clock } = await import('/js/clock.js');
  const { Schedule } = await import('/js/sound/schedule.js');
  const clock = new Clock();
  clock.pong([0, 0], 0);
  clock.grid = { ms: 0, step: 0, bpm: 150, end_step: 0, end_bpm: 150, first_bar: 0 };
  const said = [];
  const give = (note) => {
    said.push(['note', Math.round(note.at), note.pitch]);
    return () => said.push(['end', note.pitch]);
  };
  const schedule = new Schedule(clock, 100, give, () => [0, 16]);
  for (let now = 0; now <= until; now += 20) {
    for (const [, plan] of plans.filter(([at]) => at === now)) {
      if (plan === 'stop') schedule.silence();
      else schedule.take(plan, now);
    }
    schedule.tick(now);
  }
  return said;
}
