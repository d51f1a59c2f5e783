package server

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"corax"
	"corax/access"
)

// recognise says in the request's context who carries a token. Who carries none is nobody, and sees what nobody may see.
func (o Options) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if ok && given != "" {
			if o.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(o.Token)) == 1 {
				r = r.WithContext(access.With(r.Context(), access.Principal{Name: "local", Role: access.RoleAdmin, Via: corax.ViaLocal}))
			} else if name := o.operator(given); name != "" {
				r = r.WithContext(access.With(r.Context(), access.Principal{Name: name, Role: access.RoleOperator, Via: corax.ViaToken}))
			}
		}
		next.ServeHTTP(w, r)
	})
}
