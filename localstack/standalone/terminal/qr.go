package terminal

import (
	"fmt"
	"io"
	"strings"

	"rsc.io/qr"
)

// quiet is how many light modules surround a QR code: https://www.iso.org/standard/62021.html asks for four; phones read
// it with two, and the code fits on more terminals.
const quiet = 2

// draw shows a QR code, two of its rows to a line, and its text for those who cannot scan.
func draw(out io.Writer, data string) {
	code, err := qr.Encode(data, qr.L)
	if data == "" || err != nil {
		fmt.Fprintln(out, "There is no QR code yet.")
		return
	}
	// A dark module is a blank and a light one a block, as most terminals are dark; phones read inverted codes, too.
	light := func(x, y int) bool { return !code.Black(x, y) }
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		for x := -quiet; x < code.Size+quiet; x++ {
			switch upper, lower := light(x, y), light(x, y+1) && y+1 < code.Size+quiet; {
			case upper && lower:
				b.WriteRune('█')
			case upper:
				b.WriteRune('▀')
			case lower:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(out, "%s\n%s\n", b.String(), data)
}
