package message

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/media"
	"telegram-client/shared/textparse"
)

func TestLook_ShowsFilesAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	file := &tg.InputFile{ID: 1}
	name := &tg.DocumentAttributeFilename{FileName: "n"}
	document := func(mime string, force, nosound bool, more ...tg.DocumentAttributeClass) tg.InputMediaClass {
		return &tg.InputMediaUploadedDocument{File: file, MimeType: mime, ForceFile: force, NosoundVideo: nosound,
			Attributes: append([]tg.DocumentAttributeClass{name}, more...)}
	}
	photo := media.Info{Kind: media.Photo, MIME: "image/jpeg", Width: 4, Height: 3}
	video := media.Info{Kind: media.Video, MIME: "video/mp4", Width: 640, Height: 480, Seconds: 1.5}
	for what, c := range map[string]struct {
		look Look
		info media.Info
		want tg.InputMediaClass
	}{
		"photo":               {Look{Streaming: true, Video: true}, photo, &tg.InputMediaUploadedPhoto{File: file}},
		"photo as document":   {Look{Document: true}, photo, document("image/jpeg", true, false)},
		"video":               {Look{}, video, document("video/mp4", false, false, &tg.DocumentAttributeVideo{W: 640, H: 480, Duration: 1.5})},
		"video, streamed":     {Look{Streaming: true, Video: true}, video, document("video/mp4", false, true, &tg.DocumentAttributeVideo{W: 640, H: 480, Duration: 1.5, SupportsStreaming: true})},
		"video of no size":    {Look{}, media.Info{Kind: media.Video, MIME: "video/webm"}, document("video/webm", false, false, &tg.DocumentAttributeVideo{W: 1, H: 1})},
		"video as document":   {Look{Document: true, Streaming: true, Video: true}, video, document("video/mp4", true, false)},
		"audio":               {Look{}, media.Info{Kind: media.Audio, MIME: "audio/mpeg"}, document("audio/mpeg", false, false, &tg.DocumentAttributeAudio{})},
		"voice":               {Look{}, media.Info{Kind: media.Voice, MIME: "audio/ogg"}, document("audio/ogg", false, false, &tg.DocumentAttributeAudio{Voice: true})},
		"animation":           {Look{Video: true}, media.Info{Kind: media.Document, MIME: "image/gif"}, document("image/gif", false, false)},
		"nobody knows what":   {Look{}, media.Info{Kind: media.Document}, document("application/octet-stream", false, false)},
		"voice as a document": {Look{Document: true}, media.Info{Kind: media.Voice, MIME: "audio/ogg"}, document("audio/ogg", true, false)},
	} {
		if diff := cmp.Diff(c.want, c.look.Media(file, "n", c.info)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	one, two := Send{Files: make([]File, 1), SupportsStreaming: true}, Send{Files: make([]File, 2), ForceDocument: true}
	if diff := cmp.Diff([]Look{{Streaming: true}, {Document: true, Video: true}}, []Look{one.Look(), two.Look()}); diff != "" {
		t.Errorf("of several files videos stay videos: %s", diff)
	}
}

func TestReadMedium_SaysWhatTelegramMadeOfAFile(t *testing.T) {
	t.Parallel()
	document := func(a ...tg.DocumentAttributeClass) tg.MessageMediaClass {
		return &tg.MessageMediaDocument{Document: &tg.Document{ID: 5, AccessHash: 6, FileReference: []byte{7}, Attributes: a}}
	}
	for name, c := range map[string]struct {
		media tg.MessageMediaClass
		want  media.Kind
	}{
		"document":    {document(&tg.DocumentAttributeFilename{}), media.Document},
		"video":       {document(&tg.DocumentAttributeVideo{}), media.Video},
		"animation":   {document(&tg.DocumentAttributeVideo{}, &tg.DocumentAttributeAnimated{}), media.Animation},
		"a GIF":       {document(&tg.DocumentAttributeAnimated{}, &tg.DocumentAttributeVideo{}), media.Animation},
		"round video": {document(&tg.DocumentAttributeVideo{RoundMessage: true}), media.Animation},
		"sticker":     {document(&tg.DocumentAttributeImageSize{}, &tg.DocumentAttributeSticker{}), media.Animation},
		"audio":       {document(&tg.DocumentAttributeAudio{}), media.Audio},
		"voice":       {document(&tg.DocumentAttributeAudio{Voice: true}), media.Voice},
	} {
		want := Medium{c.want, &tg.InputMediaDocument{ID: &tg.InputDocument{ID: 5, AccessHash: 6, FileReference: []byte{7}}}}
		got, ok := ReadMedium(c.media)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
	got, ok := ReadMedium(&tg.MessageMediaPhoto{Photo: &tg.Photo{ID: 5, AccessHash: 6, FileReference: []byte{7}}})
	want := Medium{media.Photo, &tg.InputMediaPhoto{ID: &tg.InputPhoto{ID: 5, AccessHash: 6, FileReference: []byte{7}}}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("photo: %v %s", ok, diff)
	}
	for _, none := range []tg.MessageMediaClass{nil, &tg.MessageMediaEmpty{}, &tg.MessageMediaPhoto{}, &tg.MessageMediaPhoto{Photo: &tg.PhotoEmpty{}}, &tg.MessageMediaDocument{}, &tg.MessageMediaWebPage{}} {
		if got, ok := ReadMedium(none); ok {
			t.Errorf("%T is %+v", none, got)
		}
	}
}

func TestSend_PlanFilesPartsThemIntoAlbums(t *testing.T) {
	t.Parallel()
	const p, v, a, d, n, g = media.Photo, media.Video, media.Audio, media.Document, media.Voice, media.Animation
	many := func(k media.Kind, n int) []media.Kind {
		var all []media.Kind
		for range n {
			all = append(all, k)
		}
		return all
	}
	for name, c := range map[string]struct {
		kinds []media.Kind
		done  int
		want  []int
	}{
		"one":              {many(p, 1), 0, []int{1}},
		"eleven photos":    {many(p, 11), 0, []int{10, 1}},
		"ten are done":     {many(p, 11), 10, []int{10, 1}},
		"all are done":     {many(p, 11), 11, []int{10, 1}},
		"mixed":            {[]media.Kind{p, v, p, a, a, d, n, n, g, g, v, p}, 0, []int{3, 2, 1, 1, 1, 1, 1, 2}},
		"twenty five":      {many(d, 25), 0, []int{10, 10, 5}},
		"alternating":      {[]media.Kind{p, d, p, d}, 0, []int{1, 1, 1, 1}},
		"some of an album": {many(v, 4), 1, []int{1, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, ids := make([]Medium, len(c.kinds)), make([]int64, len(c.kinds))
			for i, k := range c.kinds {
				files[i], ids[i] = Medium{k, &tg.InputMediaPhoto{ID: &tg.InputPhoto{ID: int64(i)}}}, int64(100+i)
			}
			to, at := &tg.InputPeerUser{UserID: 1001, AccessHash: 5}, time.Unix(1795339400, 0)
			s := Send{Parts: plain("caption"), Silent: true, ClearDraft: true}
			requests, err := s.PlanFiles(Place{Peer: to, ReplyTo: 7, At: at}, files, ids, c.done)
			if err != nil {
				t.Fatal(err)
			}
			next := 0
			var lengths []int
			for _, r := range requests {
				reply := &tg.InputReplyToMessage{ReplyToMsgID: 7}
				text := func() string {
					if next == 0 {
						return "caption"
					}
					return ""
				}
				if r.One != nil {
					want := &tg.MessagesSendMediaRequest{Peer: to, Media: files[next].Input, Message: text(), RandomID: ids[next], Silent: true, ClearDraft: true, ReplyTo: reply, ScheduleDate: 1795339400}
					want.SetFlags()
					if diff := cmp.Diff(want, r.One); diff != "" {
						t.Error(diff)
					}
					lengths, next = append(lengths, 1), next+1
					continue
				}
				want := &tg.MessagesSendMultiMediaRequest{Peer: to, Silent: true, ClearDraft: true, ReplyTo: reply, ScheduleDate: 1795339400}
				for range r.Album.MultiMedia {
					want.MultiMedia = append(want.MultiMedia, tg.InputSingleMedia{Media: files[next].Input, RandomID: ids[next], Message: text()})
					next++
				}
				want.SetFlags()
				if diff := cmp.Diff(want, r.Album); diff != "" {
					t.Error(diff)
				}
				lengths = append(lengths, len(r.Album.MultiMedia))
			}
			if diff := cmp.Diff(c.want, lengths); diff != "" || next != len(files) {
				t.Errorf("%d of %d files, %s", next, len(files), diff)
			}
		})
	}
}

func TestSend_PlanOneFileHasAllThatATextHas(t *testing.T) {
	t.Parallel()
	s := Send{Parts: []textparse.Text{{Text: "a", Entities: []textparse.Entity{{Kind: textparse.Bold, Length: 1}}}},
		Markup: Markup{Kind: InlineMarkup, Rows: [][]Button{{{Text: "x", Data: "y"}}}}}
	file := &tg.InputMediaPhoto{ID: &tg.InputPhoto{ID: 1}}
	to := &tg.InputPeerSelf{}
	got, err := s.PlanFiles(Place{Peer: to}, []Medium{{media.Photo, file}}, []int64{5}, 0)
	want := &tg.MessagesSendMediaRequest{Peer: to, Media: file, Message: "a", RandomID: 5, ReplyMarkup: s.Markup.TL(),
		Entities: []tg.MessageEntityClass{&tg.MessageEntityBold{Length: 1}}}
	want.SetFlags()
	if diff := cmp.Diff([]FilesRequest{{One: want}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	// Of an album the first has text and entities.
	s.Markup = Markup{}
	got, err = s.PlanFiles(Place{Peer: to}, []Medium{{media.Photo, file}, {media.Photo, file}}, []int64{5, 6}, 0)
	items := []tg.InputSingleMedia{{Media: file, RandomID: 5, Message: "a", Entities: want.Entities}, {Media: file, RandomID: 6}}
	items[0].SetFlags()
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if diff := cmp.Diff(items, got[0].Album.MultiMedia); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ ids, done int }{{1, 0}, {2, 3}} {
		if _, err := s.PlanFiles(Place{Peer: to}, make([]Medium, 2), make([]int64, c.ids), c.done); err == nil {
			t.Errorf("a plan of two files with %d random ids and %d done", c.ids, c.done)
		}
	}
}
