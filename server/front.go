package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"corax/access"
)

// Front says by which ways requests come.
type Front struct {
	TLS     bool           // they are encrypted up to here
	Proxies []netip.Prefix // through which alone they come, beside those of this machine; none: they come by themselves
	Hosts   []string       // names by which Corax is called beside loopback's; nil: any
}

// open are the paths that are answered to everybody: a load balancer asks them by address.
var openPaths = []string{"/healthz", "/readyz"}

// guard lets requests through that come by one of the ways, and notes where each comes from.
//
// A page of another site can have its own name resolve to 127.0.0.1, and then is of the same origin as we are (DNS rebinding). It still
// calls us by its name: hence the check of the host.
func (f Front) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := peerOf(r)
		client := access.Client{Address: peer.String(), Device: r.UserAgent(), Secure: f.TLS}
		if !peer.IsValid() {
			client.Address = r.RemoteAddr
		}
		if f.trusts(peer) {
			if ip := f.forwarded(r); ip.IsValid() {
				client.Address = ip.String()
			}
			client.Secure = client.Secure || strings.EqualFold(lastOf(r.Header.Values("X-Forwarded-Proto")), "https")
		}
		if !slices.Contains(openPaths, r.URL.Path) {
			switch {
			case len(f.Proxies) > 0 && !f.TLS && !f.trusts(peer) && !peer.IsLoopback():
				refuse(w, http.StatusForbidden, "requests come through the proxy that encrypts them; see access.behind_proxy in the configuration")
				return
			case !f.called(r.Host):
				refuse(w, http.StatusMisdirectedRequest, "Corax is not called by this name; add it to access.hosts in the configuration")
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(access.WithClient(r.Context(), client)))
	})
}

func peerOf(r *http.Request) netip.Addr {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}

func (f Front) trusts(peer netip.Addr) bool {
	return slices.ContainsFunc(f.Proxies, func(p netip.Prefix) bool { return peer.IsValid() && p.Contains(peer) })
}

// forwarded is the last address in X-Forwarded-For that is no proxy of ours: what stands before it, anybody may have written.
func (f Front) forwarded(r *http.Request) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return netip.Addr{}
		}
		if ip = ip.Unmap().WithZone(""); !f.trusts(ip) {
			return ip
		}
	}
	return netip.Addr{}
}

// lastOf is what the nearest proxy has written.
func lastOf(values []string) string {
	all := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(all[len(all)-1])
}

// called says whether this is a name of ours.
func (f Front) called(host string) bool {
	if f.Hosts == nil {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback() ||
		slices.ContainsFunc(f.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}
