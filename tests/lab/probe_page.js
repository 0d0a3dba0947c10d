// SPDX-License-Identifier: Apache-2.0
//
// probe_page.js: uses a page of scripts/report as a person would, and tells the
// frame around it what it found.  It stands at the end of the page's own script.

const found = {passed: 0, failed: 0, lines: []};

function expect(what, is) {
	found[is ? "passed" : "failed"]++;
	found.lines.push(`${is ? "ok" : "FAILED"}: ${what}`);
}

const one = (selector, node = document) => node.querySelector(selector);
const every = (selector, node = document) =>
	[...node.querySelectorAll(selector)];
const rowsIn = (id) => every(`#${id} tbody tr`);

function type(input, text) {
	input.value = text;
	input.dispatchEvent(new Event("input"));
}

function fits(where) {
	expect(`${where} is no wider than the screen`,
		document.documentElement.scrollWidth <= innerWidth);
}

function clean(where) {
	expect(`${where} has no element that came from data`,
		every("img, iframe, object, link, form, b[onclick]").length === 0 &&
		every("script").length === 2);
}

function probeFindings() {
	const button = every("#findings th .sort").find((node) =>
		node.textContent === "Domains");
	const values = () => rowsIn("findings").map((row) =>
		Number(one("td.n .barcell > span", row).textContent
			.replaceAll(",", "")));
	button.click();
	expect("findings sort down", values().every((n, i, all) =>
		!i || all[i - 1] >= n) &&
		button.parentNode.getAttribute("aria-sort") === "descending");
	button.click();
	expect("findings sort up", values().every((n, i, all) =>
		!i || all[i - 1] <= n) &&
		button.parentNode.getAttribute("aria-sort") === "ascending");
	expect("one column is sorted",
		every("#findings [aria-sort]").length === 1);
	const before = data.findings.length;
	every("#findings .choice button")[2].click();
	const shown = rowsIn("findings");
	expect("warnings alone", shown.length > 0 && shown.length < before &&
		shown.every((row) => one(".severity.warning", row)));
	every("#findings .choice button")[0].click();
	type(one("#findings input"), "onerror");
	expect("a finding by its text", rowsIn("findings").length === 1 &&
		one("#findings tbody code").textContent === data.evil);
	type(one("#findings input"), "");
}

function probeDomains() {
	const count = rowsIn("domains").length;
	one("#domains .more").click();
	expect("more domains", rowsIn("domains").length > count);
	const name = data.domains.rows.at(-1).name;
	type(one("#domains input"), name.toUpperCase());
	expect("a domain by its name", rowsIn("domains").some((row) =>
		one("a.name", row).textContent === name));
	type(one("#domains input"), "no such domain");
	expect("no domain", one("#domains .empty") !== null);
	type(one("#domains input"), "");
}

/** The pages of domains; `next` is called when the last is left. */
function probeRoute(next) {
	const evil = `#domain=${encodeURIComponent(data.evil)}`;
	const stages = [[evil, () => {
		expect("a domain's page", one("h1").textContent === data.evil);
		expect("its policy as text", one("pre").textContent
			.includes("<img src="));
		expect("its findings", every(".found li").length === 1);
		expect("its hosts", every(".host").length > 0);
		clean("a domain's page");
		fits("a domain's page");
	}], ["#domain=%zz", () => {
		expect("a name that is none", one("h1").textContent === "%zz");
	}], ["#domain=constructor", () => {
		expect("a name of the language", /holds nothing/.test(
			document.body.textContent));
	}], ["#domains", () => {
		expect("back at the report", one("#findings") !== null);
		next();
	}]];
	const step = () => {
		const stage = stages.shift();
		if (!stage)
			return;
		addEventListener("hashchange", () => setTimeout(() => {
			stage[1]();
			step();
		}), {once: true});
		location.hash = stage[0];
	};
	step();
}

function tell() {
	const text = [`${innerWidth} px wide`, ...found.lines,
		`${found.passed} passed, ${found.failed} failed`].join("\n");
	parent.postMessage(text, "*");
}

expect("the title", one("h1").textContent === data.title);
expect("a large figure for each question",
	every(".headline .large").length === 6);
expect("charts have names", every("#page svg[role=img]").length > 30 &&
	every("#page svg[role=img]").every((node) =>
		node.getAttribute("aria-label") !== null));
expect("nothing is not a number", !/NaN|undefined|\[object/.test(
	one("#page").textContent));
expect("every section has figures", every("section .body").every((node) =>
	node.children.length > 0));
expect("the trend of two scans", every("#trend .panel").length === 6);
clean("the report");
fits("the report");
every("details").forEach((node) => {
	node.open = true;
});
fits("the report with all numbers");
probeFindings();
probeDomains();
probeRoute(tell);
