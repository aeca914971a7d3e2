package media_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"telegram-client/shared/media"
)

func TestAlbums_PartAsTelegramDemands(t *testing.T) {
	t.Parallel()
	many := func(k media.Kind, n int) []media.Kind {
		var all []media.Kind
		for range n {
			all = append(all, k)
		}
		return all
	}
	for _, c := range []struct {
		kinds []media.Kind
		want  []int
	}{
		{nil, nil},
		{many(media.Photo, 10), []int{10}},
		{many(media.Photo, 11), []int{10, 1}},
		{many(media.Document, 21), []int{10, 10, 1}},
		{[]media.Kind{media.Photo, media.Video, media.Document, media.Photo, media.Audio, media.Audio}, []int{2, 1, 1, 2}},
		{many(media.Voice, 2), []int{1, 1}},
		{many(media.Animation, 2), []int{1, 1}},
	} {
		if d := cmp.Diff(c.want, media.Albums(c.kinds)); d != "" {
			t.Errorf("%v (-want +got):\n%s", c.kinds, d)
		}
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a.jpg": "a.jpg", "/x/y/b.png": "b.png", `c:\d\e.txt`: "e.txt", "": "file", "..": "file", "a\nb\u202Egpj.exe": "abgpj.exe", "dir/": "dir",
	} {
		if got := media.CleanName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
