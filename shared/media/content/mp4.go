package content

import "encoding/binary"

// measureMP4 reads size and duration of a video from its header, if that is at the beginning of the file; else all are
// 0. ISO/IEC 14496-12: moov/mvhd has the duration, moov/trak/tkhd the size.
func measureMP4(head []byte) (width, height int, seconds float64) {
	moov := box(head, "moov")
	if mvhd := box(moov, "mvhd"); len(mvhd) >= 20 {
		var scale, duration uint64
		if mvhd[0] == 1 && len(mvhd) >= 32 {
			scale, duration = uint64(binary.BigEndian.Uint32(mvhd[20:])), binary.BigEndian.Uint64(mvhd[24:])
		} else {
			scale, duration = uint64(binary.BigEndian.Uint32(mvhd[12:])), uint64(binary.BigEndian.Uint32(mvhd[16:]))
		}
		if scale > 0 {
			seconds = float64(duration) / float64(scale)
		}
	}
	for rest := moov; width == 0; {
		var trak []byte
		if trak, rest = nextBox(rest, "trak"); trak == nil {
			break
		}
		if tkhd := box(trak, "tkhd"); len(tkhd) >= 84 { // width and height stand at its end, as 16.16
			width = int(binary.BigEndian.Uint32(tkhd[len(tkhd)-8:]) >> 16)
			height = int(binary.BigEndian.Uint32(tkhd[len(tkhd)-4:]) >> 16)
		}
	}
	if seconds < 0 || seconds > 1e6 {
		seconds = 0
	}
	return width, height, seconds
}

// box returns what is in the first box of a kind; nil if there is none.
func box(b []byte, kind string) []byte {
	found, _ := nextBox(b, kind)
	return found
}

// nextBox returns what is in the first box of a kind, as far as it is there, and what comes after it.
func nextBox(b []byte, kind string) (found, rest []byte) {
	for len(b) >= 8 {
		size, start := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case size == 1 && len(b) >= 16:
			size, start = binary.BigEndian.Uint64(b[8:]), 16
		case size == 0:
			size = uint64(len(b))
		}
		if size < start {
			return nil, nil
		}
		end := min(size, uint64(len(b)))
		if string(b[4:8]) == kind && end >= start {
			return b[start:end:end], b[end:]
		}
		b = b[end:]
	}
	return nil, nil
}
