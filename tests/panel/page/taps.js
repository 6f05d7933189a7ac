// Tap the tempo so many times, so many ms apart: fingers come down, whenever the page is looked at.
async ([count, apart]) => {
  const tap = document.querySelector('[data-address="/tap"]');
  for (let time = 0; time < count; time += 1) {
    tap.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, cancelable: true }));
    await new Promise((done) => setTimeout(done, apart));
  }
}
