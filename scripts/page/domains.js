// SPDX-License-Identifier: Apache-2.0
//
// domains.js: the list of domains, with search.

const BAD = ["enforce_fail", "enforce_degraded", "testing_fail", "invalid"];

/** A verdict as a word with a mark by its kind. */
function verdict(word) {
	const kind = word === "inconclusive" ? "unknown" :
		BAD.includes(word) ? "bad" : /_ok$/.test(word) ? "good" : "plain";
	const mark = {unknown: "?", bad: "✕", good: "✓", plain: "–"}[kind];
	return el(`span.verdict.${kind}`, {}, el("span.mark",
		{"aria-hidden": "true"}, mark), ` ${spaced(word || "–")}`);
}

/** The findings of a domain, worst first. */
function findingsOf(row) {
	return (row.findings || []).map((n) => data.domains.codes[n]).map((code) =>
		({code, ...finding(code)})).sort((a, b) =>
		SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** How many findings of each severity, as shapes with numbers. */
function tally(row) {
	const found = findingsOf(row);
	if (!found.length)
		return "–";
	return el("span.tally", {}, SEVERITIES.map((word) => {
		const n = found.filter((entry) => entry.severity === word).length;
		return n ? el(`span.severity.${word}`, {title: plural(n, word)},
			el("span.mark", {"aria-hidden": "true"}, MARKS[word]),
			el("span.hidden", {}, word), ` ${n}`) : null;
	}));
}

function listIntro() {
	const {of, rows, shown} = data.domains;
	if (shown === "all")
		return `All ${plural(of, "domain")} of the scan.`;
	if (shown === "named")
		return `${plural(rows.length, "domain")} chosen out of ${count(of)}.`;
	return `${plural(rows.length, "domain")} out of ${count(of)}: those in ` +
		"the worst state, and those asked for.";
}

function domainList() {
	const rows = data.domains.rows;
	if (!rows.length)
		return null;
	const chosen = {text: "", verdict: ""};
	const faults = (row) => findingsOf(row).reduce((sum, entry) => sum +
		({error: 10000, warning: 100, info: 1}[entry.severity] || 0), 0);
	const shown = table([
		{name: "Domain", kind: "wide", value: (row) => row.name,
			cell: (row) => domainName(row.name)},
		{name: "Rank", kind: "n", value: (row) => row.rank,
			cell: (row) => count(row.rank)},
		{name: "MTA-STS", value: (row) => row.sts,
			cell: (row) => verdict(row.sts)},
		{name: "Mode", value: (row) => (row.policy || {}).mode,
			cell: (row) => (row.policy || {}).mode || "–"},
		{name: "DANE", value: (row) => row.dane,
			cell: (row) => verdict(row.dane)},
		{name: "Findings", kind: "n", value: faults, cell: tally},
	], rows, {caption: "Domains", portion: 50, cards: true,
		empty: "No domain is like that."});
	const draw = () => shown.show(rows.filter((row) =>
		(!chosen.text || row.name.includes(chosen.text)) &&
		(!chosen.verdict || row.sts === chosen.verdict ||
			row.dane === chosen.verdict)));
	const seen = new Set(rows.flatMap((row) => [row.sts, row.dane]));
	return section("domains", "Domains", [listIntro(),
		"Each opens a page of its own."],
		el("div.filters", {},
			el("label.grow", {}, el("span.hidden", {}, "Search domains"),
				el("input", {type: "search", placeholder: "search a domain",
					autocapitalize: "none", spellcheck: "false",
					oninput: (event) => {
						chosen.text = event.target.value.trim().toLowerCase();
						draw();
					}})),
			el("label", {}, el("span.hidden", {}, "Verdict"), el("select", {
				onchange: (event) => {
					chosen.verdict = event.target.value;
					draw();
				}}, el("option", {value: ""}, "every verdict"),
			ORDER.filter((word) => seen.has(word)).map((word) =>
				el("option", {value: word}, spaced(word)))))),
		shown.node);
}
