// SPDX-License-Identifier: Apache-2.0
//
// tables.js: tables that are sorted by the buttons in their heads, with mouse
// or keyboard, and shown in portions.

const collator = new Intl.Collator("en", {numeric: true});

/** What a column sorts by; what is missing comes last either way. */
function compare(column, isUp) {
	return (a, b) => {
		const [left, right] = [column.value(a), column.value(b)];
		const isLess = left === null || left === undefined;
		const isMore = right === null || right === undefined;
		if (isLess || isMore)
			return isLess - isMore;
		const order = typeof left === "number" && typeof right === "number" ?
			left - right : collator.compare(String(left), String(right));
		return isUp ? order : -order;
	};
}

/**
 * A table.  columns: [{name, value(row), cell(row), kind}]; kind is "text",
 * "n" (right-aligned; sorts down first), or "wide".  options: caption, cards
 * (rows become cards on narrow screens), portion, empty, sort: [column, isUp].
 * Returns {node, show(rows)}.
 */
function table(columns, rows, options = {}) {
	let [sorted, isUp] = options.sort || [null, true];
	let shown = options.portion || Infinity;
	let current = rows;
	const body = el("tbody");
	const more = el("button.more", {type: "button", onclick: () => {
		shown += options.portion;
		draw();
	}});
	const heads = columns.map((column, i) => el("th", {scope: "col",
		class: column.kind || "text"}, column.value ? el("button.sort",
		{type: "button", onclick: () => sortBy(i)}, column.name) :
		column.name));
	const node = el(`div.scroll${options.cards ? ".cards" : ""}`,
		{role: "region", tabindex: 0, "aria-label": options.caption},
		el("table", {}, el("caption.hidden", {}, options.caption),
			el("thead", {}, el("tr", {}, heads)), body));

	function sortBy(i) {
		// numbers are looked at from the largest
		isUp = sorted === i ? !isUp : columns[i].kind !== "n";
		sorted = i;
		draw();
	}
	function draw() {
		heads.forEach((head, i) => {
			if (i === sorted)
				head.setAttribute("aria-sort",
					isUp ? "ascending" : "descending");
			else
				head.removeAttribute("aria-sort");
		});
		const ordered = sorted === null ? current :
			[...current].sort(compare(columns[sorted], isUp));
		body.replaceChildren(...ordered.slice(0, shown).map((row) =>
			el("tr", {}, columns.map((column) => el("td", {
				class: column.kind || "text", "data-name": column.name},
				column.cell ? column.cell(row) :
					String(column.value(row) ?? "–"))))));
		if (!ordered.length)
			body.append(el("tr.empty", {}, el("td", {
				colspan: columns.length}, options.empty || "None.")));
		const rest = ordered.length - shown;
		more.hidden = !(rest > 0);
		more.textContent = rest > 0 ? `Show ${count(Math.min(rest,
			options.portion))} more of ${count(rest)}` : "";
	}
	draw();
	return {node: el("div.table", {}, node, more), show: (chosen) => {
		current = chosen;
		shown = options.portion || Infinity;
		draw();
	}};
}

/** A cell of a number with a bar below it. */
function barCell(share, text, label, colour) {
	return el("span.barcell", {}, el("span", {}, text),
		plainBar(share, label, colour));
}

/** A row of buttons of which one is pressed. */
function choice(name, words, chosen, picked) {
	const buttons = words.map(([word, label]) => el("button", {
		type: "button", "aria-pressed": String(word === chosen),
		onclick: () => {
			buttons.forEach((button, i) => button.setAttribute(
				"aria-pressed", String(words[i][0] === word)));
			picked(word);
		}}, label));
	return el("div.choice", {role: "group", "aria-label": name}, buttons);
}
