// How many texts are shown, and those that stand out from what is behind them less than asked for.
(least) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => under.map((value, at) => top[at] * top[3] + value * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((so, layer) => over(layer, so), [11, 13, 17]);
  };
  const texts = [...document.querySelectorAll('body *')].filter((node) => {
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
    if (!own && !['SELECT', 'INPUT'].includes(node.tagName)) return false;
    const { visibility, opacity } = getComputedStyle(node);
    const { width } = node.getBoundingClientRect();
    const seen = node.offsetParent && width > 1 && visibility === 'visible' && opacity !== '0';
    return seen && !node.disabled && !node.closest('svg, option');
  });
  const weak = texts.map((node) => {
    const back = behind(node);
    const front = over(rgba(getComputedStyle(node).color), back);
    const [dark, bright] = [light(front), light(back)].sort((one, other) => one - other);
    return [node.className || node.tagName, node.textContent.slice(0, 20), (bright + 0.05) / (dark + 0.05)];
  });
  return [texts.length, weak.filter(([, , ratio]) => ratio < least)];
}
