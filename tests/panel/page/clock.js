// Where steps are heard, and when: [swung], [ms, and the step that is there] of many at once.
async ([swings, times]) => {
  const { swung, timeAt, stepAt } = await import('/js/clock.js');
  const timed = times.map(([grid, step]) => {
    const ms = timeAt(grid, step);
    return [ms, stepAt(grid, ms)];
  });
  return [swings.map((given) => swung(...given)), timed];
}
