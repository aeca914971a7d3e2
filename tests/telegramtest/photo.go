package telegramtest

import (
	"bytes"
	"image"
	_ "image/gif" // what Telegram makes photos of
	"image/jpeg"
	_ "image/png"
	"path"
	"slices"
	"strings"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// photoSize is a photo in one size. https://core.telegram.org/api/files#image-thumbnail-types
type photoSize struct {
	kind          string
	width, height int
	content       content
}

// photoBoxes are the sizes that Telegram makes, by what both sides fit in.
var photoBoxes = []struct {
	kind string
	side int
}{{"s", 100}, {"m", 320}, {"x", 800}, {"y", 1280}, {"w", 2560}}

// https://core.telegram.org/bots/api#sendphoto
const (
	mostPhoto      = 10 << 20 // bytes
	mostPhotoSides = 10_000   // pixels of width and height together
	mostPhotoRatio = 20
)

var photoExtensions = []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp"}

// newPhoto makes a photo of an image, or says why it cannot be one (A56).
func (s *Server) newPhoto(dc int, name string, streamed bool, all content) (*file, error) {
	switch {
	case !slices.Contains(photoExtensions, strings.ToLower(path.Ext(name))):
		return nil, tgerr.New(400, "PHOTO_EXT_INVALID")
	case streamed, all.size() > mostPhoto:
		// https://core.telegram.org/api/files#streamed-uploads: photos cannot be streamed.
		return nil, tgerr.New(400, "PHOTO_SAVE_FILE_INVALID")
	}
	data := whole(all)
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, tgerr.New(400, "IMAGE_PROCESS_FAILED")
	}
	long, short := max(head.Width, head.Height), min(head.Width, head.Height)
	if short == 0 || head.Width+head.Height > mostPhotoSides || long > mostPhotoRatio*short {
		return nil, tgerr.New(400, "PHOTO_INVALID_DIMENSIONS")
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, tgerr.New(400, "IMAGE_PROCESS_FAILED")
	}
	f := s.newFile(dc, name, all)
	f.photo, f.mime = true, "image/jpeg"
	f.sizes = photoSizes(img, all)
	return f, nil
}

// photoSizes makes the sizes of a photo. The largest one is the image as it was sent (A57).
func photoSizes(img image.Image, original content) []photoSize {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	var all []photoSize
	for i, box := range photoBoxes {
		if max(w, h) <= box.side || i == len(photoBoxes)-1 {
			return append(all, photoSize{kind: box.kind, width: w, height: h, content: original})
		}
		if box.kind == "s" || box.kind == "y" {
			continue // made of large documents only
		}
		all = append(all, scaled(img, box.kind, box.side))
	}
	return all
}

// scaled makes a JPEG of an image whose sides fit in a square.
func scaled(img image.Image, kind string, side int) photoSize {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	long := max(w, h)
	small := image.NewRGBA(image.Rect(0, 0, max(w*side/long, 1), max(h*side/long, 1)))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	var b bytes.Buffer
	// A buffer takes everything, and the image is not too large.
	_ = jpeg.Encode(&b, small, &jpeg.Options{Quality: 80})
	return photoSize{kind: kind, width: small.Rect.Dx(), height: small.Rect.Dy(), content: chunks{b.Bytes()}}
}

// seeSizes returns sizes in the schema's words: the largest is a progressive JPEG if it is more than a thumbnail.
// https://core.telegram.org/type/PhotoSize
func seeSizes(sizes []photoSize) []tg.PhotoSizeClass {
	var all []tg.PhotoSizeClass
	for i, p := range sizes {
		size := int(p.content.size())
		if i == len(sizes)-1 && max(p.width, p.height) > 800 {
			all = append(all, &tg.PhotoSizeProgressive{Type: p.kind, W: p.width, H: p.height, Sizes: []int{size / 8, size / 2, size}})
			continue
		}
		all = append(all, &tg.PhotoSize{Type: p.kind, W: p.width, H: p.height, Size: size})
	}
	return all
}

// size returns one of the sizes; nil if it is not there.
func (f *file) size(kind string) *photoSize {
	all := f.thumbs
	if f.photo {
		all = f.sizes
	}
	for i := range all {
		if all[i].kind == kind {
			return &all[i]
		}
	}
	return nil
}
