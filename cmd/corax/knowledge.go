package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/diagnose"
	"corax/diagnose/model"
	"corax/diagnose/reading"
	"corax/knowledge"
)

func knowledgeCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "knowledge", Short: "What Corax knows about failing: list, check, learn, train"}
	c.AddCommand(knowledgeList(s), knowledgeCheck(s), knowledgeLearn(s), knowledgeTrain())
	return c
}

func knowledgeList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "list [PATTERN|DOMAIN|WORD]", Short: "List the mechanisms of the built-in catalogue", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cat, err := knowledge.Load()
			if err != nil {
				return err
			}
			type row struct {
				ID      string `json:"id"`
				Pattern string `json:"pattern"`
				Domain  string `json:"domain"`
				Title   string `json:"title"`
			}
			rows, cells := []row{}, [][]string(nil)
			for _, m := range cat.Mechanisms {
				if r := (row{m.ID, m.Pattern, m.Domain, m.Title}); len(args) == 0 || strings.EqualFold(args[0], m.Pattern) ||
					strings.EqualFold(args[0], m.Domain) || strings.Contains(m.ID+" "+m.Title, strings.ToLower(args[0])) {
					rows, cells = append(rows, r), append(cells, []string{r.ID, r.Pattern, r.Domain, r.Title})
				}
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return table(cmd.OutOrStdout(), "No mechanism fits.", []string{"MECHANISM", "PATTERN", "DOMAIN", "WHAT IS WRONG"}, cells)
		},
	}
}

func knowledgeLearn(s *settings) *cobra.Command {
	var id, title, dir string
	var helped remedied
	c := &cobra.Command{
		Use: "learn PROBLEM|FILE", Short: "Keep a problem that nothing explained as a mechanism of one's own", Args: cobra.ExactArgs(1),
		Long: "Takes a problem whose pattern was UNKNOWN, of a running Corax or the first of a file with one case, and writes a mechanism into\n" +
			"a directory of one's own knowledge. It then diagnoses the problem again, and keeps the file only where it is recognised.\n" +
			"What helped becomes its plan: --helped, or the steps of the problem's plan that were carried out. A running Corax reads it\n" +
			"at its next start.",
		Example: "  corax knowledge learn prb-2f6c --id feed_reader_stuck --title \"its feed reader is stuck\" --dir knowledge \\\n" +
			"      --helped \"Restart the feed reader\" --run \"systemctl restart feed-reader\" --action process.restart",
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := engineWith(dir)
			if err != nil {
				return err
			}
			var c corax.Case
			var d corax.Diagnosis
			steps := helped.steps()
			if isProblem(args[0]) {
				p, err := s.problem(cmd, args[0])
				if err != nil {
					return err
				}
				c, d = *p.Case, p.Diagnosis
				if len(steps) == 0 {
					steps = carriedOut(p.Run)
				}
			} else if err := eachCase(args[0], dir, func(e *diagnose.Engine, one corax.Case) error {
				if r := e.Diagnose(one); d.Signals == nil && len(r.Problems) > 0 {
					c, d = one, r.Problems[0]
				}
				return nil
			}); err != nil {
				return err
			}
			if d.Pattern == "" {
				return exit{exitFailed, corax.Errorf(corax.NotFound, "learn "+args[0], "there is no problem in it")}
			}
			if d.Pattern != corax.Unknown {
				return exit{exitFailed, corax.Errorf(corax.Conflict, "learn "+args[0], "its pattern is %q, by %s: there is nothing to learn", d.Pattern, d.RootCause.Mechanism)}
			}
			file, err := learn(e, c, d, id, title, dir, steps)
			if err != nil {
				return err
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"mechanism": id, "file": file})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Kept as %s in %s. Read it, then: corax knowledge check %s\n", id, file, dir)
			return err
		},
	}
	c.Flags().StringVar(&id, "id", "", "id of the new mechanism: lower case letters, digits and _")
	c.Flags().StringVar(&title, "title", "", "what is wrong, as the end of \"payments: ...\"")
	c.Flags().StringVar(&dir, "dir", "", "directory of one's own knowledge")
	c.Flags().StringVar(&helped.do, "helped", "", "what helped, as an order to the next on-call")
	c.Flags().StringVar(&helped.run, "run", "", "the command that does it")
	c.Flags().StringVar(&helped.undo, "undo", "", "its way back; the action's where empty")
	c.Flags().StringVar(&helped.action, "action", "owner.decide", "the action of the catalogue that it is")
	for _, name := range []string{"id", "title", "dir"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

// remedied is what a person says that helped.
type remedied struct{ do, run, undo, action string }

func (r remedied) steps() []corax.Step {
	if r.do == "" {
		return nil
	}
	return []corax.Step{{Action: r.action, Purpose: corax.Restore, Do: r.do, Run: r.run, Undo: r.undo, Ask: true}}
}

// carriedOut lists the steps of a plan that were done and changed something.
func carriedOut(run *corax.PlanRun) (steps []corax.Step) {
	if run == nil {
		return nil
	}
	for n, s := range run.Steps {
		if n < len(run.Plan.Steps) && s.State == corax.StepDone && run.Plan.Steps[n].Risk != corax.Read {
			steps = append(steps, run.Plan.Steps[n])
		}
	}
	return steps
}

// learn writes the mechanism and proves that it recognises what it was made from; else nothing stays.
func learn(e *diagnose.Engine, c corax.Case, d corax.Diagnosis, id, title, dir string, helped []corax.Step) (file string, err error) {
	m, err := e.Learn(c, d, id, title, helped)
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, id+".yaml")
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", &corax.Error{Code: corax.Conflict, Op: "keep mechanism " + id, Err: err, Hint: "choose another --id, or move the file away"}
	}
	err = errors.Join(m.Write(f), f.Close())
	if err == nil {
		var again *diagnose.Engine
		if again, err = engineWith(dir); err == nil {
			r := again.Diagnose(c)
			if !slices.ContainsFunc(r.Problems, func(p corax.Diagnosis) bool { return p.RootCause.Mechanism == id }) {
				err = corax.Errorf(corax.Conflict, "keep mechanism "+id, "with it, the problem is still not recognised")
			}
		}
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(file))
	}
	return file, nil
}

func knowledgeTrain() *cobra.Command {
	var output string
	var folds int
	c := &cobra.Command{
		Use: "train [DIR...]", Short: "Train the learned view from the catalogue",
		Long: "Trains the model that says which mechanism a message sounds like, from the catalogue's examples and signatures. The same\n" +
			"catalogue gives the same bytes. The built-in model is made by: make model",
		Example: "  corax knowledge train --output mechanisms.model\n  corax knowledge train --folds 5",
		RunE: func(cmd *cobra.Command, dirs []string) error {
			cat, err := knowledge.Load(dirs...)
			if err != nil {
				return exit{exitUsage, err}
			}
			if folds > 1 {
				v := model.CrossValidate(cat, reading.Stems, folds)
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d unseen examples: mechanism right %d, pattern right %d, taken for none %d.\n",
					v.Texts, v.Right, v.Pattern, v.None)
				return err
			}
			var b bytes.Buffer
			if _, err := model.Train(cat, reading.Stems, model.Options{}).WriteTo(&b); err != nil {
				return err
			}
			if err := os.WriteFile(output, b.Bytes(), 0o644); err != nil {
				return &corax.Error{Code: corax.Unavailable, Op: "write the learned model", Err: err}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d mechanisms, %d bytes: %s\n", len(cat.Mechanisms), b.Len(), output)
			return err
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "mechanisms.model", "where to write it")
	c.Flags().IntVar(&folds, "folds", 0, "write nothing; train so often, each time without a part of the examples, and predict those")
	return c
}

func knowledgeCheck(s *settings) *cobra.Command {
	var domain string
	c := &cobra.Command{
		Use: "check [DIR...]", Short: "Check the built-in catalogue, with directories of one's own over it",
		Long: "Reads the catalogue, says what is wrong with it, with file, line and column, and diagnoses every mechanism's vectors:\n" +
			"messages that must be recognised as it, and near misses that must not.",
		Example: "  corax knowledge check\n  corax knowledge check examples/knowledge\n  corax knowledge check --domain network",
		RunE: func(cmd *cobra.Command, dirs []string) error {
			cat, err := knowledge.Load(dirs...)
			if err != nil {
				return exit{exitUsage, err}
			}
			builtIn, err := knowledge.Load()
			if err != nil {
				return err
			}
			r := checkCatalogue(cat, builtIn, domain)
			if s.json {
				err = printJSON(cmd.OutOrStdout(), r)
			} else {
				for _, v := range r.Failed {
					_, _ = fmt.Fprintln(cmd.OutOrStdout(), v)
				}
				for _, lack := range r.Incomplete {
					_, _ = fmt.Fprintln(cmd.OutOrStdout(), lack)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d patterns, %d mechanisms, %d actions; %d of %d vectors hold; %d shortcomings.\n",
					len(cat.Patterns), r.Mechanisms, len(cat.Actions), r.Vectors-len(r.Failed), r.Vectors, len(r.Incomplete))
			}
			if err == nil && len(r.Failed)+len(r.Incomplete) > 0 {
				err = exit{code: exitFailed}
			}
			return err
		},
	}
	c.Flags().StringVar(&domain, "domain", "", "only mechanisms of this domain: network, database, aws ...")
	return c
}

// checked is what a check of the catalogue found.
type checked struct {
	Mechanisms int                     `json:"mechanisms"`
	Vectors    int                     `json:"vectors"`
	Failed     []diagnose.VectorResult `json:"failed"`
	Incomplete []string                `json:"incomplete"`
}

// checkCatalogue diagnoses the vectors of all mechanisms; a mechanism of one's own may lack what each built-in one must have.
func checkCatalogue(cat, builtIn *knowledge.Catalogue, domain string) checked {
	r := checked{Failed: []diagnose.VectorResult{}, Incomplete: []string{}}
	e := diagnose.New(cat)
	for _, m := range cat.Mechanisms {
		if domain != "" && m.Domain != domain {
			continue
		}
		r.Mechanisms++
		results := e.CheckVectors(m)
		r.Vectors += len(results)
		r.Failed = append(r.Failed, slices.DeleteFunc(results, func(v diagnose.VectorResult) bool { return v.OK })...)
		if _, ours := builtIn.Mechanism(m.ID); !ours {
			continue
		}
		if err := m.Complete(); err != nil {
			for _, lack := range unjoin(err) {
				r.Incomplete = append(r.Incomplete, lack.Error())
			}
		}
	}
	return r
}

// unjoin is the errors that were joined into one.
func unjoin(err error) []error {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		return many.Unwrap()
	}
	return []error{err}
}
