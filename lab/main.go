package lab

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"corax"
	"corax/lab/jwt"
	"corax/lab/part"
)

// PartMain runs one part of a lab in this process and gives the exit status. The arguments are those that follow
// "lab part": [--tied] [--sockets N] DIR NAME.
func PartMain(ctx context.Context, arguments []string, errOut io.Writer) int {
	flags := flag.NewFlagSet("lab part", flag.ContinueOnError)
	flags.SetOutput(errOut)
	tied := flags.Bool("tied", false, "end when standard input ends")
	sockets := flags.Int("sockets", 0, "how many listeners were handed over")
	if err := flags.Parse(arguments); err != nil || flags.NArg() != 2 {
		_, _ = fmt.Fprintln(errOut, "lab part: expected DIR NAME")
		return 2
	}
	ctx, cancel := part.Lifetime(ctx, *tied)
	defer cancel()
	if err := runPart(ctx, flags.Arg(0), flags.Arg(1), *sockets); err != nil && !errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(errOut, "lab part:", err)
		return 1
	}
	return 0
}

func runPart(ctx context.Context, dir, name string, sockets int) error {
	var clock corax.Clock // the system's
	if name != part.SupervisorName {
		return jwt.Run(ctx, dir, name, sockets, clock, part.Ready)
	}
	self, err := os.Executable()
	if err != nil {
		return corax.Errorf(corax.Internal, "supervise a lab", "%w", err)
	}
	return part.Supervise(ctx, dir, self, clock, part.Ready)
}
