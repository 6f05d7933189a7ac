// What a finger has to meet and is narrower than this many pixels.
(least) => [...document.querySelectorAll('button, select, [role=slider]')]
  .filter((node) => node.offsetParent && getComputedStyle(node).visibility === 'visible' && !node.closest('.corner'))
  .map((node) => [node.ariaLabel || node.textContent, node.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < least)
  .map(([name, box]) => [name, box.width, box.height])
