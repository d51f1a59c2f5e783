package server

import (
	"net/http"

	"corax/access"
)

// known says in the request's context who makes it. Who shows nothing, or something that is not good, is nobody, and sees what nobody may see.
func (o Options) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p, err := o.identify(r); err == nil {
			r = r.WithContext(access.With(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	})
}
