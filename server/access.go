package server

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"corax"
)

// actorKey is the context's key of the operator whose token a request carries.
type actorKey struct{}

// authorise lets requests through that carry the API's token, or that of an operator, who is then known by name.
func (o Options) authorise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if ok && given != "" {
			if o.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(o.Token)) == 1 {
				next.ServeHTTP(w, r)
				return
			}
			if name := o.operator(given); name != "" {
				actor := corax.Actor{Name: name, Via: corax.ViaToken}
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, actor)))
				return
			}
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		newFault(unproven, 0, "the request carries no token that is known here",
			"send the API's token, which stands in api.json in the data directory, or that of an operator").write(w)
	})
}

// operator is whose token it is, or empty.
func (o Options) operator(token string) string {
	if o.Operator == nil {
		return ""
	}
	return o.Operator(token)
}

// actor is who makes a call: the operator whose token it carries, else whoever the caller claims to be.
func actor(ctx context.Context, claimed string) corax.Actor {
	if a, ok := ctx.Value(actorKey{}).(corax.Actor); ok {
		return a
	}
	return corax.Actor{Name: claimed, Via: corax.ViaLocal}
}
