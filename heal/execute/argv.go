package execute

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"corax"
)

// keyPlace is the placeholder that the idempotency key fills by itself.
const keyPlace = "idempotency_key"

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// fill puts values into an argv. Each stays within the argument that it stands in. A value can't become an option: an
// argument that begins with a placeholder takes none that begins with "-", unless "--" stands before it.
func fill(argv []string, values map[string]string, key string) ([]string, error) {
	filled := make([]string, len(argv))
	optionsEnded := false
	for n, template := range argv {
		var missing error
		filled[n] = placeholder.ReplaceAllStringFunc(template, func(p string) string {
			name := p[1 : len(p)-1]
			if name == keyPlace {
				return key
			}
			value, ok := values[name]
			if !ok {
				missing = fmt.Errorf("nothing is given for %s in %q", p, template)
			}
			return value
		})
		switch {
		case missing != nil:
			return nil, missing
		case strings.ContainsRune(filled[n], 0):
			return nil, fmt.Errorf("argument %d: a NUL can't be passed to a command", n)
		case !optionsEnded && strings.HasPrefix(filled[n], "-") && !strings.HasPrefix(template, "-"):
			return nil, fmt.Errorf(`argument %d: a value that begins with "-" may be taken for an option; put "--" before %s in argv`,
				n, template)
		}
		optionsEnded = optionsEnded || template == "--"
	}
	return filled, nil
}

// quote writes an argv for the POSIX shell that a remote sshd hands it to: nothing in single quotes means anything
// there.
func quote(argv []string) string {
	quoted := make([]string, len(argv))
	for n, a := range argv {
		quoted[n] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// shown is a command for people; its key isn't given out before its turn.
func shown(c corax.Command, args map[string]string) string {
	argv, err := fill(c.Argv, args, "...")
	if err != nil {
		return c.Name + ": " + err.Error()
	}
	return quote(argv)
}

// places are the placeholders of an argv, but for that of the key.
func places(argv []string) []string {
	var names []string
	for _, a := range argv {
		for _, m := range placeholder.FindAllStringSubmatch(a, -1) {
			if m[1] != keyPlace && !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func takesKey(argv []string) bool {
	return slices.ContainsFunc(argv, func(a string) bool { return strings.Contains(a, "{"+keyPlace+"}") })
}

// arguments evaluates what a call gives for the placeholders.
func arguments(args map[string]string, v Values) (map[string]string, error) {
	values := map[string]string{}
	for name, template := range args {
		var err error
		if values[name], err = v.Text(template); err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
	}
	return values, nil
}

// checkRun checks a call of a declared command: that it is one, that a reading may run it, and what it is given.
func checkRun(c Checks, field string, x corax.Executors, name string, args map[string]string, read bool) {
	n := slices.IndexFunc(x.Commands, func(d corax.Command) bool { return d.Name == name })
	if n < 0 {
		c.Fail(field+".run", "declare it under executors.commands", "there is no command %q", name)
		return
	}
	d := x.Commands[n]
	if read && !d.Reads {
		c.Fail(field+".run", "say reads: true in its declaration, if it changes nothing",
			"command %s is not declared as one that only reads", name)
	}
	wanted := places(d.Argv)
	for _, a := range slices.Sorted(maps.Keys(args)) {
		c.Template(field+".args."+a, args[a])
		if !slices.Contains(wanted, a) {
			c.Fail(field+".args."+a, "", "command %s has no {%s}", name, a)
		}
	}
	for _, p := range wanted {
		if _, given := args[p]; !given {
			c.Fail(field+".args", "", "command %s needs %s", name, p)
		}
	}
}

func named[T any](list []T, name string, of func(T) string) (T, error) {
	for _, item := range list {
		if of(item) == name {
			return item, nil
		}
	}
	var none T
	return none, fmt.Errorf("%q is not declared under executors", name)
}

// meant are the items that a name means; all of them where it can't be told.
func meant[T any](list []T, template string, v Values, of func(T) string) []T {
	name, err := v.Text(template)
	if err != nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(item T) bool { return of(item) != name })
}

func commandName(c corax.Command) string { return c.Name }

func commandNamed(x corax.Executors, name string) (corax.Command, error) {
	return named(x.Commands, name, commandName)
}

// checkArgv checks a declared argv.
func checkArgv(argv []string) error {
	switch {
	case len(argv) == 0 || argv[0] == "":
		return errors.New("it names no executable")
	case !filepath.IsAbs(argv[0]):
		return fmt.Errorf("%s is not an absolute path", argv[0])
	case placeholder.MatchString(argv[0]):
		return errors.New("the executable itself can't be chosen by a value")
	}
	return nil
}
