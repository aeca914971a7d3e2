package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"io"

	"golang.org/x/image/draw"

	"telegram-client/shared/fault"
)

// quality is that of scaled photos, as the Python integration has it.
const quality = 85

// Scale makes an image fit the limits of photos: at most [PhotoSide] on its longer side, JPEG, what is transparent on
// white, turned as its EXIF says, since that is lost. The image has passed [Detect]; its header is read once more before it is decoded.
func Scale(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxImageBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxImageBytes {
		return nil, fault.New(fault.FileTooLarge, "This image is larger than %d MB, which is more than can be scaled. Send it with force_document.", MaxImageBytes>>20)
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err == nil && int64(c.Width)*int64(c.Height) > MaxPixels {
		return nil, fault.New(fault.FileRefused, "This image says of itself to have %d × %d pixels, which is more than can be scaled. Send it with force_document.", c.Width, c.Height)
	}
	var from image.Image
	if err == nil {
		from, _, err = image.Decode(bytes.NewReader(raw))
	}
	if err != nil {
		return nil, fault.New(fault.FileRefused, "This image is broken and cannot be scaled. Send it with force_document.").Because(err)
	}
	b := from.Bounds()
	w, h := fit(b.Dx(), b.Dy())
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(to, to.Bounds(), from, b, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turn(to, orientation(raw)), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// fit returns the size of an image within the limits, with the same ratio.
func fit(w, h int) (int, int) {
	long := max(w, h)
	if long <= PhotoSide {
		return w, h
	}
	return max(1, w*PhotoSide/long), max(1, h*PhotoSide/long)
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
