package content

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"io"

	"golang.org/x/image/draw"

	"telegram-client/shared/fault"
	"telegram-client/shared/media"
)

// quality is that of scaled photos, as the Python integration has it.
const quality = 85

// Scale makes an image fit the limits of photos: at most media.PhotoSide on its longer side, JPEG, what is transparent on
// white, turned as its EXIF says, since that is lost. The image has passed [Detect]; its header is read once more before it is decoded.
func Scale(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, media.MaxImageBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > media.MaxImageBytes {
		return nil, fault.New(fault.FileTooLarge, "This image is larger than %d MB, which is more than can be scaled. Send it with force_document.", media.MaxImageBytes>>20)
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(raw))
	if err == nil {
		err = decodable(c, kind, raw)
		if err != nil {
			return nil, err
		}
	}
	var from image.Image
	if err == nil {
		from, _, err = image.Decode(bytes.NewReader(raw))
	}
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This image is broken and cannot be scaled. Send it with force_document.").Because(err)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turn(shrink(from), orientation(raw)), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// shrink returns an image on white that fits the limits. It halves while it can, which for this kernel is the mean of
// four pixels: the better kernels of the package hold 32 bytes for each column of the result and each row of the image.
func shrink(from image.Image) *image.RGBA {
	w, h := fit(from.Bounds().Dx(), from.Bounds().Dy())
	for op := draw.Over; ; op = draw.Src {
		b := from.Bounds()
		size := image.Rect(0, 0, w, h)
		last := b.Dx() <= 2*w || b.Dy() <= 2*h
		if !last {
			size = image.Rect(0, 0, (b.Dx()+1)/2, (b.Dy()+1)/2)
		}
		to := image.NewRGBA(size)
		if op == draw.Over {
			draw.Draw(to, size, image.NewUniform(color.White), image.Point{}, draw.Src)
		}
		draw.ApproxBiLinear.Scale(to, size, from, b, op, nil)
		if last {
			return to
		}
		from = to
	}
}

// decodable is a fault if an image would take more than [MaxDecoded] to decode.
func decodable(c image.Config, kind string, raw []byte) error {
	if float64(c.Width)*float64(c.Height)*bytesPerPixel(c, kind, raw) <= MaxDecoded {
		return nil
	}
	return fault.New(fault.FileRefused, "This image says of itself to have %d × %d pixels, which is more than can be scaled. Send it with force_document.", c.Width, c.Height)
}

// bytesPerPixel is what Go's decoders hold of an image. Of a progressive JPEG they keep all coefficients, four bytes
// each, until its last scan; a component may have fewer samples than there are pixels. ITU-T T.81, B.2.2.
func bytesPerPixel(c image.Config, kind string, raw []byte) float64 {
	if kind != "jpeg" {
		switch c.ColorModel {
		case color.GrayModel:
			return 1
		case color.Gray16Model:
			return 2
		case color.RGBA64Model, color.NRGBA64Model:
			return 8
		}
		return 4
	}
	const worst = 4 * 5 // four components, progressive
	for at := 2; at+10 <= len(raw) && raw[at] == 0xFF; {
		marker, size := raw[at+1], int(binary.BigEndian.Uint16(raw[at+2:]))
		if marker >= 0xC0 && marker <= 0xC2 {
			components := raw[at+10 : min(len(raw), at+2+max(size, 8))]
			most, samples := 1, 0
			for ; len(components) >= 3; components = components[3:] {
				n := int(components[1]>>4) * int(components[1]&15)
				samples += n
				most = max(most, n)
			}
			each := float64(samples) / float64(most)
			if marker == 0xC2 {
				each *= 5
			}
			return each
		}
		if marker == 0xFF {
			at++ // a fill byte
			continue
		}
		at += 2 + max(size, 2)
	}
	return worst
}

// fit returns the size of an image within the limits, with the same ratio.
func fit(w, h int) (int, int) {
	long := max(w, h)
	if long <= media.PhotoSide {
		return w, h
	}
	return max(1, w*media.PhotoSide/long), max(1, h*media.PhotoSide/long)
}

// turn returns an image as an EXIF orientation wants it shown.
func turn(m *image.RGBA, o int) image.Image {
	if o < 2 || o > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := x, y
			switch o {
			case 2:
				fx = w - 1 - x
			case 3:
				fx, fy = w-1-x, h-1-y
			case 4:
				fy = h - 1 - y
			case 5:
				fx, fy = y, x
			case 6:
				fx, fy = y, h-1-x
			case 7:
				fx, fy = w-1-y, h-1-x
			case 8:
				fx, fy = w-1-y, x
			}
			to.SetRGBA(x, y, m.RGBAAt(fx, fy))
		}
	}
	return to
}

// orientation returns the EXIF orientation of a JPEG, 1 to 8; 1 if there is none. CIPA DC-008, 4.6.4: tag 0x0112 of the
// first directory.
func orientation(raw []byte) int {
	for at := 2; at+4 <= len(raw) && raw[at] == 0xFF && raw[at+1] != 0xDA; {
		size := int(binary.BigEndian.Uint16(raw[at+2:]))
		end := at + 2 + size
		if size < 2 || end > len(raw) {
			break
		}
		if body := raw[at+4 : end]; raw[at+1] == 0xE1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		at = end
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	first := int64(order.Uint32(t[4:]))
	if first+2 > int64(len(t)) {
		return 1
	}
	entries := int(order.Uint16(t[first:]))
	for i := range entries {
		at := first + 2 + 12*int64(i)
		if at+12 > int64(len(t)) {
			break
		}
		if order.Uint16(t[at:]) == 0x0112 {
			if o := int(order.Uint16(t[at+8:])); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}
