package server

import (
	"errors"
	"net/http"
	"strconv"

	"corax/access"
)

// overrun answers a request that is one too many, and says whether it was. Who makes it is the zero principal where it shows nothing that is good.
func (o Options) overrun(w http.ResponseWriter, r *http.Request, p access.Principal) bool {
	err := o.Limit.Admit(p, access.ClientFrom(r.Context()))
	var over access.Overrun
	if !errors.As(err, &over) {
		return false
	}
	after := strconv.Itoa(over.Seconds())
	w.Header().Set("Retry-After", after)
	newFault(tooMany, 0, "too many requests", "try again in "+after+" s; access.limits in the configuration says how many may be made").write(w)
	return true
}
