package vault

import (
	"context"
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"time"

	"corax"
)

// Use says who uses a credential and what for. It is audited, with the reference, before the value is handed out.
type Use struct {
	Who string `json:"who"`          // "corax", an operator
	For string `json:"for"`          // "action key.revoke", "monitor checkout"
	On  string `json:"on,omitempty"` // what it is used on: plan and step, a target
	// Routine uses come again and again: a probe's, a reading's. The first is recorded by itself, those that follow are
	// counted and recorded together.
	Routine bool `json:"-"`
}

// useKey is the context's key of the Use.
type useKey struct{}

// WithUse notes what a context's work needs credentials for.
func WithUse(ctx context.Context, u Use) context.Context { return context.WithValue(ctx, useKey{}, u) }

// Keeper resolves references, of whichever kind. Its Redactor knows every value before anybody else sees it.
type Keeper struct {
	File     *File // nil: vault:NAME is NotFound
	Redactor *Redactor
	// Audit records a use; its error keeps the value from being handed out. May be nil.
	Audit func(ctx context.Context, ref string, u Use) error
	// Changed hears that the vault's file is another than the one that was read before, with what is shown of it.
	Changed func(entries []Entry)

	mu   sync.Mutex
	seen time.Time // of the vault's file, when its values were learned
	size int64
}

// Resolve gives the credential that ref names; the caller wipes it after its use. NotFound where there is none. Who uses
// it, and what for, is what WithUse noted.
func (k *Keeper) Resolve(ctx context.Context, ref string) (Secret, error) {
	s, err := k.read(ref)
	if err != nil {
		return Secret{}, err
	}
	k.Redactor.Know(s)
	if k.Audit != nil {
		use, ok := ctx.Value(useKey{}).(Use)
		if !ok {
			use = Use{Who: "corax", For: "unnamed"}
		}
		if err := k.Audit(ctx, ref, use); err != nil {
			s.Wipe()
			return Secret{}, corax.Errorf(corax.CodeOf(err), "record the use of "+ref, "%w", err)
		}
	}
	return s, nil
}

func (k *Keeper) read(ref string) (Secret, error) {
	if err := Check(ref); err != nil {
		return Secret{}, err
	}
	if k.File == nil || ref[:len(schemeVault)] != schemeVault {
		return Resolve(ref)
	}
	if err := k.learn(); err != nil {
		return Secret{}, err
	}
	return k.File.Get(ref[len(schemeVault)+1:])
}

// Learn makes the Redactor know everything in the vault and every credential that refs name, without a use. What can't
// be resolved is returned, joined; the rest is known all the same.
func (k *Keeper) Learn(refs ...string) error {
	var errs []error
	if k.File != nil {
		errs = append(errs, k.learn())
	}
	for _, ref := range refs {
		s, err := k.read(ref)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		k.Redactor.Know(s)
		s.Wipe()
	}
	return errors.Join(errs...)
}

// learn reads the whole vault where it is not the file that was read last.
func (k *Keeper) learn() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.File.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && info.ModTime().Equal(k.seen) && info.Size() == k.size {
		return nil
	}
	all, err := k.File.All()
	if err != nil {
		return err
	}
	k.Redactor.Know(all...)
	for i := range all {
		all[i].Wipe()
	}
	if k.Changed != nil && !k.seen.IsZero() {
		if entries, err := k.File.List(); err == nil {
			k.Changed(entries)
		}
	}
	if info != nil {
		k.seen, k.size = info.ModTime(), info.Size()
	}
	return nil
}

var refForm = regexp.MustCompile(`^(?:env|file|vault):[^\s]+$`)

// References lists, in order and once each, the strings within v that have the form of a reference to a credential.
func References(v any) []string {
	found := map[string]bool{}
	collect(reflect.ValueOf(v), found, 0)
	out := make([]string, 0, len(found))
	for ref := range found {
		out = append(out, ref)
	}
	slices.Sort(out)
	return out
}

// maxDepth bounds how deep References looks, should something point to itself.
const maxDepth = 32

func collect(v reflect.Value, found map[string]bool, depth int) {
	if depth > maxDepth {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); refForm.MatchString(s) && Check(s) == nil {
			found[s] = true
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collect(v.Elem(), found, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collect(v.Field(i), found, depth+1)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), found, depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			collect(it.Value(), found, depth+1)
		}
	}
}
