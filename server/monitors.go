package server

import (
	"context"
	"net/http"
	"strings"

	"corax"
	"corax/access"
)

// MonitorFiles is what the API does with the monitors as they are written in the configuration.
type MonitorFiles interface {
	// MonitorConfig is NotFound where no monitor has the name.
	MonitorConfig(ctx context.Context, name string) (MonitorConfig, error)
	// ChangeMonitor is a Conflict where the file can't be changed, or was changed since it was read, and Invalid where the
	// configuration would not hold any more. What it can't put in force it does not leave in the file.
	ChangeMonitor(ctx context.Context, c MonitorChange) (MonitorChanged, error)
}

// MonitorConfig is a monitor as it is written.
type MonitorConfig struct {
	Name     string `json:"name"`
	Text     string `json:"text" doc:"its item of the list monitors, in YAML"`
	File     string `json:"file"`
	Revision string `json:"revision" doc:"of the file; also the ETag"`
}

// MonitorChange is what is to be done to the file.
type MonitorChange struct {
	Name     string // of the monitor that is there; empty for a new one
	Text     string // what is to be written; empty takes it out
	Revision string // of the file that was seen; not looked at for a new one
	DryRun   bool   // only say what would come of it
	By       corax.Actor
}

// MonitorChanged is what came of a change.
type MonitorChanged struct {
	Name     string             `json:"name"`
	File     string             `json:"file"`
	Revision string             `json:"revision" doc:"of the file as it is then; also the ETag"`
	DryRun   bool               `json:"dry_run,omitempty" doc:"nothing was written"`
	Warnings []string           `json:"warnings,omitempty"`
	Tried    *corax.ProbeResult `json:"tried,omitempty" doc:"what a run of it saw, where it was only tried"`
}

// tagged is an answer that has a version.
type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

// Version is the version of a thing that a change was made from.
type Version struct {
	IfMatch string `header:"If-Match" required:"true" maxLength:"100" doc:"the revision that was seen; the call is refused with 412 where it is another by now"`
}

func (a api) monitorFiles() {
	m := a.o.MonitorFiles
	if m == nil {
		return
	}
	register(a, call[ByID, MonitorConfig](access.RoleAdmin, "get-monitor-config", http.MethodGet, "/monitors/{id}/config", "A monitor as it is written"),
		func(ctx context.Context, in *ByID) (*tagged[MonitorConfig], error) {
			c, err := m.MonitorConfig(ctx, in.ID)
			if err != nil {
				return nil, a.o.fault("get-monitor-config", err)
			}
			return &tagged[MonitorConfig]{quoted(c.Revision), c}, nil
		})
	change := func(ctx context.Context, id string, c MonitorChange) (*tagged[MonitorChanged], error) {
		c.By = actor(ctx, "local")
		if c.Name != "" {
			now, err := m.MonitorConfig(ctx, c.Name)
			if err != nil {
				return nil, a.o.fault(id, err)
			}
			if c.Revision = strings.Trim(c.Revision, `"`); c.Revision != now.Revision {
				return nil, newFault(corax.Conflict, http.StatusPreconditionFailed, "the file has another revision by now: "+now.Revision,
					"read the monitor again, and make the change once more")
			}
		}
		done, err := m.ChangeMonitor(ctx, c)
		if err != nil {
			return nil, a.o.fault(id, err)
		}
		return &tagged[MonitorChanged]{quoted(done.Revision), done}, nil
	}
	type newMonitor struct {
		DryRun bool `query:"dry_run" doc:"only say what would come of it, and run it once"`
		Body   struct {
			Text string `json:"text" minLength:"1" maxLength:"65536" doc:"an item of the list monitors, in YAML or JSON"`
		}
	}
	type otherMonitor struct {
		ByID
		Version
		DryRun bool `query:"dry_run" doc:"only say what would come of it, and run it once"`
		Body   struct {
			Text string `json:"text" minLength:"1" maxLength:"65536" doc:"an item of the list monitors, in YAML or JSON"`
		}
	}
	type remove struct {
		ByID
		Version
		DryRun bool `query:"dry_run" doc:"only say what would come of it"`
	}
	register(a, call[newMonitor, MonitorChanged](access.RoleAdmin, "create-monitor", http.MethodPost, "/monitors", "Write a new monitor into the configuration"),
		func(ctx context.Context, in *newMonitor) (*tagged[MonitorChanged], error) {
			return change(ctx, "create-monitor", MonitorChange{Text: in.Body.Text, DryRun: in.DryRun})
		})
	register(a, call[otherMonitor, MonitorChanged](access.RoleAdmin, "replace-monitor", http.MethodPut, "/monitors/{id}", "Write a monitor anew; its name stays"),
		func(ctx context.Context, in *otherMonitor) (*tagged[MonitorChanged], error) {
			return change(ctx, "replace-monitor", MonitorChange{Name: in.ID, Text: in.Body.Text, Revision: in.IfMatch, DryRun: in.DryRun})
		})
	register(a, call[remove, MonitorChanged](access.RoleAdmin, "remove-monitor", http.MethodDelete, "/monitors/{id}", "Take a monitor out of the configuration"),
		func(ctx context.Context, in *remove) (*tagged[MonitorChanged], error) {
			return change(ctx, "remove-monitor", MonitorChange{Name: in.ID, Revision: in.IfMatch, DryRun: in.DryRun})
		})
}

func quoted(tag string) string { return `"` + tag + `"` }
