package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// MonitorPlace says in which file a monitor is written, and as which item of that file's list, from 0.
func (c Config) MonitorPlace(name string) (file string, item int, ok bool) {
	i := slices.IndexFunc(c.Monitors, func(m Monitor) bool { return m.Name == name })
	if i < 0 || i >= len(c.places[listMonitors]) {
		return "", 0, false
	}
	p := c.places[listMonitors][i]
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(p.path, listMonitors+"["), "]"))
	return p.doc.File, n, err == nil
}

// SameBut says whether two configurations mean the same but for the monitor of a name, wherever they were written. What is read at a
// start alone (addresses, directories, the stream, the vault and the audit) is not compared.
func (c Config) SameBut(monitor string, other Config) bool {
	return reflect.DeepEqual(c.meaning(monitor), other.meaning(monitor))
}

func (c Config) meaning(without string) Config {
	at := Default()
	c.DataDir, c.Listen, c.Bus, c.Vault, c.Audit = at.DataDir, at.Listen, at.Bus, at.Vault, at.Audit
	c.Warnings, c.main, c.places = nil, nil, nil
	kept := []Monitor{}
	for _, m := range c.Monitors {
		if m.Name != without {
			kept = append(kept, m)
		}
	}
	c.Monitors = kept
	return c
}
