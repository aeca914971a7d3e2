package transfer

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"pgregory.net/rapid"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// parts is Telegram's side of uploads: https://core.telegram.org/api/files#uploading-files.
type parts struct {
	before func(ctx context.Context, n int) error // asked before a part is kept

	mu     sync.Mutex
	kept   map[int][]byte
	totals map[int]int // as parts of big files said it
	id     int64
	active int
	most   int // parts at once
}

func (p *parts) Invoke(ctx context.Context, in bin.Encoder, out bin.Decoder) error {
	var id int64
	var n, total int
	var body []byte
	switch r := in.(type) {
	case *tg.UploadSaveFilePartRequest:
		id, n, body = r.FileID, r.FilePart, r.Bytes
	case *tg.UploadSaveBigFilePartRequest:
		id, n, total, body = r.FileID, r.FilePart, r.FileTotalParts, r.Bytes
	default:
		return fmt.Errorf("a %T", in)
	}
	p.mu.Lock()
	p.active++
	p.most = max(p.most, p.active)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.active--
		p.mu.Unlock()
	}()
	if p.before != nil {
		if err := p.before(ctx, n); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept, p.totals, p.id = map[int][]byte{}, map[int]int{}, id
	}
	if id != p.id {
		return tgerr.New(400, "FILE_ID_INVALID")
	}
	if _, twice := p.kept[n]; twice {
		return fmt.Errorf("part %d came twice", n)
	}
	p.kept[n] = bytes.Clone(body)
	p.totals[n] = total
	var b bin.Buffer
	(&tg.BoolBox{Bool: &tg.BoolTrue{}}).Encode(&b)
	return out.Decode(&b)
}

// file puts together what a request would name, by the rules for parts.
func (p *parts) file(t rapid.TB, in tg.InputFileClass, stream bool) []byte {
	t.Helper()
	var count int
	var id int64
	big, isBig := in.(*tg.InputFileBig)
	if isBig {
		id, count = big.ID, big.Parts
	} else {
		id, count = in.(*tg.InputFile).ID, in.(*tg.InputFile).Parts
	}
	if id != p.id || count != len(p.kept) {
		t.Fatalf("the file is %d of %d parts, kept are %d of %d", id, count, p.id, len(p.kept))
	}
	var all []byte
	for n := range count {
		part, ok := p.kept[n]
		size := len(p.kept[0])
		switch {
		case !ok:
			t.Fatalf("part %d is missing", n)
		case len(part) == 0:
			t.Fatalf("part %d is empty", n)
		case n < count-1 && (len(part) != size || size%1024 != 0 || 524288%size != 0), len(part) > 524288, len(part) > size:
			t.Fatalf("part %d of %d has %d bytes, the first %d", n, count, len(part), size)
		}
		want := 0
		switch {
		case isBig && stream && n < count-1:
			want = -1
		case isBig:
			want = count
		}
		if p.totals[n] != want {
			t.Fatalf("part %d of %d says that there are %d", n, count, p.totals[n])
		}
		all = append(all, part...)
	}
	if small, ok := in.(*tg.InputFile); ok {
		if sum := md5.Sum(all); small.MD5Checksum != hex.EncodeToString(sum[:]) {
			t.Fatal("the MD5 is wrong")
		}
		if len(all) > SmallFile {
			t.Fatalf("%d bytes were sent as a small file", len(all))
		}
	} else if !stream && len(all) <= SmallFile {
		t.Fatalf("%d bytes were sent as a big file", len(all))
	}
	return all
}

func nameOf(in tg.InputFileClass) string {
	if big, ok := in.(*tg.InputFileBig); ok {
		return big.Name
	}
	return in.(*tg.InputFile).Name
}

// some returns bytes that differ from each other.
func some(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// choppy reads a few bytes at a time, and sometimes none.
type choppy struct {
	r    io.Reader
	step int
	last bool
}

func (c *choppy) Read(p []byte) (int, error) {
	if c.last = !c.last; c.last && c.step%2 == 1 {
		return 0, nil
	}
	return c.r.Read(p[:min(len(p), c.step)])
}

func TestUpload_EveryByteArrives(t *testing.T) {
	t.Parallel()
	all := some(11 << 20)
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.SampledFrom([]int{0, 1, smallPart, 3 * smallPart, 128 << 10, PartSize, 2 * PartSize, 5 * PartSize, 6 * smallPart, SmallFile, 21 * PartSize}).Draw(t, "edge")
		size := max(1, edge+rapid.IntRange(-1, 1).Draw(t, "off"))
		stream := rapid.Bool().Draw(t, "size is not known")
		f := &media.File{Name: "a.bin", Size: int64(size), Body: io.NopCloser(&choppy{r: bytes.NewReader(all[:size]), step: rapid.SampledFrom([]int{1 << 20, 100_003, 64 << 10}).Draw(t, "step")})}
		if stream {
			f.Size = -1
		}
		var p parts
		var said int64
		in, err := Upload(context.Background(), tg.NewClient(&p), f, func(done, total int64) {
			if done <= said || total != f.Size {
				t.Errorf("progress %d of %d after %d", done, total, said)
			}
			said = done
		})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.file(t, in, stream), all[:size]) {
			t.Fatal("what arrived is not what was sent")
		}
		if said != int64(size) {
			t.Fatalf("progress ended at %d of %d", said, size)
		}
		if p.most > mostInFlight {
			t.Fatalf("%d parts at once", p.most)
		}
		if name := nameOf(in); name != "a.bin" {
			t.Fatalf("it is called %q", name)
		}
	})
}

func TestUpload_SourcesThatLie(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	told := fault.New(fault.FileRefused, "The address stopped sending.")
	cut := func(n int, err error) io.Reader { return io.MultiReader(bytes.NewReader(some(n)), &failing{err}) }
	for name, c := range map[string]struct {
		said  int64
		body  io.Reader
		code  fault.Code
		cause error
	}{
		"empty, known":             {0, strings.NewReader(""), fault.FileRefused, nil},
		"empty, unknown":           {-1, strings.NewReader(""), fault.FileRefused, nil},
		"empty, said otherwise":    {5, strings.NewReader(""), fault.FileRefused, nil},
		"one byte short":           {3 * smallPart, bytes.NewReader(some(3*smallPart - 1)), fault.FileRefused, nil},
		"one byte long":            {3 * smallPart, bytes.NewReader(some(3*smallPart + 1)), fault.FileRefused, nil},
		"one byte long, tiny":      {10, bytes.NewReader(some(11)), fault.FileRefused, nil},
		"big, short":               {11 << 20, bytes.NewReader(some(11<<20 - 1)), fault.FileRefused, nil},
		"big, long":                {11 << 20, bytes.NewReader(some(11<<20 + 1)), fault.FileRefused, nil},
		"too large, known":         {MaxParts*PartSize + 1, strings.NewReader("a"), fault.FileTooLarge, nil},
		"too large, unknown":       {-1, endless{}, fault.FileTooLarge, nil},
		"cut at 60 %, known":       {11 << 20, bytes.NewReader(some(11 << 20 * 6 / 10)), fault.FileRefused, nil},
		"broken off":               {11 << 20, cut(11<<20*6/10, broken), fault.FileRefused, broken},
		"broken off, unknown":      {-1, cut(PartSize, io.ErrUnexpectedEOF), fault.FileRefused, io.ErrUnexpectedEOF},
		"broken off with a reason": {-1, cut(PartSize/2, told), fault.FileRefused, told},
		"nothing, for ever":        {-1, cut(0, nil), fault.FileRefused, io.ErrNoProgress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p parts
			var api tg.Invoker = &p
			if c.code == fault.FileTooLarge {
				api = answering(true)
			}
			in, err := Upload(context.Background(), tg.NewClient(api), &media.File{Size: c.said, Body: io.NopCloser(c.body)}, nil)
			if !fault.Is(err, c.code) {
				t.Fatalf("%v, %v", in, err)
			}
			if c.cause != nil && !errors.Is(err, c.cause) {
				t.Fatalf("%v does not say %v", err, c.cause)
			}
			for n, total := range p.totals {
				if c.said == -1 && total != -1 {
					t.Errorf("part %d was called the last of %d", n, total)
				}
			}
		})
	}
}

func TestUpload_PartThatTelegramDoesNotKeep(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{10, 11 << 20, -1} {
		var api answering
		in, err := Upload(t.Context(), tg.NewClient(api), &media.File{Size: size, Body: io.NopCloser(bytes.NewReader(some(int(max(size, 10)))))}, nil)
		if !fault.Is(err, fault.TelegramError) {
			t.Errorf("%d bytes: %v, %v", size, in, err)
		}
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// answering answers that a part was kept, or not.
type answering bool

func (a answering) Invoke(_ context.Context, _ bin.Encoder, out bin.Decoder) error {
	var answer tg.BoolClass = &tg.BoolFalse{}
	if a {
		answer = &tg.BoolTrue{}
	}
	var b bin.Buffer
	(&tg.BoolBox{Bool: answer}).Encode(&b)
	return out.Decode(&b)
}

// A source may wait for what it gave to arrive: part n+4 comes only after part n was acknowledged.
func TestUpload_StreamsFromASourceThatWaits(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 4, 5, 30} {
		for _, size := range []int64{-1, int64(count) * PartSize} {
			if size > 0 && size <= SmallFile {
				size = -1
			}
			synctest.Test(t, func(t *testing.T) {
				all := some(count * PartSize)
				gate := make(chan struct{}, 4+count)
				for range 4 {
					gate <- struct{}{}
				}
				r, w := io.Pipe()
				go func() {
					for n := range count {
						<-gate
						w.Write(all[n*PartSize : (n+1)*PartSize])
					}
					w.Close()
				}()
				p := parts{before: func(context.Context, int) error { <-time.After(time.Second); return nil }}
				in, err := Upload(t.Context(), tg.NewClient(&p), &media.File{Size: size, Body: r}, func(int64, int64) { gate <- struct{}{} })
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(p.file(t, in, size < 0), all) {
					t.Fatal("what arrived is not what was sent")
				}
				if count == 30 && p.most < 2 {
					t.Errorf("never more than %d part at once", p.most)
				}
			})
		}
	}
}

// No more is read than the parts under way and one more.
func TestUpload_ReadsOnePartAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &counting{r: io.LimitReader(endless{}, 40*PartSize)}
		p := parts{}
		var answered, ahead int64
		p.before = func(context.Context, int) error {
			<-time.After(time.Second)
			return nil
		}
		_, err := Upload(t.Context(), tg.NewClient(&p), &media.File{Size: -1, Body: io.NopCloser(r)}, func(done, _ int64) {
			ahead = max(ahead, r.read()-answered)
			answered = done
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := int64((mostInFlight + 1) * PartSize); ahead > want || p.most != mostInFlight {
			t.Errorf("%d bytes read ahead, %d parts at once", ahead, p.most)
		}
	})
}

type counting struct {
	r  io.Reader
	mu sync.Mutex
	n  int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int64(n)
	return n, err
}

func (c *counting) read() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
