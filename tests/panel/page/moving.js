// How much moves: elements with a transition or an animation, and drawings of the roll in a second.
async () => {
  const styles = [...document.querySelectorAll('*')].map((node) => getComputedStyle(node));
  const lively = styles.filter((style) => parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none');
  const roll = document.querySelector('#roll canvas').getContext('2d');
  const begin = roll.setTransform.bind(roll);
  let drawings = 0;
  roll.setTransform = (...given) => {
    drawings += 1;
    begin(...given);
  };
  await new Promise((done) => setTimeout(done, 1000));
  return [lively.length, drawings];
}
