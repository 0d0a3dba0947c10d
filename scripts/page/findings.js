// SPDX-License-Identifier: Apache-2.0
//
// findings.js: the table of findings, and what it is filtered by.

function findingsTable() {
	const rows = data.findings.map((row) => ({...row, ...finding(row.code)}));
	const areas = [...new Set(rows.map((row) => row.area).filter(Boolean))]
		.sort();
	const chosen = {severity: "", area: "", text: ""};
	const most = Math.max(1, ...rows.map((row) => row.domains));
	const shown = table([
		{name: "Severity", value: (row) => SEVERITIES.indexOf(row.severity),
			cell: (row) => severity(row.severity)},
		{name: "Finding", kind: "wide", value: (row) => row.code,
			cell: (row) => el("div.finding", {}, el("code", {}, row.code),
				el("p", {}, row.sentence), row.names.length ?
					el("p.examples", {}, "e.g. ", row.names.map((name, i) =>
						[i ? ", " : "", domainName(name)])) : null)},
		{name: "Source", value: (row) => `${row.rfc} ${row.section}`,
			cell: rfc},
		{name: "Domains", kind: "n", value: (row) => row.domains,
			cell: (row) => barCell(row.domains / most, count(row.domains),
				`${count(row.domains)} of ${count(row.of)}`, "c1")},
		{name: "Share", kind: "n", value: (row) => shareOf(row.domains,
			row.of), cell: (row) => percent(shareOf(row.domains, row.of))},
	], rows, {caption: "Findings", cards: true, portion: 25,
		empty: "No finding is like that."});
	const draw = () => shown.show(rows.filter((row) =>
		(!chosen.severity || row.severity === chosen.severity) &&
		(!chosen.area || row.area === chosen.area) &&
		(!chosen.text || `${row.code} ${row.sentence}`.toLowerCase()
			.includes(chosen.text))));
	const pick = (key) => (value) => {
		chosen[key] = value;
		draw();
	};
	const having = (word) => rows.filter((row) =>
		row.severity === word).length;
	return section("findings", "Findings", ["What is wrong or worth a word, " +
		"by the RFC that says so. A domain counts once for each finding; " +
		"shares are of all domains."],
		el("div.filters", {},
			choice("Severity", [["", `all ${rows.length}`],
				...SEVERITIES.map((word) => [word, `${MARKS[word]} ${word} ` +
					`${having(word)}`])], "", pick("severity")),
			el("label", {}, el("span.hidden", {}, "Area"), el("select", {
				onchange: (event) => pick("area")(event.target.value)},
				el("option", {value: ""}, "every area"),
				areas.map((area) => el("option", {value: area},
					spaced(area))))),
			el("label", {}, el("span.hidden", {}, "Search findings"),
				el("input", {type: "search", placeholder: "search",
					oninput: (event) => pick("text")(
						event.target.value.trim().toLowerCase())}))),
		shown.node);
}
