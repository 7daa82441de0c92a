/* Working by keyboard: what has a key is pressed by it, and lists are walked through.

   <a data-key="n">, <button data-key="Ctrl+Enter">: the names are those of the browser.
   j and k move through the rows of a list; Enter opens one, as any link that has the
   focus. Letters do nothing while somebody types in a field, and can be turned off for
   good: those who speak to their browser press them by accident. */
"use strict";

(() => {
    const TURNED_OFF = "backoffice-keys-are-off";
    const SUBMIT = "Ctrl+Enter";
    const LEAVE = "Escape";
    const STEPS = { j: 1, k: -1 };

    const isOff = () => localStorage.getItem(TURNED_OFF) === "yes";

    function nameOf(event) {
        if (event.altKey || event.isComposing) return "";
        if (event.ctrlKey || event.metaKey) return event.key === "Enter" ? SUBMIT : "";
        return event.key;
    }

    function fieldOf(event) {
        return event.target.closest("input, textarea, select, [contenteditable]");
    }

    function find(key) {
        const found = [...document.querySelectorAll("[data-key]")];
        return found.find((element) => element.dataset.key === key);
    }

    function rows() {
        const found = [...document.querySelectorAll("#result_list .data-row")];
        return found.filter((row) => row.querySelector("a[href]"));
    }

    function walk(step) {
        const all = rows();
        const here = all.findIndex((row) => row.contains(document.activeElement));
        // From nowhere, both begin at the top.
        const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1);
        all[next]?.querySelector("a[href]").focus();
        all[next]?.scrollIntoView({ block: "nearest" });
    }

    function press(event) {
        const key = nameOf(event);
        const field = fieldOf(event);
        const isLetter = key.length === 1;
        if (!key || event.defaultPrevented || (isLetter && (field || isOff()))) return;
        if (key in STEPS && rows().length) {
            walk(STEPS[key]);
        } else if (key === LEAVE && field) {
            field.blur();
        } else if (find(key) && !event.repeat) {
            find(key).click();
        } else {
            return;
        }
        event.preventDefault();
    }

    function keycap(key) {
        const cap = document.createElement("kbd");
        cap.className = "backoffice-key";
        cap.textContent = key;
        return cap;
    }

    // What each key does, in words: [["n"], "Next"].
    function hints() {
        const found = [...document.querySelectorAll("[data-key]")].map((element) => [
            [element.dataset.key],
            (element.ariaLabel || element.textContent).trim(),
        ]);
        if (rows().length) found.push([Object.keys(STEPS), "Down, up"], [["Enter"], "Open"]);
        return found;
    }

    function show() {
        const bar = document.createElement("div");
        bar.className = "backoffice-keys";
        bar.setAttribute("role", "note");
        bar.setAttribute("aria-label", "Keys");
        for (const [keys, label] of isOff() ? [] : hints()) {
            const entry = document.createElement("span");
            entry.append(...keys.map(keycap), ` ${label}`);
            bar.append(entry);
        }
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = isOff() ? "Turn keys on" : "Turn keys off";
        button.addEventListener("click", turn);
        bar.append(button);
        document.querySelector(".backoffice-keys")?.remove();
        document.body.append(bar);
    }

    function turn() {
        localStorage.setItem(TURNED_OFF, isOff() ? "no" : "yes");
        show();
    }

    // Chromium forgets it on a page that is opened by keys for the second time.
    document.querySelector("[autofocus]")?.focus();
    if (!hints().length) return;
    for (const element of document.querySelectorAll("[data-key]")) {
        element.setAttribute("aria-keyshortcuts", element.dataset.key.replace("Ctrl", "Control"));
    }
    document.addEventListener("keydown", press);
    show();
})();
