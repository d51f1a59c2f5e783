package server

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"corax"
	"corax/access"
)

// authorise lets requests through that show who makes them; what they may do is for each operation to ask.
func (o Options) authorise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := o.identify(r)
		if o.overrun(w, r, p) {
			return
		}
		if err == nil && !p.Known() {
			err = corax.Errorf(corax.Forbidden, "", "the API wants its token, which stands in api.json in the data directory, an operator's, or a token or session of a user")
		}
		if err != nil && corax.CodeOf(err) != corax.Forbidden {
			o.Log.Error("a caller could not be looked up", "error", err)
			refuse(w, http.StatusServiceUnavailable, "try again later")
			return
		}
		if err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			newFault(unproven, 0, err.Error(), "send a token as Authorization: Bearer TOKEN").write(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), p)))
	})
}

// identify says who makes a request; the zero principal where it shows nothing, an error where what it shows is not good.
func (o Options) identify(r *http.Request) (access.Principal, error) {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.Header.Get("Authorization") == "" {
		return o.session(r)
	}
	if !ok || given == "" {
		return access.Principal{}, nil
	}
	if strings.HasPrefix(given, access.TokenMark) && o.Access != nil {
		return o.Access.ByToken(r.Context(), given, access.ClientFrom(r.Context()))
	}
	if o.Token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(o.Token)) == 1 {
		return access.Principal{Name: "local", Role: access.RoleAdmin, Via: corax.ViaLocal}, nil
	}
	if name := o.operator(given); name != "" {
		return access.Principal{Name: name, Role: access.RoleOperator, Via: corax.ViaToken}, nil
	}
	return access.Principal{}, corax.Errorf(corax.Forbidden, "", "the token is not known, or has expired")
}

// session is who has logged in with the browser that sends the request.
func (o Options) session(r *http.Request) (access.Principal, error) {
	secret := access.SessionOf(r)
	if secret == "" || o.Access == nil {
		return access.Principal{}, nil
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil { // what the page of another site makes a browser send
		return access.Principal{}, corax.Errorf(corax.Forbidden, "", "the request comes from another site: %w", err)
	}
	return o.Access.BySession(r.Context(), secret, access.ClientFrom(r.Context()))
}

// known puts who makes a request for a page into its context; where nobody has logged in, or the session is over, that is the zero
// principal. Whether a page needs more is for it to say.
func (o Options) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := o.identify(r)
		if corax.CodeOf(err) == corax.Internal || corax.CodeOf(err) == corax.Unavailable {
			o.Log.Error("a session could not be looked up", "error", err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), p)))
	})
}

// operator is whose token it is, or empty.
func (o Options) operator(token string) string {
	if o.Operator == nil {
		return ""
	}
	return o.Operator(token)
}

// needs lets calls through whose principal has the role.
func (a api) needs(role access.Role) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if p := access.From(ctx.Context()); !p.May(role) {
			_, w := humachi.Unwrap(ctx)
			newFault(corax.Forbidden, 0, fmt.Sprintf("%s needs the role %s; %s has the role %s", ctx.Operation().OperationID, role, p.Name, p.Role), "").write(w)
			return
		}
		if p := access.From(ctx.Context()); p.Limited() && !minds(ctx.Operation().OperationID) {
			_ = huma.WriteErr(a.huma, ctx, http.StatusForbidden, ctx.Operation().OperationID+" concerns everything, and "+p.Name+" has a scope")
			return
		}
		next(ctx)
	}
}

// actor is who makes a call; the local command line acts under the name that it claims.
func actor(ctx context.Context, claimed string) corax.Actor { return access.From(ctx).Actor(claimed) }
