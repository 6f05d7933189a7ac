// What is used and has no name, and what has a value and no range.
() => {
  const all = (what) => [...document.querySelectorAll(what)];
  const used = all('button, select, input, [role=slider], [role=spinbutton], [role=meter]');
  const nameless = used.filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length));
  const rangeless = all('[role=slider], [role=spinbutton], [role=meter]').filter((node) => node.ariaValueMin === null || node.ariaValueMax === null);
  return [...nameless, ...rangeless].map((node) => node.outerHTML);
}
