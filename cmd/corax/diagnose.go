package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"corax"
	"corax/diagnose"
	"corax/knowledge"
)

// longestCase bounds one line of input.
const longestCase = 256 << 20

func diagnoseCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "diagnose [FILE|-]", Short: "Diagnose cases, one JSON object a line, without a running Corax", Args: cobra.MaximumNArgs(1),
		Long: "Reads one case a line: {\"id\": \"c1\", \"signals\": [\"text\", ...], \"topology\": {...}}; see docs/diagnose.md.\n" +
			"Without --json it prints a page a case; with it, a line a case in the same order. A line that can't be used yields an\n" +
			"error in its place; the rest still runs, and the exit status is then 1.",
		Example: "  echo '{\"id\":\"c1\",\"signals\":[\"db-1: FATAL: too many connections\"]}' | corax diagnose",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			in, err := readInput(name)
			if err != nil {
				return err
			}
			defer context.AfterFunc(cmd.Context(), func() { _ = in.Close() })() // an interrupt ends a read that waits
			defer in.Close()
			catalogue, err := knowledge.Load()
			if err != nil {
				return err
			}
			// Little of what a case needs outlives it, so that the collector can wait until the heap is four times what does.
			defer debug.SetGCPercent(debug.SetGCPercent(300))
			w := bufio.NewWriter(cmd.OutOrStdout())
			bad, err := diagnoseLines(cmd.Context(), diagnose.New(catalogue), in, w, s.json)
			if err = errors.Join(err, w.Flush()); err != nil {
				return err
			}
			if bad > 0 {
				return exit{code: exitFailed}
			}
			return nil
		},
	}
}

// answer is what a line gives; done gets a value when it is there. Answers are used again, for their memory.
type answer struct {
	line []byte
	n    int
	out  bytes.Buffer
	bad  bool
	err  error
	done chan struct{}
}

// answers are those that wait to be used again; never more than are under way.
type answers chan *answer

// take gives an answer for a line, which is copied.
func (free answers) take(n int, line []byte) *answer {
	select {
	case a := <-free:
		*a = answer{line: append(a.line[:0], line...), n: n, out: a.out, done: a.done}
		a.out.Reset()
		return a
	default:
		return &answer{line: bytes.Clone(line), n: n, done: make(chan struct{}, 1)}
	}
}

// giveBack keeps an answer, unless it is large: memory must not grow with the longest line.
func (free answers) giveBack(a *answer) {
	if cap(a.line) > mostKept || a.out.Cap() > mostKept {
		return
	}
	select {
	case free <- a:
	default:
	}
}

// mostKept is how much memory an answer may hold on to.
const mostKept = 1 << 20

// diagnoseLines diagnoses line by line, on all processors, writes the answers in the order of the lines, and returns how many lines could not
// be used. However long the input is, only a few lines are in memory.
func diagnoseLines(ctx context.Context, e *diagnose.Engine, in io.Reader, w io.Writer, asJSON bool) (bad int, err error) {
	workers := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithCancel(ctx)
	work, order, free := make(chan *answer), make(chan *answer, 4*workers), make(answers, 4*workers)
	var tasks errgroup.Group
	for range workers {
		tasks.Go(func() error {
			for a := range work {
				a.err = a.diagnose(e, asJSON)
				a.done <- struct{}{}
			}
			return nil
		})
	}
	tasks.Go(func() error {
		defer close(order)
		defer close(work)
		return readLines(ctx, in, free, work, order)
	})
	shown := 0
	for a := range order {
		<-a.done
		if err == nil {
			err = a.err
		}
		if err == nil && shown > 0 && !asJSON {
			_, err = fmt.Fprintln(w)
		}
		if err == nil {
			_, err = w.Write(a.out.Bytes())
		}
		if err != nil {
			cancel() // the rest is taken and thrown away, so that nobody waits
		}
		shown++
		if a.bad {
			bad++
		}
		free.giveBack(a)
	}
	cancel()
	return bad, errors.Join(err, tasks.Wait())
}

// readLines gives each line that is not empty to the workers and, in order, to the writer. A line that is too long ends it.
func readLines(ctx context.Context, in io.Reader, free answers, work, order chan<- *answer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestCase)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		a := free.take(n, lines.Bytes())
		select {
		case <-ctx.Done():
			return nil
		case order <- a:
		}
		work <- a
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		a := &answer{n: n + 1, done: make(chan struct{}, 1)}
		order <- a
		work <- a
		return nil
	}
	if err := lines.Err(); err != nil {
		return corax.Errorf(corax.Unavailable, "read the cases", "%w", err)
	}
	return nil
}

// diagnose fills in what the line gives. A line without content is one that was too long to read.
func (a *answer) diagnose(e *diagnose.Engine, asJSON bool) error {
	if a.line == nil {
		a.bad = true
		return writeBad(&a.out, a.n, fmt.Errorf("the line is longer than %d MiB; the rest is not read", longestCase>>20), asJSON)
	}
	c, err := diagnose.ReadCase(a.line)
	if err != nil {
		a.bad = true
		return writeBad(&a.out, a.n, err, asJSON)
	}
	r := e.Diagnose(c)
	if asJSON {
		return diagnose.WriteJSON(&a.out, r)
	}
	return diagnose.WriteText(&a.out, c, r)
}

func writeBad(w io.Writer, line int, cause error, asJSON bool) error {
	if asJSON {
		return diagnose.WriteLineError(w, line, cause)
	}
	_, err := fmt.Fprintf(w, "line %d, %s\n", line, printable(cause.Error()))
	return err
}
