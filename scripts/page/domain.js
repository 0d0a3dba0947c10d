// SPDX-License-Identifier: Apache-2.0
//
// domain.js: the page of one domain.

function pair(name, value, note) {
	if (value === null || value === undefined || value === "")
		return null;
	return el("div", {}, el("dt", {}, name), el("dd", {}, value,
		note ? el("small", {}, note) : null));
}

/** Yes, no or unknown, never by colour alone. */
function truth(value, words = ["yes", "no"]) {
	if (value === true)
		return el("span.verdict.good", {}, `✓ ${words[0]}`);
	if (value === false)
		return el("span.verdict.bad", {}, `✕ ${words[1]}`);
	return el("span.verdict.unknown", {}, "? not known");
}

function senders(row) {
	return el("div.senders", {}, [["MTA-STS senders", row.sts],
		["DANE senders", row.dane]].map(([name, word]) => el("div", {},
		el("h3", {}, name), el("p.large-word", {}, verdict(word)),
		el("p", {}, meaning("verdict", word)))));
}

function domainFindings(row) {
	const found = findingsOf(row);
	return section("d-findings", "Findings", found.length ? "What is wrong " +
		"or worth a word, and where the rule stands." : null, found.length ?
		el("ul.found", {}, found.map((entry) => el("li", {},
			severity(entry.severity), el("div", {}, el("p", {},
				entry.sentence), el("p.source", {}, el("code", {},
				entry.code), " ", rfc(entry)))))) :
		el("p", {}, "Nothing to report."));
}

function texts(list) {
	return list && list.length ? list.map((text) => el("code.block", {},
		text)) : null;
}

function certificateWords(tls) {
	if (tls.trusted === undefined && tls.name_ok === undefined)
		return null;
	return [truth(tls.trusted, ["trusted", "not trusted"]), " ",
		truth(tls.name_ok, ["names the host", "names another host"]), " ",
		truth(tls.time_ok, ["in date", "out of date"])];
}

function domainPolicy(row) {
	const policy = row.policy || {};
	const tls = policy.tls || {};
	return section("d-sts", "MTA-STS", null, el("dl.pairs", {},
		pair("Record", spaced(row.record || "absent"),
			meaning("record_status", row.record || "absent")),
		pair("TXT at _mta-sts", texts(row.txt)),
		pair("Policy", spaced(policy.status || "not asked for"),
			meaning("policy_status", policy.status)),
		policy.outcome && policy.outcome !== "ok" ? pair("Fetch",
			spaced(policy.outcome), meaning("outcome", policy.outcome)) : null,
		pair("Policy host", policy.host),
		pair("Certificate", certificateWords(tls), tls.not_after ?
			`until ${day(tls.not_after * 1000)}` : null),
		pair("HTTP", [policy.http_status, policy.content_type,
			policy.location && `→ ${policy.location}`].filter(Boolean)
			.join(" · ")),
		pair("Mode", policy.mode, meaning("policy_mode", policy.mode)),
		policy.max_age === undefined ? null : pair("max_age",
			duration(policy.max_age), `${count(policy.max_age)} s`),
		pair("Patterns", policy.mx && policy.mx.join(", ")),
		pair("Policy file", policy.body && el("pre", {}, policy.body))));
}

function domainReports(row) {
	return section("d-rpt", "TLS-RPT", null, el("dl.pairs", {},
		pair("Record", spaced(row.tlsrpt || "absent"),
			meaning("record_status", row.tlsrpt || "absent")),
		pair("TXT at _smtp._tls", texts(row.rpt_txt)),
		pair("Reports go to", row.rua && row.rua.join(", "))));
}

function addressLine(one) {
	return el("li", {}, el("span.name", {}, one.address || "–"), " ",
		el("span", {title: meaning("outcome", one.outcome)},
			spaced(one.outcome || "–")),
		one.tls ? ` · TLS ${one.tls}` : "",
		one.not_after ? ` · until ${day(one.not_after * 1000)}` : "",
		one.banner ? el("code.block", {}, one.banner) : null,
		one.reply ? el("code.block", {}, one.reply) : null);
}

function hostCard([place, preference, inPolicy, dane]) {
	const host = typeof place === "number" ? data.domains.hosts[place] :
		{host: place};
	return el("article.host", {}, el("h3", {}, el("span.name", {}, host.host),
		el("small", {}, ` preference ${count(preference)}`)),
		el("dl.pairs", {},
			pair("STARTTLS", spaced(host.starttls || "not known"),
				meaning("starttls", host.starttls) ||
				meaning("starttls_status", host.starttls)),
			pair("TLS", host.tls && `TLS ${host.tls}`),
			pair("Certificate", certificateWords(host)),
			inPolicy === null ? null : pair("In the policy",
				truth(inPolicy)),
			pair("DANE", spaced(dane || "not known"), meaning("dane", dane) ||
				meaning("dane_status", dane)),
			pair("Addresses", host.addresses && el("ul.plain", {},
				host.addresses.map(addressLine)))));
}

function domainHosts(row) {
	const status = row.mx_status || "ok";
	return section("d-mx", "MX hosts", meaning("mx_status", status),
		row.mx ? row.mx.map(hostCard) : el("p", {}, "No MX host."));
}

/** Everything that is told of a domain. */
function domainPage(row) {
	return el("main.domain", {}, el("header.top", {},
		el("p.kicker", {}, el("a", {href: "#domains"}, "← the whole report")),
		el("h1.name", {tabindex: -1}, row.name),
		el("p.lede", {}, [row.rank ? `Rank ${count(row.rank)} of ` +
			`${data.head.list || "the list"}. ` : "",
		`As seen on ${day(data.head.started)}.`]),
		senders(row)), domainFindings(row), domainPolicy(row),
	domainReports(row), domainHosts(row));
}

/** Where a name leads to that the page knows nothing of. */
function unknownDomain(name) {
	return el("main.domain", {}, el("header.top", {},
		el("p.kicker", {}, el("a", {href: "#domains"}, "← the whole report")),
		el("h1.name", {tabindex: -1}, name),
		el("p.lede", {}, "This page holds nothing about that domain. " +
			listIntro())));
}
