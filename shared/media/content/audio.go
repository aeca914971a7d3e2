package content

import (
	"bytes"
	"encoding/binary"
)

// audioSeconds returns how long a sound plays, as far as the beginning of its file tells; 0: not known. size is that of
// the file, -1 if it is not known.
func audioSeconds(mime string, head []byte, size int64) float64 {
	var seconds float64
	switch mime {
	case "audio/mpeg":
		seconds = mp3Seconds(head, size)
	case "audio/ogg":
		if int64(len(head)) == size {
			seconds = oggSeconds(head)
		}
	case "audio/flac":
		seconds = flacSeconds(head)
	case "audio/wav":
		seconds = wavSeconds(head, size)
	case "audio/x-m4a", "audio/mp4":
		_, _, seconds = measureMP4(head)
	}
	if seconds < 0 || seconds > 1e6 {
		return 0
	}
	return seconds
}

// oggSeconds reads the duration of a whole Ogg file from its last page, whose granule position counts samples: of Opus
// at 48 kHz, less what is skipped at the beginning. RFC 3533, 6; RFC 7845, 4.
func oggSeconds(whole []byte) float64 {
	const header = 27
	last := bytes.LastIndex(whole, []byte("OggS"))
	if last < 0 || len(whole) < last+header {
		return 0
	}
	samples := int64(binary.LittleEndian.Uint64(whole[last+6:]))
	if at := bytes.Index(whole[:min(len(whole), 64)], []byte("OpusHead")); at >= 0 && len(whole) >= at+12 {
		return float64(samples-int64(binary.LittleEndian.Uint16(whole[at+10:]))) / 48000
	}
	if at := bytes.Index(whole[:min(len(whole), 64)], []byte("\x01vorbis")); at >= 0 && len(whole) >= at+16 {
		if rate := binary.LittleEndian.Uint32(whole[at+12:]); rate > 0 {
			return float64(samples) / float64(rate)
		}
	}
	return 0
}

// flacSeconds reads the STREAMINFO block: RFC 9639, 8.2.
func flacSeconds(head []byte) float64 {
	const info = 8 // "fLaC" and the header of the block
	if len(head) < info+18 || head[4]&0x7F != 0 {
		return 0
	}
	bits := binary.BigEndian.Uint64(head[info+10:]) // 20 bits rate, 3 channels, 5 depth, 36 samples
	if rate := bits >> 44; rate > 0 {
		return float64(bits&(1<<36-1)) / float64(rate)
	}
	return 0
}

// wavSeconds takes the bytes per second of the format chunk: Multimedia Programming Interface and Data Specifications
// 1.0, "WAVE".
func wavSeconds(head []byte, size int64) float64 {
	for at := 12; at+8 <= len(head); {
		length := int64(binary.LittleEndian.Uint32(head[at+4:]))
		if string(head[at:at+4]) == "fmt " && at+20 <= len(head) {
			if rate := binary.LittleEndian.Uint32(head[at+16:]); rate > 0 && size > 0 {
				return float64(size) / float64(rate)
			}
			return 0
		}
		if next := int64(at) + 8 + length + length%2; next <= int64(len(head)) {
			at = int(next)
			continue
		}
		break
	}
	return 0
}

// The bit rates (kbit/s) of MPEG 1 and of MPEG 2 and 2.5, layer III, and the sample rates of MPEG 1: ISO/IEC 11172-3,
// 2.4.2.3; ISO/IEC 13818-3, 2.4.2.3.
var (
	mp3Rates  = [16]int64{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0}
	mp3Rates2 = [16]int64{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0}
	mp3Sample = [4]int{44100, 48000, 32000, 0}
)

// mp3Seconds reads the first frame: the number of frames that encoders note in it ("Xing" or "Info"), else what its bit
// rate makes of the size.
func mp3Seconds(head []byte, size int64) float64 {
	start := 0
	if len(head) >= 10 && string(head[:3]) == "ID3" { // the size of a tag has seven bits a byte: id3.org, ID3v2.4, 3.1
		start = 10 + int(head[6]&0x7F)<<21 + int(head[7]&0x7F)<<14 + int(head[8]&0x7F)<<7 + int(head[9]&0x7F)
	}
	for at := start; at >= 0 && at+4 <= len(head) && at < start+4096; at++ {
		h := binary.BigEndian.Uint32(head[at:])
		if h>>21 != 0x7FF || h>>17&3 != 1 { // a frame of layer III
			continue
		}
		version := h >> 19 & 3
		sample, rate, samples := mp3Sample[h>>10&3], mp3Rates[h>>12&15], 1152
		if version != 3 {
			sample, rate, samples = sample/2, mp3Rates2[h>>12&15], 576
			if version == 0 {
				sample /= 2
			}
		}
		if sample == 0 || rate == 0 || version == 1 {
			continue
		}
		frame := head[at:min(len(head), at+200)]
		for _, mark := range []string{"Xing", "Info"} {
			if i := bytes.Index(frame, []byte(mark)); i >= 0 && len(frame) >= i+12 && frame[i+7]&1 != 0 {
				return float64(binary.BigEndian.Uint32(frame[i+8:])) * float64(samples) / float64(sample)
			}
		}
		if size > int64(at) {
			return float64(size-int64(at)) / float64(rate*1000/8)
		}
		return 0
	}
	return 0
}
