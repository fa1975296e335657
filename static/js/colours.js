// The stylesheet's colours for what draws on a canvas. A custom property keeps its light-dark() as text; the colour of an element
// that wears it is computed.

const probe = document.createElement("span");

export function ink(name) {
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export const onSchemeChange = (redraw) => matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
