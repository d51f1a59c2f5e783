package main

import (
	"testing"

	"corax/web/webtest/chromium"
)

// keyboard: bob touches neither mouse nor screen. He logs in, finds the problem, reads what it rests on and why, says yes, comments, searches,
// and opens the menus of the desk and of the phone. chromium.Tab.Reach holds that each stop is seen, and follows the one before.
func (f *flows) keyboard(t *testing.T) {
	at := f.slow(t, "inventory")
	bob := f.bob
	// enter presses Enter on what a selector finds, and awaits what follows.
	enter := func(on, then string) {
		t.Helper()
		bob.Reach(on)
		bob.Press(chromium.KeyEnter)
		bob.Await(then)
	}
	on := func(path string) string {
		return `location.pathname === "` + path + `" && document.readyState === "complete"`
	}
	focused := func(selector string) string { return `document.activeElement.matches("` + selector + `")` }
	closes := func(details string) { // with Escape; the focus is back on what has opened it
		t.Helper()
		bob.Press(chromium.KeyEscape)
		bob.Await(`!document.querySelector("` + details + `").open && ` + focused(details+" > summary"))
	}

	// The menu, and out.
	enter("details.user > summary", `document.querySelector("details.user").open`)
	bob.Reach(`details.user a[href="/account"]`)
	closes("details.user")
	enter("details.user > summary", `document.querySelector("details.user").open`)
	enter(`details.user form[action="/logout"] button`, on("/login"))
	bob.Reach("main [name=name]")
	bob.Press("bob")
	bob.Reach("main [name=password]")
	bob.Press(password)
	bob.Press(chromium.KeyEnter)
	bob.Await(on("/"))

	// Past the navigation, and by it.
	enter(".skip", focused("#main"))
	bob.Reach("main a[href]")
	bob.Back(`.side a[href="/problems"]`)
	bob.Press(chromium.KeyEnter)
	bob.Await(on("/problems"))
	enter(`#list a[href="`+at+`"]`, on(at))

	// What it rests on.
	bob.Reach(".said .refs a")
	bob.Await(`document.activeElement.closest(".said").matches(".lit") && document.querySelector(document.activeElement.getAttribute("href")).matches(".lit")`)
	bob.Press(chromium.KeyEnter)
	bob.Await(`document.querySelector(".signal:target")`)
	bob.Reach(".step > details > summary") // goes on from the signal
	before := chromium.Eval[bool](bob, `document.activeElement.parentElement.open`)
	for _, key := range []string{chromium.KeySpace, chromium.KeyEnter} {
		bob.Press(key)
		before = !before
		bob.Await(`document.activeElement.parentElement.open === ` + map[bool]string{true: "true", false: "false"}[before])
	}
	enter(`a[href$="/why"]`, on(at+"/why"))
	enter(`.trail a[href="`+at+`"]`, on(at))

	// The yes, which asks first and can be left again.
	enter("#do-approve > summary", `document.querySelector("#do-approve").open`)
	bob.Reach("#do-approve form button")
	closes("#do-approve")
	bob.Press(chromium.KeyEnter)
	bob.Reach("#do-approve form button")
	bob.Press(chromium.KeySpace)
	bob.Await(`document.querySelector(".flash")?.textContent.includes("Approved")`)

	// A comment, on a page that goes on meanwhile.
	bob.Reach("#f-text")
	bob.Press("restarted it, as ann and I agreed")
	bob.Await(`document.querySelector("#headline .headline-facts").textContent.includes("healed after")`)
	bob.Await(`document.querySelector("#f-text").value === "restarted it, as ann and I agreed" && ` + focused("#f-text"))
	enter("#comments form button", `document.querySelector("#comments .comments")?.innerText.includes("as ann and I agreed")`)

	// A search.
	enter(`.side a[href="/signals"]`, on("/signals"))
	bob.Press("/")
	bob.Await(focused("#c-q"))
	bob.Press("expected 200")
	bob.Await(`new URLSearchParams(location.search).get("q") === "expected 200" && document.querySelectorAll("#list tbody tr").length > 0`)
	bob.Await(focused("#c-q"))
	bob.Reach("main select")
	bob.Press(chromium.KeyDown)
	enter(`main form[role="search"] button.primary`, `new URLSearchParams(location.search).get("last") && document.readyState === "complete"`)

	// The phone's menu.
	bob.Size(phoneWidth, 844, true)
	enter(".dock details.more > summary", `document.querySelector(".dock details.more").open`)
	bob.Reach(`.drawer a[href="/audit"]`)
	closes(".dock details.more")
	bob.Press(chromium.KeySpace)
	enter(`.drawer a[href="/audit"]`, on("/audit"))
	bob.Size(deskWidth, 900, false)
}
