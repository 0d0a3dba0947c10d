// SPDX-License-Identifier: Apache-2.0
//
// start.js: puts the page together; #domain=NAME shows the page of a domain.

function contents(sections) {
	return el("nav", {"aria-label": "Sections"}, el("ul", {},
		sections.filter((node) => node.querySelector("h2")).map((node) =>
			el("li", {}, el("a", {href: `#${node.id}`},
				node.querySelector("h2").textContent)))));
}

function wholeReport() {
	const sections = [inShort(), byRank(), byTld(), layers(), policies(),
		mailHosts(), verdicts(), findingsTable(), changed(), trend(),
		providers(), byOperator(), domainList()].filter(Boolean);
	return el("main", {}, top(), contents(sections), sections,
		el("footer", {}, el("p", {}, "Made by mxcensus from ",
			el("code", {}, data.head.file), ". Shares are numerator / " +
			"denominator; what is inconclusive leaves both. This page loads " +
			"nothing.")));
}

const page = document.getElementById("page");
let report = null;
let scrolled = 0;

/** Show what the address asks for. */
function route() {
	const match = /^#domain=(.*)$/s.exec(location.hash);
	if (!match) {
		const isBack = report && !report.isConnected;
		report ||= wholeReport();
		if (!report.isConnected)
			page.replaceChildren(patterns(), report);
		document.title = data.title;
		const target = location.hash.length > 1 &&
			document.getElementById(location.hash.slice(1));
		if (isBack && location.hash === "#domains" && scrolled)
			scrollTo(0, scrolled);
		else if (target)
			target.scrollIntoView();
		return;
	}
	let name = match[1];
	try {
		name = decodeURIComponent(name);
	} catch {
		// a name that is no text is looked for as it stands
	}
	if (report && report.isConnected)
		scrolled = scrollY;
	const shown = places.has(name) ?
		domainPage(data.domains.rows[places.get(name)]) : unknownDomain(name);
	page.replaceChildren(patterns(), shown);
	document.title = `${name} – ${data.title}`;
	scrollTo(0, 0);
	shown.querySelector("h1").focus({preventScroll: true});
}

addEventListener("hashchange", route);
route();
