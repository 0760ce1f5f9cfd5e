// Drawings that need no picture files: a QR code from its rows of 0 and 1, and three faces.

function shape(tag, properties = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Four modules of white around it, as readers need.
export function qrPicture(rows, label) {
  const size = rows.length + 8;
  let path = "";
  rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) path += `M${run.index + 4} ${y + 4}h${run[0].length}v1h-${run[0].length}z`;
  });
  return shape("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    shape("rect", { width: size, height: size, fill: "#fff" }), shape("path", { d: path, fill: "#000" }));
}

const mouths = { 1: "M14 34q10 -10 20 0", 2: "M14 31h20", 3: "M14 28q10 10 20 0" };

// 1 not, 2 half, 3 satisfied.
export function facePicture(face) {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 3, "stroke-linecap": "round" };
  return shape("svg", { class: "face", viewBox: "0 0 48 48", "aria-hidden": "true" },
    shape("circle", { cx: 24, cy: 24, r: 21, ...line }), shape("circle", { cx: 17, cy: 19, r: 3 }), shape("circle", { cx: 31, cy: 19, r: 3 }),
    shape("path", { d: mouths[face], ...line }));
}
