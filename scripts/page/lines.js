// SPDX-License-Identifier: Apache-2.0
//
// lines.js: shares along ranks or dates, as small charts beside each other.
// The hatched band is where the share may lie: were every inconclusive answer
// a no, or a yes.

/** A round number at or above a share, for the top of an axis. */
function ceiling(value) {
	if (value <= 0)
		return 0.01;
	const ten = 10 ** Math.floor(Math.log10(value));
	for (const step of [1, 2, 4, 5, 10]) {
		if (value <= step * ten * 1.0001)
			return Math.min(step * ten, 1);
	}
	return 1;
}

/** The path of a step line over points of {x0, x1, y}; gaps where y is null. */
function steps(points) {
	let path = "";
	let open = false;
	for (const point of points) {
		if (point.y === null) {
			open = false;
			continue;
		}
		path += `${open ? "L" : "M"}${point.x0.toFixed(1)} ` +
			`${point.y.toFixed(1)}H${point.x1.toFixed(1)}`;
		open = true;
	}
	return path;
}

/** The path of a straight line over the same points. */
function line(points) {
	return points.filter((point) => point.y !== null).map((point, i) =>
		`${i ? "L" : "M"}${point.middle.toFixed(1)} ${point.y.toFixed(1)}`)
		.join("");
}

/** An area between two borders, given as shares per point. */
function band(places, scale, isStep) {
	const known = places.filter((place) => place.high !== null);
	if (!known.some((place) => place.high > place.low))
		return "";
	const upper = [];
	const lower = [];
	for (const place of known) {
		const xs = isStep ? [place.x0, place.x1] : [place.middle];
		for (const x of xs) {
			upper.push(`${x.toFixed(1)} ${scale(place.high).toFixed(1)}`);
			lower.unshift(`${x.toFixed(1)} ${scale(place.low).toFixed(1)}`);
		}
	}
	return `M${upper.join("L")}L${lower.join("L")}Z`;
}

/** Values of a question at one place: [numerator, denominator, unknown]. */
function bounds(values) {
	const [n, of, unknown] = values || [0, 0, 0];
	const all = of + (unknown || 0);
	return {share: shareOf(n, of), low: all ? n / all : null,
		high: all ? (n + (unknown || 0)) / all : null};
}

/** Lines across the chart with their values at the left. */
function grid(top, scale, left, right) {
	return [0, top / 2, top].map((value) => svg("g", {class: "grid"},
		svg("line", {x1: left, x2: right, y1: scale(value),
			y2: scale(value), class: value ? "rule" : "axis"}),
		svg("text", {class: "tick left", x: left - 8, y: scale(value) + 4},
			`${+(value * 100).toPrecision(3)}${value === top ? " %" : ""}`)));
}

/**
 * One small chart.  places: [{label, values, x0, x1}] with x from 0 to 1;
 * ticks: [[x, text, anchor]].
 */
function lineChart(title, places, ticks, isStep) {
	const [width, height, left, right, head, foot] =
		[420, 190, 46, 410, 12, 28];
	const known = places.map((place) => ({...place, ...bounds(place.values)}));
	const top = ceiling(Math.max(...known.map((place) =>
		Math.max(place.share || 0, place.high || 0))));
	const x = (part) => left + part * (right - left);
	const y = (share) => height - foot - share / top * (height - foot - head);
	for (const place of known) {
		[place.x0, place.x1] = [x(place.x0), x(place.x1)];
		place.middle = (place.x0 + place.x1) / 2;
		place.y = place.share === null ? null : y(place.share);
	}
	const drawn = band(known, y, isStep);
	return svg("svg", {class: "lines", viewBox: `0 0 ${width} ${height}`,
		role: "img", "aria-label": title}, svg("title", {}, title),
		grid(top, y, left, right),
		drawn ? svg("path", {d: drawn, fill: "url(#hatch)"}) : null,
		svg("path", {class: "curve", d: isStep ? steps(known) : line(known)}),
		isStep ? null : known.filter((place) => place.y !== null).map(
			(place) => svg("circle", {class: "dot", cx: place.middle,
				cy: place.y, r: 3.5})),
		ticks.map(([where, text, anchor]) => svg("text", {
			class: `tick ${anchor}`, x: x(where), y: height - 8}, text)),
		known.map((place) => svg("rect", {class: "hover",
			x: isStep ? place.x0 : place.middle - 12,
			width: isStep ? Math.max(place.x1 - place.x0, 1) : 24,
			y: head, height: height - head - foot},
			svg("title", {}, `${place.label}: ${percent(place.share)} ` +
				`(${count((place.values || [])[0])} of ` +
				`${count((place.values || [])[1])}, ` +
				`${count((place.values || [])[2])} inconclusive)`))));
}

/** A chart below its name and its last or overall value. */
function panel(name, value, note, chart) {
	return el("figure.panel", {}, el("figcaption", {},
		el("b", {}, name), el("span.n", {}, value),
		note ? el("small", {}, note) : null), chart);
}
