// SPDX-License-Identifier: Apache-2.0
//
// changes.js: what earlier scans add to the page.

const SIGNS = {better: "▲", worse: "▼", neutral: "→"};
const GOOD = ["enforce_ok", "testing_ok"];
const ORDER = ["enforce_ok", "enforce_degraded", "enforce_fail", "testing_ok",
	"testing_fail", "invalid", "none", "inconclusive"];

/** Into a policy that holds is better, out of it worse; all else is neither. */
function tendency(from, to) {
	const [was, became] = [GOOD.includes(from), GOOD.includes(to)];
	if (was === became || [from, to].some((word) =>
		word === "inconclusive" || word.startsWith("(")))
		return "neutral";
	return became ? "better" : "worse";
}

/** Old verdicts downwards, new ones across. */
function matrix(title, cells) {
	const seen = new Set(cells.flatMap((cell) => [cell.from, cell.to]));
	const words = [...ORDER.filter((word) => seen.has(word)),
		...[...seen].filter((word) => !ORDER.includes(word)).sort()];
	const n = new Map(cells.map((cell) => [`${cell.from} ${cell.to}`,
		cell.domains]));
	const moved = cells.filter((cell) => cell.from !== cell.to)
		.reduce((sum, cell) => sum + cell.domains, 0);
	const all = cells.reduce((sum, cell) => sum + cell.domains, 0);
	return figure(title, el("p.note", {},
		`${count(moved)} of ${plural(all, "domain")} of both scans changed. ` +
		`${SIGNS.better} into a policy that holds, ${SIGNS.worse} out of it.`),
		el("div.scroll", {role: "region", tabindex: 0, "aria-label": title},
			el("table.matrix", {}, el("caption.hidden", {}, title),
				el("thead", {}, el("tr", {}, el("th", {scope: "col"},
					"old ↓ new →"), words.map((word) => el("th", {
					scope: "col"}, spaced(word))))),
				el("tbody", {}, words.map((from) => el("tr", {},
					el("th", {scope: "row"}, spaced(from)),
					words.map((to) => {
						const value = n.get(`${from} ${to}`) || 0;
						const how = from === to ? "same" :
							tendency(from, to);
						return el(`td.n.${value ? how : "nothing"}`, {},
							value ? [from === to || how === "neutral" ? "" :
								el("span.sign", {"aria-hidden": "true"},
									`${SIGNS[how]} `), count(value)] : "·");
					})))))));
}

/** Events since the last scan. */
function events(rows) {
	return table([
		{name: "Kind", value: (row) => Object.keys(SIGNS).indexOf(row.severity),
			cell: (row) => el(`span.event.${row.severity}`, {},
				el("span", {"aria-hidden": "true"},
					SIGNS[row.severity] || ""), ` ${row.severity}`)},
		{name: "Event", kind: "wide", value: (row) => row.event,
			cell: (row) => el("div.finding", {}, el("code", {}, row.event),
				el("p", {}, row.sentence), row.names.length ? el("p.examples",
					{}, "e.g. ", row.names.map((name, i) =>
						[i ? ", " : "", domainName(name)])) : null)},
		{name: "Most of them at", value: (row) => (row.by[0] || {}).name,
			cell: (row) => row.by.length ? el("ul.plain", {}, row.by.map(
				(by) => el("li", {}, el("span.name", {}, by.name),
					` ${count(by.events)}`))) : "–"},
		{name: "Events", kind: "n", value: (row) => row.events,
			cell: (row) => count(row.events)},
	], rows, {caption: "Events since the last scan", cards: true,
		empty: "Nothing changed."}).node;
}

function changed() {
	const found = data.changes;
	if (!found)
		return null;
	const titles = {verdict: "Verdicts of MTA-STS senders",
		verdict_dane: "Verdicts of DANE senders"};
	return section("changes", "What changed", ["Since " +
		`${day(found.old.started)}: ${count(found.domains.in_both)} domains ` +
		`are in both scans, ${count(found.domains.joined)} joined the list, ` +
		`${count(found.domains.left)} left it.`, "A look-up that failed in " +
		"either scan is never a change."],
		events(found.counts),
		Object.entries(found.matrices).map(([name, cells]) => cells.some(
			(cell) => cell.from !== cell.to) ? matrix(titles[name], cells) :
			null));
}

/** A line through all scans for each headline. */
function trend() {
	if (!data.trend || data.trend.length < 2)
		return null;
	const times = data.trend.map((point) => point.started || 0);
	const first = Math.min(...times);
	const span = Math.max(...times) - first;
	// a little room at both ends for the dots
	const x = (point, i) => 0.04 + 0.92 * (span ? ((point.started || 0) -
		first) / span : i / (data.trend.length - 1));
	const short = (ms) => ms ? new Date(ms).toISOString().slice(0, 10) : "–";
	const panels = HEADLINES.map(([item, name]) => {
		const places = data.trend.map((point, i) => ({
			values: point.items[item], label: day(point.started),
			x0: x(point, i), x1: x(point, i)}));
		const [n, of] = adoptionOf(item);
		const before = data.trend.at(-2).items[item] || [0, 0];
		const was = shareOf(before[0], before[1]);
		const change = was === null || !of ? null : (n / of - was) * 100;
		return panel(name, percent(shareOf(n, of)), change === null ? null :
			`${Math.abs(change) < 0.005 ? "±" : change > 0 ? "+" : "−"}` +
			`${Math.abs(change).toFixed(2)} points since the scan before`,
			lineChart(`${name}, over ${data.trend.length} scans`, places, [
				[0, short(first), "start"],
				[1, short(first + span), "end"]], false));
	});
	return section("trend", "Over time", `${data.trend.length} scans, from ` +
		`${day(first)} to ${day(first + span)}.`,
		el("div.panels", {}, panels));
}
