package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corax"
	"corax/server/client"
)

// columns say how a list is printed.
type columns[T any] struct {
	none    string // said where it is empty
	heading []string
	row     func(T) []string
}

func (t columns[T]) print(cmd *cobra.Command, items []T) error {
	rows := make([][]string, len(items))
	for n, x := range items {
		rows[n] = t.row(x)
	}
	return table(cmd.OutOrStdout(), t.none, t.heading, rows)
}

// pagedCommand prints a list, or a part of it. Words that stand after its name are args.
func pagedCommand[T any](s *settings, use, short string, t columns[T],
	page func(ctx context.Context, c *client.Client, args []string, limit int, cursor string) (client.Page[T], error)) *cobra.Command {
	var part paging
	c := &cobra.Command{
		Use: use, Short: short, Args: argsOf(use),
		RunE: func(cmd *cobra.Command, args []string) error {
			return showList(cmd, s, &part, func(ctx context.Context, c *client.Client, limit int, cursor string) (client.Page[T], error) {
				return page(ctx, c, args, limit, cursor)
			}, func(items []T) error { return t.print(cmd, items) })
		},
	}
	part.flags(c)
	return c
}

// wholeCommand prints a list that comes at once.
func wholeCommand[T any](s *settings, use, short string, t columns[T], ask func(ctx context.Context, c *client.Client, args []string) ([]T, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: argsOf(use),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, s, func(ctx context.Context, c *client.Client) ([]T, error) { return ask(ctx, c, args) },
				func(items []T) error { return t.print(cmd, items) })
		},
	}
}

// argsOf is how many arguments a command takes, by how its use is written: NAME, or [NAME] where it may be left out, or NAME... for any number.
func argsOf(use string) cobra.PositionalArgs {
	least, most := 0, 0
	for _, w := range strings.Fields(use)[1:] {
		most++
		if strings.HasSuffix(w, "...") || strings.HasSuffix(w, "...]") {
			most = 1 << 20
		}
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	return cobra.RangeArgs(least, most)
}

// span are the flags of a command that looks at a time.
type span struct{ since, until string }

func (x *span) flags(c *cobra.Command) {
	c.Flags().StringVar(&x.since, "since", "", "at this time or later: 2026-03-30T02:00:00Z, or how long ago: 2h")
	c.Flags().StringVar(&x.until, "until", "", "before this time, written likewise")
}

func (x *span) times() (since, until time.Time, err error) {
	if since, err = timeOf("--since", x.since); err == nil {
		until, err = timeOf("--until", x.until)
	}
	return since, until, err
}

// timeOf reads a time, or how long ago it was; the empty text is no time.
func timeOf(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-d), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		err = corax.Errorf(corax.Invalid, flag+" "+text, "expected a time such as 2026-03-30T02:00:00Z, or how long ago such as 2h")
	}
	return at, err
}
