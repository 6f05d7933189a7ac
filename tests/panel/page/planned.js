// Pitches of the notes that are planned from the next bar line on.
() => {
  const here = livegan.clock.step();
  const line = 96 * Math.ceil(here / 96);
  const notes = [...livegan.music.notes(here)].filter((note) => note.start >= line);
  return notes.map((note) => note.pitch).sort((one, other) => one - other);
}
