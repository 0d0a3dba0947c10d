// SPDX-License-Identifier: Apache-2.0
//
// charts.js: bars.  What is inconclusive is hatched in all of them, never
// drawn as "no".

/** The hatch that every chart refers to. */
function patterns() {
	return svg("svg", {width: 0, height: 0, class: "patterns",
		"aria-hidden": "true"},
		svg("defs", {},
			svg("pattern", {id: "hatch", width: 5, height: 5,
				patternUnits: "userSpaceOnUse",
				patternTransform: "rotate(45)"},
				svg("rect", {width: 5, height: 5, class: "hatch-ground"}),
				svg("rect", {width: 1.6, height: 5, class: "hatch-line"}))));
}

const at = (share) => `${(share * 100).toFixed(4)}%`;

/** Yes, no, unknown of one question, as a bar as wide as its place. */
function triBar(n, of, unknown, label = "", colour = "c1") {
	const all = (of || 0) + (unknown || 0);
	const said = `${label ? `${label}: ` : ""}${count(n)} of ${count(of)}` +
		`${unknown ? `, ${count(unknown)} inconclusive` : ""}`;
	const parts = [svg("rect", {class: "track", width: "100%",
		height: "100%", rx: 1})];
	if (all && unknown)
		parts.push(svg("rect", {x: at(of / all), width: at(unknown / all),
			height: "100%", fill: "url(#hatch)"}));
	// something is never drawn as nothing
	if (all && n)
		parts.push(svg("rect", {class: `fill ${colour}`, rx: 1,
			width: at(Math.max(n / all, 0.004)), height: "100%"}));
	return svg("svg", {class: "tri", role: "img", "aria-label": said},
		svg("title", {}, said), parts);
}

/** A share of a whole, for the cells of tables. */
function plainBar(share, label, colour) {
	return svg("svg", {class: "tri", role: "img", "aria-label": label},
		svg("title", {}, label),
		svg("rect", {class: "track", width: "100%", height: "100%", rx: 1}),
		share ? svg("rect", {class: `fill ${colour}`, rx: 1,
			fill: colour === "hatch" ? "url(#hatch)" : null,
			width: at(Math.max(share, 0.004)), height: "100%"}) : null);
}

/**
 * Parts of a whole side by side; parts are {label, n, colour}, and `hatch` as
 * colour marks what is not known.
 */
function stackedBar(title, parts) {
	const all = parts.reduce((sum, part) => sum + part.n, 0);
	const said = `${title}: ` + parts.filter((part) => part.n).map((part) =>
		`${part.label} ${count(part.n)}`).join(", ");
	let x = 0;
	const drawn = parts.filter((part) => part.n).map((part) => {
		const width = part.n / all;
		const rect = svg("rect", {x: at(x), width: at(width),
			height: "100%", class: `segment ${part.colour}`,
			fill: part.colour === "hatch" ? "url(#hatch)" : null},
			svg("title", {}, `${part.label}: ${count(part.n)} ` +
				`(${percent(width)})`));
		x += width;
		return rect;
	});
	return svg("svg", {class: "stack", role: "img", "aria-label": said},
		svg("title", {}, said), drawn);
}

/** What the colours of a stacked bar stand for, with the numbers. */
function legend(parts, of) {
	return el("ul.legend", {}, parts.map((part) => el("li", {},
		svg("svg", {class: "swatch", "aria-hidden": "true"},
			svg("rect", {width: "100%", height: "100%", rx: 2,
				class: part.colour,
				fill: part.colour === "hatch" ? "url(#hatch)" : null})),
		el("span.what", {}, el("b", {}, part.label),
			part.note ? el("small", {}, part.note) : null),
		el("span.n", {}, count(part.n)),
		el("span.share", {}, percent(shareOf(part.n, of))))));
}

/** A figure with a heading of its own. */
function figure(title, ...children) {
	return el("figure", {}, title ? el("h3", {}, title) : null, children);
}

/** Columns over classes in their order, with the number on each. */
function columns(title, rows) {
	const [width, height, foot, head] = [640, 210, 38, 22];
	const most = Math.max(1, ...rows.map((row) => row[1]));
	const all = rows.reduce((sum, row) => sum + row[1], 0);
	const step = width / rows.length;
	const drawn = rows.map(([label, n], i) => {
		const tall = n ? Math.max(2, (height - foot - head) * n / most) : 0;
		const middle = (i + 0.5) * step;
		const words = label.split(" ");
		const half = Math.ceil(words.length / 2);
		return svg("g", {}, svg("title", {}, `${label}: ${count(n)} ` +
			`(${percent(shareOf(n, all))})`),
			svg("rect", {class: "fill c1", x: i * step + step * 0.14,
				width: step * 0.72, y: height - foot - tall, height: tall,
				rx: 2}),
			svg("text", {class: "value", x: middle,
				y: height - foot - tall - 7}, count(n)),
			svg("text", {class: "tick", x: middle, y: height - foot + 16},
				words.slice(0, half).join(" ")),
			svg("text", {class: "tick", x: middle, y: height - foot + 31},
				words.slice(half).join(" ")));
	});
	return svg("svg", {class: "columns", viewBox: `0 0 ${width} ${height}`,
		role: "img", "aria-label": title}, svg("title", {}, title), drawn,
		svg("line", {class: "axis", x1: 0, x2: width, y1: height - foot,
			y2: height - foot}));
}

/** The same classes as rows, for narrow screens. */
function rowsOf(rows) {
	const all = rows.reduce((sum, row) => sum + row[1], 0);
	return el("ul.bars", {}, rows.map(([label, n, note]) => el("li", {},
		el("span.what", {}, label, note ? el("small", {}, note) : null),
		plainBar(shareOf(n, all), `${label}: ${count(n)}`, "c1"),
		el("span.n", {}, count(n)),
		el("span.share", {}, percent(shareOf(n, all))))));
}
