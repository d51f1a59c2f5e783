package reading

import (
	"net/netip"
	"slices"
	"strings"
)

// Ties are the identifiers that tie messages together: addresses, hosts, key ids, VLANs.
func (r *Reading) Ties() []string {
	if r.done&doneTies == 0 {
		r.done |= doneTies
		r.ties = ties(r.Text)
	}
	return r.ties
}

// ties finds what is rare enough to tie two messages together: IP addresses, names with digits and dashes or dots, VLANs.
func ties(text string) []string {
	var ids []string
	add := func(id string) {
		if len(ids) < 32 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	prev := ""
	for f := range strings.FieldsFuncSeq(text, isBreak) {
		f = strings.Trim(f, ".-:_/")
		was := prev
		prev = f
		if len(f) < 2 || len(f) > 80 {
			continue
		}
		if was == "vlan" && isDigit(f[0]) {
			add("vlan " + f)
			continue
		}
		digits, letters, joints := 0, 0, 0
		for i := range len(f) {
			switch c := f[i]; {
			case isDigit(c):
				digits++
			case isWord(c):
				letters++
			default:
				joints++
			}
		}
		switch {
		case digits > 0 && letters == 0 && joints >= 3:
			host := f
			if i := strings.IndexAny(f, ":/"); i > 0 {
				host = f[:i]
			}
			if a, err := netip.ParseAddr(host); err == nil {
				add(a.String())
			}
		case letters >= 2 && digits > 0 && joints > 0,
			letters >= 6 && strings.Count(f, ".") >= 2,
			letters >= 3 && digits >= 2 && len(f) >= 6:
			if c := strings.IndexByte(f, ':'); c < 0 {
				add(f)
			} else if c >= 4 && strings.ContainsAny(f[:c], "0123456789") {
				add(f[:c])
			}
		}
	}
	return ids
}

func isBreak(r rune) bool {
	switch r {
	case '-', '.', ':', '_', '/':
		return false
	}
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80)
}
