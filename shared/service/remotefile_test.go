package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gotd/td/tg"

	"telegram-client/shared/fault"
)

func TestRemoteFile_OfEveryKindOfMessage(t *testing.T) {
	t.Parallel()
	const date = 1_795_347_000 // 2026-11-22 11:30 UTC
	photo := func(sizes ...tg.PhotoSizeClass) *tg.Photo {
		return &tg.Photo{ID: 7, AccessHash: 8, FileReference: []byte{9}, Sizes: sizes}
	}
	at := func(size string) tg.InputFileLocationClass {
		return &tg.InputPhotoFileLocation{ID: 7, AccessHash: 8, FileReference: []byte{9}, ThumbSize: size}
	}
	document := func(mime string, attributes ...tg.DocumentAttributeClass) *tg.Document {
		return &tg.Document{ID: 7, AccessHash: 8, FileReference: []byte{9}, Size: 100, MimeType: mime, Attributes: attributes}
	}
	here := &tg.InputDocumentFileLocation{ID: 7, AccessHash: 8, FileReference: []byte{9}}
	in := func(d *tg.Document) tg.MessageMediaClass { return &tg.MessageMediaDocument{Document: d} }
	small, large := &tg.PhotoSize{Type: "m", W: 320, H: 240, Size: 5000}, &tg.PhotoSize{Type: "y", W: 1280, H: 960, Size: 90000}
	for name, c := range map[string]struct {
		media tg.MessageMediaClass
		want  *remoteFile // nil: none
	}{
		"a photo": {&tg.MessageMediaPhoto{Photo: photo(small, large, &tg.PhotoStrippedSize{Type: "i", Bytes: []byte{1}}, &tg.PhotoPathSize{Type: "j"}, &tg.PhotoSizeEmpty{Type: "z"})},
			&remoteFile{id: 7, size: 90000, mime: "image/jpeg", name: "photo_2026-11-22_11-30-00.jpg", location: at("y")}},
		"a progressive photo": {&tg.MessageMediaPhoto{Photo: photo(&tg.PhotoSizeProgressive{Type: "w", W: 2560, H: 1920, Sizes: []int{100, 2000, 300000}}, small)},
			&remoteFile{id: 7, size: 300000, mime: "image/jpeg", name: "photo_2026-11-22_11-30-00.jpg", location: at("w")}},
		"a tiny photo": {&tg.MessageMediaPhoto{Photo: photo(&tg.PhotoCachedSize{Type: "s", W: 9, H: 9, Bytes: []byte("jpeg")})},
			&remoteFile{id: 7, size: 4, mime: "image/jpeg", name: "photo_2026-11-22_11-30-00.jpg", location: at("s"), inline: []byte("jpeg")}},
		"a photo without sizes": {&tg.MessageMediaPhoto{Photo: photo()}, nil},
		"an empty photo":        {&tg.MessageMediaPhoto{Photo: &tg.PhotoEmpty{ID: 7}}, nil},
		"a photo that is gone":  {&tg.MessageMediaPhoto{TTLSeconds: 5}, nil},
		"a file":                {in(document("application/pdf", &tg.DocumentAttributeFilename{FileName: "../a b.pdf"})), &remoteFile{id: 7, size: 100, mime: "application/pdf", name: "a b.pdf", location: here}},
		"a voice note":          {in(document("audio/ogg", &tg.DocumentAttributeAudio{Voice: true})), &remoteFile{id: 7, size: 100, mime: "audio/ogg", name: "voice_2026-11-22_11-30-00.ogg", location: here}},
		"an animation":          {in(document("video/mp4", &tg.DocumentAttributeAnimated{}, &tg.DocumentAttributeVideo{})), &remoteFile{id: 7, size: 100, mime: "video/mp4", name: "animation_2026-11-22_11-30-00.mp4", location: here}},
		"a video":               {in(document("video/mp4", &tg.DocumentAttributeVideo{})), &remoteFile{id: 7, size: 100, mime: "video/mp4", name: "video_2026-11-22_11-30-00.mp4", location: here}},
		"of no type":            {in(document("")), &remoteFile{id: 7, size: 100, mime: "application/octet-stream", name: "document_2026-11-22_11-30-00", location: here}},
		"a file that is gone":   {&tg.MessageMediaDocument{TTLSeconds: 5}, nil},
		"an empty file":         {&tg.MessageMediaDocument{Document: &tg.DocumentEmpty{}}, nil},
		"a preview's photo":     {&tg.MessageMediaWebPage{Webpage: &tg.WebPage{Photo: photo(small)}}, &remoteFile{id: 7, size: 5000, mime: "image/jpeg", name: "photo_2026-11-22_11-30-00.jpg", location: at("m")}},
		"a preview's file": {&tg.MessageMediaWebPage{Webpage: &tg.WebPage{Photo: photo(small), Document: document("video/mp4", &tg.DocumentAttributeVideo{})}},
			&remoteFile{id: 7, size: 100, mime: "video/mp4", name: "video_2026-11-22_11-30-00.mp4", location: here}},
		"a preview without":    {&tg.MessageMediaWebPage{Webpage: &tg.WebPage{}}, nil},
		"a preview that pends": {&tg.MessageMediaWebPage{Webpage: &tg.WebPagePending{}}, nil},
		"a place":              {&tg.MessageMediaGeo{}, nil},
		"text":                 {nil, nil},
	} {
		got, err := remoteFileOf(&tg.Message{ID: 71, Date: date, Media: c.media})
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(remoteFile{})); diff != "" || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
		if f := fault.Of(err); err != nil && (f.Code != fault.NotFound || f.Field != "message_id") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
