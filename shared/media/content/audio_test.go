package content_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"telegram-client/shared/media"
	"telegram-client/shared/media/content"
)

// page is an Ogg page with one packet and a granule position.
func page(granule uint64, packet []byte) []byte {
	head := append([]byte("OggS\x00\x00"), binary.LittleEndian.AppendUint64(nil, granule)...)
	head = append(head, make([]byte, 12)...)
	return append(append(head, 1, byte(len(packet))), packet...)
}

// frame is an MPEG 1 layer III frame of 128 kbit/s and 44.1 kHz, 417 bytes long.
func frame(inside ...byte) []byte {
	return append(append([]byte{0xFF, 0xFB, 0x90, 0x00}, inside...), make([]byte, 413-len(inside))...)
}

func TestDetect_SaysHowLongASoundPlays(t *testing.T) {
	t.Parallel()
	opusHead := append([]byte("OpusHead\x01\x01"), 0x38, 0x01, 0, 0, 0, 0, 0, 0, 0) // 312 samples are skipped
	opus := append(page(0, opusHead), page(48000*3+312, []byte("sound"))...)
	vorbisHead := append([]byte("\x01vorbis\x00\x00\x00\x00\x01"), binary.LittleEndian.AppendUint32(nil, 22050)...)
	vorbis := append(page(0, append(vorbisHead, make([]byte, 14)...)), page(22050*2, []byte("sound"))...)
	cbr := append([]byte("ID3\x04\x00\x00\x00\x00\x00\x0A"), make([]byte, 10)...)
	for range 10 {
		cbr = append(cbr, frame()...)
	}
	xing := frame(append(append(make([]byte, 32), "Xing\x00\x00\x00\x01"...), binary.BigEndian.AppendUint32(nil, 383)...)...)
	xing = append(xing, frame()...)
	flac := append([]byte("fLaC\x00\x00\x00\x22"), make([]byte, 34)...)
	binary.BigEndian.PutUint64(flac[18:], 48000<<44|1<<41|15<<36|48000*7)
	wav := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1F\x00\x00\x80\x3E\x00\x00\x02\x00\x10\x00data"), make([]byte, 32000-40)...)
	mvhd := make([]byte, 100)
	binary.BigEndian.PutUint32(mvhd[12:], 1000)
	binary.BigEndian.PutUint32(mvhd[16:], 4500)
	m4a := append(box("ftyp", []byte("M4A \x00\x00\x02\x00isomiso2")), box("moov", box("mvhd", mvhd))...)
	for _, c := range []struct {
		name  string
		file  []byte
		kind  media.Kind
		mime  string
		plays float64
	}{
		{"opus", opus, media.Voice, "audio/ogg", 3},
		{"vorbis", vorbis, media.Audio, "audio/ogg", 2},
		{"mp3 by its rate", cbr, media.Audio, "audio/mpeg", 10 * 417.0 / 16000},
		{"mp3 by its frames", xing, media.Audio, "audio/mpeg", 383 * 1152.0 / 44100},
		{"flac", flac, media.Audio, "audio/flac", 7},
		{"wav", wav, media.Audio, "audio/wav", 2},
		{"m4a", m4a, media.Audio, "audio/x-m4a", 4.5},
	} {
		info, err := content.Detect(c.file, int64(len(c.file)))
		if err != nil || info.Kind != c.kind || info.MIME != c.mime || math.Abs(info.Seconds-c.plays) > 0.01 {
			t.Errorf("%s: %+v, %v; want %s %s of %v s", c.name, info, err, c.kind, c.mime, c.plays)
		}
		for n := range min(len(c.file), 700) { // whatever is missing of it
			if _, err := content.Detect(bytes.Clone(c.file[:n]), int64(len(c.file))); err != nil {
				t.Fatalf("%s, %d bytes: %v", c.name, n, err)
			}
		}
	}
}
