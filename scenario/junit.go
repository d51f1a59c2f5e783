package scenario

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Stamp    string      `xml:"timestamp,attr"`
	Cases    []junitCase `xml:"testcase"`

	seconds float64
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Time    string      `xml:"time,attr"`
	Failure *junitFault `xml:"failure,omitempty"`
	Error   *junitFault `xml:"error,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the results as JUnit XML: a suite a category, a case a scenario.
func WriteJUnit(w io.Writer, results []Result) error {
	all := junitSuites{}
	at := map[string]int{}
	total := 0.0
	for _, r := range results {
		i, known := at[r.Category]
		if !known {
			i = len(all.Suites)
			at[r.Category] = i
			all.Suites = append(all.Suites, junitSuite{Name: r.Category, Stamp: r.Run.Started.Format(time.RFC3339)})
		}
		s := &all.Suites[i]
		c := junitCase{Class: r.Category, Name: r.Name, Time: fmt.Sprintf("%.3f", r.Run.Seconds)}
		switch r.Verdict {
		case Failed:
			c.Failure = failedChecks(r.Checks)
			s.Failures++
			all.Failures++
		case Broken:
			c.Error = &junitFault{Message: clip(r.Error, 400)}
			s.Errors++
			all.Errors++
		}
		s.Cases = append(s.Cases, c)
		s.Tests++
		all.Tests++
		s.seconds += r.Run.Seconds
		total += r.Run.Seconds
		s.Time = fmt.Sprintf("%.3f", s.seconds)
	}
	all.Time = fmt.Sprintf("%.3f", total)
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append([]byte(xml.Header), append(data, '\n')...))
	return err
}

func failedChecks(checks []Check) *junitFault {
	f := &junitFault{}
	var names []string
	for _, c := range checks {
		if !c.OK {
			names = append(names, c.Name)
			f.Text += fmt.Sprintf("%s: expected %s, got %s\n", c.Name, clip(c.Expected, 400), clip(c.Actual, 400))
		}
	}
	f.Message = strings.Join(names, ", ")
	return f
}
