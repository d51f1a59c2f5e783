package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"corax/access"
	"corax/web/ui"
)

const (
	flashName = "corax-said"
	themeName = "corax-theme"
)

// flashCookie carries what is to be said on the next page. It is the browser's own, and shown as text to it alone.
func flashCookie(r *http.Request, f ui.Flash) *http.Cookie {
	text, _ := json.Marshal(f)
	return &http.Cookie{
		Name: flashName, Value: base64.RawURLEncoding.EncodeToString(text), Path: "/", MaxAge: 60, HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: access.ClientFrom(r.Context()).Secure,
	}
}

// takeFlash reads what is to be said, and sees to it that it is said once.
func takeFlash(w http.ResponseWriter, r *http.Request) *ui.Flash {
	c, err := r.Cookie(flashName)
	if err != nil || c.Value == "" {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: access.ClientFrom(r.Context()).Secure})
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	var f ui.Flash
	if json.Unmarshal(text, &f) != nil {
		return nil
	}
	return &f
}

// theme is what was chosen for this browser; empty for what the device has.
func theme(r *http.Request) string {
	if c, err := r.Cookie(themeName); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// setTheme keeps the choice of colours in the browser. It is open to all: it changes nothing of ours.
func setTheme(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c := &http.Cookie{Name: themeName, Path: "/", MaxAge: 365 * 86400, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: access.ClientFrom(r.Context()).Secure}
	switch choice := r.PostFormValue("theme"); choice {
	case "light", "dark":
		c.Value = choice
	default:
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther)
}

// back is the page that a form was sent from, where it is one of ours; else the overview.
func back(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return local(u.RequestURI())
}

// local gives a path of ours; the overview for whatever else it might be.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
