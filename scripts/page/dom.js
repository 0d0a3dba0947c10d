"use strict";
// SPDX-License-Identifier: Apache-2.0
//
// dom.js: elements and figures.  Everything that is shown becomes a text node
// or an attribute here; nothing is ever parsed as markup.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

/** Give an element its attributes, listeners (on*) and children. */
function dress(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else
			node.setAttribute(name, value === true ? "" : value);
	}
	node.append(...children.flat(9).filter((child) =>
		child !== null && child !== undefined && child !== false));
	return node;
}

/** An HTML element: el("p.note", {lang: "en"}, "text", otherNode). */
function el(what, attributes, ...children) {
	const [tag, ...classes] = what.split(".");
	const node = document.createElement(tag);
	if (classes.length)
		node.className = classes.join(" ");
	return dress(node, attributes, children);
}

/** The same for SVG. */
function svg(tag, attributes, ...children) {
	return dress(document.createElementNS(SVG, tag), attributes, children);
}

const thousands = new Intl.NumberFormat("en-US");

function count(value) {
	return value === null || value === undefined ? "–" :
		thousands.format(value);
}

/** A share as people read it: never 0 for something, 100 for not all. */
function percent(share, places = 2) {
	if (share === null || share === undefined || Number.isNaN(share))
		return "–";
	const least = 10 ** -places;
	if (share > 0 && share < least / 100)
		return `<${least.toFixed(places)} %`;
	let shown = share * 100;
	if (share < 1 && Number(shown.toFixed(places)) >= 100)
		shown = 100 - least;
	return `${shown.toFixed(places)} %`;
}

/** About three digits, for large print. */
function large(share) {
	if (share === null)
		return "–";
	return percent(share, share > 0 && share < 0.1 ? 2 : 1).replace(" %", "");
}

/** 1200000 as 1.2M, for axes. */
function compact(value) {
	if (value < 10000)
		return thousands.format(value);
	return value < 1e6 ? `${+(value / 1e3).toFixed(1)}k` :
		`${+(value / 1e6).toFixed(2)}M`;
}

function shareOf(n, of) {
	return of ? n / of : null;
}

/** A time in milliseconds as a day, in words. */
function day(ms, withTime = false) {
	if (!ms)
		return "–";
	const shown = new Date(ms).toLocaleDateString("en-GB", {
		day: "numeric", month: "long", year: "numeric", timeZone: "UTC"});
	return withTime ?
		`${shown}, ${new Date(ms).toISOString().slice(11, 16)} UTC` : shown;
}

/** Seconds in the largest unit that divides them well. */
function duration(seconds) {
	const units = [["year", 31536000], ["day", 86400], ["hour", 3600],
		["minute", 60]];
	for (const [word, size] of units) {
		if (seconds >= size) {
			const n = +(seconds / size).toFixed(1);
			return `${thousands.format(n)} ${word}${n === 1 ? "" : "s"}`;
		}
	}
	return `${thousands.format(seconds)} s`;
}

function plural(n, word) {
	return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** What a word of a record means, out of the program's own tables. */
function meaning(set, word) {
	const words = data.vocabulary[set];
	return words && Object.hasOwn(words, word) ? words[word] : "";
}

/** enforce_ok as "enforce ok". */
function spaced(word) {
	return String(word).replaceAll("_", " ");
}

const SEVERITIES = ["error", "warning", "info"];
const MARKS = {error: "■", warning: "▲", info: "●"};

/** A severity by shape, word and colour. */
function severity(word) {
	const known = SEVERITIES.includes(word) ? word : "unknown";
	return el(`span.severity.${known}`, {},
		el("span.mark", {"aria-hidden": "true"}, MARKS[known] || "○"),
		` ${known}`);
}

function finding(code) {
	return Object.hasOwn(data.catalogue, code) ? data.catalogue[code] :
		{area: "", severity: "unknown", rfc: "", section: "",
			sentence: "This page does not know the finding."};
}

/** A link to a section of an RFC; nothing is loaded until it is followed. */
function rfc(entry) {
	const number = /^RFC (\d+)$/.exec(entry.rfc || "");
	if (!number)
		return "";
	const section = entry.section ? `#section-${entry.section}` : "";
	return el("a.rfc", {rel: "noreferrer",
		href: `https://www.rfc-editor.org/rfc/rfc${number[1]}${section}`},
		`${entry.rfc}${entry.section ? ` § ${entry.section}` : ""}`);
}

const places = new Map(data.domains.rows.map((row, n) => [row.name, n])
	.reverse());

/** A domain's name, with a link where the page has more to tell. */
function domainName(name) {
	if (!places.has(name))
		return el("span.name", {}, name);
	return el("a.name", {href: `#domain=${encodeURIComponent(name)}`}, name);
}
