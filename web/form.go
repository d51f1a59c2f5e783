package web

import (
	"errors"
	"net/http"
	"strings"

	"corax"
	"corax/access"
)

// option is one of a choice in a form.
type option struct{ Value, Text string }

// by is who acts, for those who take a name.
func by(r *http.Request) string { return access.From(r.Context()).Name }

// reason is what was given as the reason; may be empty.
func reason(r *http.Request) string { return strings.TrimSpace(r.PostFormValue("reason")) }

// mustReason is the reason that a form must give.
func mustReason(r *http.Request, op string) (string, error) {
	if why := reason(r); why != "" {
		return why, nil
	}
	return "", &corax.Error{Code: corax.Invalid, Op: op, Err: errors.New("no reason was given"), Hint: "say why: others will read it"}
}
