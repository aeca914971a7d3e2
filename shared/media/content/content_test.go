package content_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
	"telegram-client/shared/media/content"
)

func pngOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claims changes what a PNG says of its size.
func claims(raw []byte, w, h uint32) []byte {
	raw = bytes.Clone(raw)
	binary.BigEndian.PutUint32(raw[16:], w)
	binary.BigEndian.PutUint32(raw[20:], h)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

func box(kind string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), kind...), all...)
}

// mp4 has the boxes of a video of 640 × 360 and 2.5 s, after a track without a size, as sound is.
func mp4() []byte {
	mvhd, tkhd := make([]byte, 100), make([]byte, 84)
	binary.BigEndian.PutUint32(mvhd[12:], 1000)
	binary.BigEndian.PutUint32(mvhd[16:], 2500)
	sound := bytes.Clone(tkhd)
	binary.BigEndian.PutUint32(tkhd[76:], 640<<16)
	binary.BigEndian.PutUint32(tkhd[80:], 360<<16)
	return append(box("ftyp", []byte("isom\x00\x00\x02\x00isomiso2avc1mp41")), box("moov", box("mvhd", mvhd), box("trak", box("tkhd", sound)), box("trak", box("tkhd", tkhd)))...)
}

func TestDetect_LooksAtTheContent(t *testing.T) {
	t.Parallel()
	opus := append([]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13"), "OpusHead\x01\x01"...)
	for _, c := range []struct {
		name string
		head []byte
		size int64
		want media.Info
	}{
		{"png", pngOf(t, 30, 20), 100, media.Info{Kind: media.Photo, MIME: "image/png", Width: 30, Height: 20}},
		{"jpeg", jpegOf(t, image.NewGray(image.Rect(0, 0, 8, 4))), 100, media.Info{Kind: media.Photo, MIME: "image/jpeg", Width: 8, Height: 4}},
		{"wide", pngOf(t, 2561, 200), 100, media.Info{Kind: media.Photo, MIME: "image/png", Width: 2561, Height: 200, Scale: true}},
		{"just fits", pngOf(t, 2560, 200), media.PhotoBytes, media.Info{Kind: media.Photo, MIME: "image/png", Width: 2560, Height: 200}},
		{"heavy", pngOf(t, 30, 20), media.PhotoBytes + 1, media.Info{Kind: media.Photo, MIME: "image/png", Width: 30, Height: 20, Scale: true}},
		{"thin", pngOf(t, 210, 10), 100, media.Info{Kind: media.Document, MIME: "image/png", Width: 210, Height: 10}},
		{"too heavy to scale", pngOf(t, 30, 20), media.MaxImageBytes + 1, media.Info{Kind: media.Document, MIME: "image/png", Width: 30, Height: 20}},
		{"a broken png", pngOf(t, 30, 20)[:20], 100, media.Info{Kind: media.Document, MIME: "image/png"}},
		{"gif", []byte("GIF89a\x01\x00\x01\x00"), 10, media.Info{Kind: media.Document, MIME: "image/gif"}},
		{"opus", opus, 100, media.Info{Kind: media.Voice, MIME: "audio/ogg"}},
		{"flac", []byte("fLaC\x00\x00\x00\x22"), 100, media.Info{Kind: media.Audio, MIME: "audio/flac"}},
		{"mp4", mp4(), 1000, media.Info{Kind: media.Video, MIME: "video/mp4", Width: 640, Height: 360, Seconds: 2.5}},
		{"text", []byte("hello"), 5, media.Info{Kind: media.Document, MIME: "text/plain"}},
		{"nothing known", []byte{1, 2, 3, 4}, 4, media.Info{Kind: media.Document, MIME: "application/octet-stream"}},
	} {
		got, err := content.Detect(c.head, c.size)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestDetect_RefusesBombsByTheirHeader(t *testing.T) {
	t.Parallel()
	bomb := claims(pngOf(t, 2, 2), 60000, 60000)
	if _, err := content.Detect(bomb, int64(len(bomb))); !fault.Is(err, fault.FileRefused) {
		t.Errorf("a bomb is %v", err)
	}
	if _, err := content.Scale(bytes.NewReader(bomb)); !fault.Is(err, fault.FileRefused) {
		t.Errorf("a bomb is scaled: %v", err)
	}
	if _, err := content.Scale(bytes.NewReader([]byte("no image"))); !fault.Is(err, fault.FileRefused) {
		t.Errorf("no image is scaled: %v", err)
	}
}

// What decides is the memory that decoding takes, which is not the same for all images of a size.
func TestDetect_CountsWhatDecodingTakes(t *testing.T) {
	t.Parallel()
	deep := func(w, h uint32) []byte { // 16 bits a channel
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewNRGBA64(image.Rect(0, 0, 2, 2))); err != nil {
			t.Fatal(err)
		}
		return claims(b.Bytes(), w, h)
	}
	photo := func(marker byte, w, h uint16) []byte { // 4:2:0, as cameras write them
		raw := jpegOf(t, image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420))
		at := bytes.Index(raw, []byte{0xFF, 0xC0})
		raw[at+1] = marker
		binary.BigEndian.PutUint16(raw[at+5:], h)
		binary.BigEndian.PutUint16(raw[at+7:], w)
		return raw
	}
	for _, c := range []struct {
		name    string
		head    []byte
		refused bool
	}{
		{"png of 49 MP", claims(pngOf(t, 2, 2), 7000, 7000), false},
		{"png of 25 MP in 16 bits", deep(5000, 5000), false},
		{"png of 49 MP in 16 bits", deep(7000, 7000), true},
		{"jpeg of 108 MP", photo(0xC0, 12000, 9000), false},
		{"progressive jpeg of 24 MP", photo(0xC2, 6000, 4000), false},
		{"progressive jpeg of 108 MP", photo(0xC2, 12000, 9000), true},
	} {
		info, err := content.Detect(c.head, int64(len(c.head)))
		if refused := fault.Is(err, fault.FileRefused); refused != c.refused || !refused && !info.Scale {
			t.Errorf("%s: %+v, %v", c.name, info, err)
		}
	}
}

func TestScale_FitsOnWhiteAsTheCameraWasHeld(t *testing.T) {
	t.Parallel()
	out, err := content.Scale(bytes.NewReader(pngOf(t, 3000, 300)))
	if err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(out))
	if err != nil || kind != "jpeg" || m.Bounds() != image.Rect(0, 0, 2560, 256) {
		t.Fatalf("%v %s %v", err, kind, m.Bounds())
	}
	if r, g, b, _ := m.At(100, 100).RGBA(); min(r, g, b) < 0xF000 {
		t.Errorf("what is transparent became %x %x %x, not white", r, g, b)
	}
	// More than twice as large: in several steps.
	if out, err = content.Scale(bytes.NewReader(pngOf(t, 11000, 501))); err != nil {
		t.Fatal(err)
	}
	if m, _, err = image.Decode(bytes.NewReader(out)); err != nil || m.Bounds() != image.Rect(0, 0, 2560, 116) {
		t.Fatalf("%v %v", err, m.Bounds())
	}
	if r, g, b, _ := m.At(2559, 115).RGBA(); min(r, g, b) < 0xF000 {
		t.Errorf("its corner became %x %x %x, not white", r, g, b)
	}
	// A picture that is black above and white below, taken with the camera turned: EXIF 6 is a quarter clockwise, so that
	// what is above comes to the right.
	half := image.NewGray(image.Rect(0, 0, 64, 32))
	for y := 16; y < 32; y++ {
		for x := range 64 {
			half.SetGray(x, y, color.Gray{255})
		}
	}
	exif := append([]byte("Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"), 0, 0, 0, 0)
	plain := jpegOf(t, half)
	held := append(append(append(bytes.Clone(plain[:2]), 0xFF, 0xE1), binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...), append(exif, plain[2:]...)...)
	if out, err = content.Scale(bytes.NewReader(held)); err != nil {
		t.Fatal(err)
	}
	if m, _, err = image.Decode(bytes.NewReader(out)); err != nil || m.Bounds() != image.Rect(0, 0, 32, 64) {
		t.Fatalf("%v %v", err, m.Bounds())
	}
	left, _, _, _ := m.At(4, 32).RGBA()
	right, _, _, _ := m.At(28, 32).RGBA()
	if left < 0xC000 || right > 0x4000 {
		t.Errorf("left %x, right %x: want white and black", left, right)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add(pngOf(f, 3, 2))
	f.Add(claims(pngOf(f, 3, 2), 1<<31, 1<<31))
	f.Add(mp4())
	f.Add(jpegOf(f, image.NewGray(image.Rect(0, 0, 3, 2))))
	f.Fuzz(func(t *testing.T, head []byte) {
		info, err := content.Detect(head, int64(len(head)))
		if err == nil && info.Scale && float64(info.Width)*float64(info.Height) > content.MaxDecoded {
			t.Errorf("%d × %d pixels are to be decoded", info.Width, info.Height)
		}
		if len(head) < 1<<16 && info.Kind == media.Photo && info.Width*info.Height < 1<<20 {
			_, _ = content.Scale(bytes.NewReader(head))
		}
	})
}
