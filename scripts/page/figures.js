// SPDX-License-Identifier: Apache-2.0
//
// figures.js: the head of the page and the sections on adoption and states.

const adopted = new Map(data.adoption.map(([, item, label, ...values]) =>
	[item, {label, values}]));

function adoptionOf(item) {
	return adopted.has(item) ? adopted.get(item).values : [0, 0, 0];
}

/** A section: its name and a word on it at the left, its figures right. */
function section(id, title, intro, ...children) {
	return el("section", {id, "aria-labelledby": `${id}-title`},
		el("header", {}, el("h2", {id: `${id}-title`}, title),
			[intro].flat().map((text) => text ? el("p", {}, text) : null)),
		el("div.body", {}, children));
}

/** Numbers behind a chart, out of sight until asked for. */
function details(summary, ...children) {
	return el("details", {}, el("summary", {}, summary), children);
}

function fact(name, value, note) {
	return el("div", {}, el("dt", {}, name),
		el("dd", {}, value, note ? el("small", {}, note) : null));
}

/** Title and what scan this is. */
function top() {
	const head = data.head;
	const took = head.started && head.ended ?
		`took ${duration(Math.round((head.ended - head.started) / 1000))}` :
		null;
	return el("header.top", {},
		el("p.kicker", {}, ["mxcensus report", head.list, day(head.started)]
			.filter((text) => text && text !== "–").join(" · ")),
		el("h1", {}, data.title),
		el("p.lede", {}, `How ${count(head.domains)} domains and ` +
			`${count(head.mx_hosts)} mail hosts protect mail on its way: ` +
			"MTA-STS, TLS reporting, STARTTLS and DANE, as a sender sees " +
			"them."),
		el("dl.facts", {},
			fact("List", head.list || "–", head.sha256 ?
				`SHA-256 ${head.sha256.slice(0, 12)}…` : null),
			fact("Scanned", day(head.started), took),
			fact("Domains", count(head.domains)),
			fact("MX hosts", count(head.mx_hosts), head.certificates ?
				plural(head.certificates, "certificate") : null),
			fact("Resolvers", count(head.resolvers)),
			fact("Version", head.version || "–", head.judged_version ?
				`judged again by ${head.judged_version}` : null),
			fact("State", head.complete ? "complete" :
				head.reason || "unfinished", head.complete ? null :
				"shares are of what was reached")),
		data.warnings.length ? el("div.warnings", {role: "note"},
			el("b", {}, "Mind"), el("ul", {}, data.warnings.map((text) =>
				el("li", {}, text)))) : null);
}

const HEADLINES = [
	["sts_record_mx", "MTA-STS published", "domains with MX"],
	["policy_usable", "Policy usable", "domains with a valid record"],
	["mode_enforce", "Policy enforced", "valid policies fetched"],
	["tlsrpt_record_mx", "TLS reports asked for", "domains with MX"],
	["starttls_all", "STARTTLS on all MX", "domains whose MX answers"],
	["dane_published", "DANE published", "domains with MX"],
];

function headline([item, name, of]) {
	const [n, all, unknown] = adoptionOf(item);
	const share = shareOf(n, all);
	return el("div.headline", {},
		el("h3", {}, name),
		el("p.large", {}, large(share),
			share === null ? null : el("span.unit", {}, "%")),
		triBar(n, all, unknown, name),
		el("p.of", {}, `${count(n)} of ${count(all)} ${of}`),
		el("p.unknown", {}, unknown ?
			`${count(unknown)} more inconclusive` : "none inconclusive"));
}

function adoptionTable() {
	return table([
		{name: "Question", value: (row) => row[2], cell: (row) =>
			[el("small.over", {}, row[0]), row[2]]},
		{name: "Yes", kind: "n", value: (row) => row[3],
			cell: (row) => count(row[3])},
		{name: "Of", kind: "n", value: (row) => row[4],
			cell: (row) => count(row[4])},
		{name: "Share", kind: "n", value: (row) => shareOf(row[3], row[4]),
			cell: (row) => percent(shareOf(row[3], row[4]))},
		{name: "", kind: "wide", cell: (row) =>
			triBar(row[3], row[4], row[5], row[2])},
		{name: "Inconclusive", kind: "n", value: (row) => row[5],
			cell: (row) => count(row[5])},
	], data.adoption, {caption: "All figures on adoption"}).node;
}

function inShort() {
	return el("section.short", {id: "short", "aria-label": "In short"},
		el("div.headlines", {}, HEADLINES.map(headline)),
		el("p.key", {}, svg("svg", {class: "swatch", "aria-hidden": "true"},
			svg("rect", {width: "100%", height: "100%",
				fill: "url(#hatch)", rx: 2})),
			"Inconclusive: asked, and no answer was found. These leave " +
			"numerator and denominator; they are never a no."),
		details("All figures on adoption", adoptionTable()));
}

const CURVES = [["sts_record_mx", "MTA-STS published"],
	["tlsrpt_record_mx", "TLS reports asked for"],
	["dane_published", "DANE published"],
	["starttls_all", "STARTTLS on all MX"]];

/** Adoption by rank: a step line for each question. */
function byRank() {
	const bins = data.by.rank.filter((bin) => /^\d+-\d+$/.test(bin.group));
	if (bins.length < 2)
		return null;
	const ranges = bins.map((bin) => bin.group.split("-").map(Number));
	const last = ranges.at(-1)[1];
	const panels = CURVES.map(([item, name]) => {
		const places = bins.map((bin, i) => ({values: bin.items[item],
			x0: (ranges[i][0] - 1) / last, x1: ranges[i][1] / last,
			label: `Ranks ${count(ranges[i][0])}–${count(ranges[i][1])}`}));
		const [n, of] = adoptionOf(item);
		return panel(name, percent(shareOf(n, of)), "over all ranks",
			lineChart(`${name} by rank, in per cent`, places, [
				[0, "rank 1", "start"], [0.5, compact(last / 2), "middle"],
				[1, compact(last), "end"]], true));
	});
	return section("rank", "By rank", ["Shares in bins of " +
		`${count(data.rank_bin)} ranks, the most popular at the left.`,
		"The hatched band is what the share may be, depending on what the " +
		"inconclusive ones turn out to be."],
		el("div.panels", {}, panels),
		details("The numbers", groupTable("Ranks", bins, (group) =>
			group.split("-").map((n) => count(Number(n))).join("–"))));
}

/** Groups with a bar for each question. */
function groupTable(name, groups, shown = (group) => group, extra = []) {
	const share = (group, item) => {
		const [n, of] = group.items[item] || [0, 0];
		return shareOf(n, of);
	};
	const most = Object.fromEntries(CURVES.map(([item]) => [item,
		ceiling(Math.max(...groups.map((group) => share(group, item) || 0)))
	]));
	return table([
		{name, value: (row) => row.group.startsWith("(") ? null :
			row.group, cell: (row) => el("span.name", {}, shown(row.group))},
		{name: "Domains", kind: "n", value: (row) => row.items.domains[0],
			cell: (row) => count(row.items.domains[0])},
		...extra,
		...[["sts_record_mx", "MTA-STS"], ["tlsrpt_record_mx", "TLS-RPT"],
			["dane_published", "DANE"], ["starttls_all", "STARTTLS"]].map(
			([item, label]) => ({name: label, kind: "n",
				value: (row) => share(row, item), cell: (row) => {
					const value = share(row, item);
					const [n, of, unknown] = row.items[item];
					return barCell((value || 0) / most[item], percent(value),
						`${label}: ${count(n)} of ${count(of)}, ` +
						`${count(unknown)} inconclusive`, "c1");
				}})),
	], groups, {caption: `${name}, with adoption`}).node;
}

function byTld() {
	return section("tld", "By top-level domain", ["The largest groups. " +
		"Shares are of the domains with MX, STARTTLS of those whose MX " +
		"answers. Each column has a scale of its own."],
		groupTable("TLD", data.by.tld, (group) =>
			group.startsWith("(") ? group : `.${group}`));
}

function byOperator() {
	const all = adoptionOf("domains")[0];
	return section("operators", "Mail operators", ["By the first MX host: a " +
		"provider that is known, else its registrable domain."],
		groupTable("Operator", data.by.operator, (group) => group, [
			{name: "Share", kind: "n",
				value: (row) => shareOf(row.items.domains[0], all),
				cell: (row) => percent(shareOf(row.items.domains[0], all))}]));
}

const LAYERS = {
	ok: ["usable", "c1"], record: ["record", "c5"], dns: ["DNS", "c2"],
	tcp: ["TCP", "c6"], tls: ["TLS", "c4"], http: ["HTTP", "c3"],
	syntax: ["syntax", "c7"], inconclusive: ["inconclusive", "hatch"]};

/** Where policies fail: of all, then of those that fail. */
function layers() {
	if (!data.layers.length)
		return section("layers", "Where policies fail",
			"No domain of this scan has an STS record.");
	const parts = data.layers.map(([layer, n]) => ({
		label: (LAYERS[layer] || [layer])[0], n,
		colour: (LAYERS[layer] || [layer, "c7"])[1], layer,
		note: layer === "record" ? "The record itself is invalid, or " +
			"there are several." : meaning("policy_status", layer)}));
	const all = parts.reduce((sum, part) => sum + part.n, 0);
	const failing = parts.filter((part) =>
		!["ok", "inconclusive"].includes(part.layer));
	const failed = failing.reduce((sum, part) => sum + part.n, 0);
	return section("layers", "Where policies fail", ["How far a sender comes " +
		`at ${plural(all, "domain")} with an STS record: the first layer ` +
		"that fails."],
		stackedBar("All domains with an STS record", parts),
		failed ? el("p.zoom", {}, `The ${count(failed)} that fail, by layer:`)
			: null,
		failed ? stackedBar("Those that fail", failing) : null,
		legend(parts, all),
		data.causes.length ? figure("Failures of TLS with policy hosts",
			rowsOf2(data.causes, Math.max(1, (data.layers.find((row) =>
				row[0] === "tls") || [0, 1])[1]))) : null);
}

/** Rows of [label, n] as shares of a number that is not their sum. */
function rowsOf2(rows, of) {
	return el("ul.bars", {}, rows.map(([label, n, note]) => el("li", {},
		el("span.what", {}, label, note ? el("small", {}, note) : null),
		plainBar(shareOf(n, of), `${label}: ${count(n)} of ${count(of)}`,
			"c1"),
		el("span.n", {}, count(n)),
		el("span.share", {}, percent(shareOf(n, of))))));
}

/** Modes and max_age of usable policies. */
function policies() {
	const modes = [["enforce", "c1"], ["testing", "c6"], ["none", "c7"]].map(
		([mode, colour]) => ({label: mode, colour,
			n: adoptionOf(`mode_${mode}`)[0],
			note: meaning("policy_mode", mode)}));
	const usable = adoptionOf("mode_enforce")[1];
	if (!usable)
		return null;
	return section("policies", "Modes and lifetimes", [
		`What the ${count(usable)} usable policies ask of senders, and how ` +
		"long senders are to remember it (max_age)."],
		figure("Mode", stackedBar("Mode", modes), legend(modes, usable)),
		figure("max_age", el("div.broad", {}, columns("max_age of usable " +
			"policies", data.ages)), el("div.narrow", {},
			rowsOf(data.ages))));
}

const HOST_STATES = {
	ok: "c1", not_offered: "c4", refused: "c2", tls_failed: "c5",
	unreachable: "c7", blocked: "hatch", inconclusive: "hatch"};

/** STARTTLS, certificates and TLS versions of distinct MX hosts. */
function mailHosts() {
	const hosts = data.starttls.reduce((sum, row) => sum + row[1], 0);
	if (!hosts)
		return null;
	const parts = data.starttls.map(([word, n]) => ({label: spaced(word), n,
		colour: HOST_STATES[word] || "hatch",
		note: meaning("starttls", word) || meaning("starttls_status", word)}));
	return section("hosts", "Mail hosts", [`${plural(hosts, "distinct MX host")
		}, each counted once, however many domains it serves.`],
		figure("STARTTLS", stackedBar("STARTTLS", parts),
			legend(parts, hosts)),
		figure("Certificates, where STARTTLS works", el("ul.bars", {},
			data.certificates.map(([label, n, of, unknown]) => el("li", {},
				el("span.what", {}, label), triBar(n, of, unknown, label),
				el("span.n", {}, count(n)),
				el("span.share", {}, percent(shareOf(n, of))))))),
		figure("TLS version (the lowest of a host's addresses)",
			rowsOf(data.tls.map(([version, n]) => [/^\d/.test(version) ?
				`TLS ${version}` : version, n]))));
}

const VERDICT_COLOURS = {enforce_ok: "c1", enforce_degraded: "c2",
	enforce_fail: "c4", testing_ok: "c6", testing_fail: "c5"};

/** What senders do today. */
function verdicts() {
	return section("verdicts", "What senders do", ["What a sender that " +
		"follows RFC 8461 (MTA-STS), and one that follows RFC 7672 (DANE), " +
		"does with mail for these domains today."],
		Object.entries(data.verdicts).map(([sender, rows]) => figure(sender,
			el("ul.bars.verdicts", {}, rows.map(([word, n, of]) => el("li",
				{}, el("span.what", {}, el("b", {}, spaced(word)),
					el("small", {}, meaning("verdict", word))),
				plainBar(shareOf(n, of), `${spaced(word)}: ${count(n)}`,
					word === "inconclusive" ? "hatch" :
						VERDICT_COLOURS[word] || "c7"),
				el("span.n", {}, count(n)),
				el("span.share", {}, percent(shareOf(n, of)))))))));
}

/** Who hosts policies. */
function providers() {
	if (!data.providers.length)
		return null;
	const number = (name, key, colour) => ({name, kind: "n",
		value: (row) => row[key], cell: (row) => colour ? barCell(
			shareOf(row[key], row.domains), count(row[key]),
			`${name}: ${count(row[key])} of ${count(row.domains)}`, colour) :
			count(row[key])});
	return section("providers", "Policy providers", ["Of domains with an STS " +
		"record: the provider that the alias of the policy host or of the " +
		"record leads to."], table([
		{name: "Provider", value: (row) => row.provider},
		number("Domains", "domains"), number("Usable", "usable", "c1"),
		number("Fail", "failed", "c4"),
		number("Inconclusive", "inconclusive"),
		number("enforce", "enforce"), number("testing", "testing"),
		number("none", "none")], data.providers,
		{caption: "Policy providers"}).node);
}
