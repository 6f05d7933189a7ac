// From now on, gather how far things jump (the layout shifts that browsers measure).
() => {
  globalThis.jumps = [];
  const gather = (list) => jumps.push(...list.getEntries().map((entry) => entry.value));
  new PerformanceObserver(gather).observe({ type: 'layout-shift' });
}
