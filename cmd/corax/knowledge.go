package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"corax"
	"corax/diagnose"
	"corax/knowledge"
	"corax/model"
)

func knowledgeCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "knowledge", Short: "What Corax knows about failing: check, train"}
	c.AddCommand(knowledgeCheck(s), knowledgeTrain(s))
	return c
}

func knowledgeTrain(s *settings) *cobra.Command {
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
				v := model.CrossValidate(cat, diagnose.Words, folds)
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d unseen examples: mechanism right %d, pattern right %d, taken for none %d.\n",
					v.Texts, v.Right, v.Pattern, v.None)
				return err
			}
			var b bytes.Buffer
			if _, err := model.Train(cat, diagnose.Words, model.Options{}).WriteTo(&b); err != nil {
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
			r := checkCatalogue(cat, domain)
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

func checkCatalogue(cat *knowledge.Catalogue, domain string) checked {
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
