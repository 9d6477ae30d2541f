package directory

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"
)

// picture is a PNG of a size.
func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBrand(t *testing.T) {
	for name, c := range map[string]struct {
		brand Brand
		field string // that is refused
		says  string
	}{
		"nothing":          {Brand{}, "", ""},
		"all":              {Brand{Name: "Acme Telephones", Accent: "#E25320", Logo: picture(t, 128, 32)}, "", ""},
		"markup":           {Brand{Name: "<b>Acme</b>"}, "brand.name", "64 bytes"},
		"long name":        {Brand{Name: strings.Repeat("a", 65)}, "brand.name", "64 bytes"},
		"no colour":        {Brand{Accent: "red"}, "brand.accent", "#rrggbb"},
		"too many digits":  {Brand{Accent: "#aabbccd"}, "brand.accent", "#rrggbb"},
		"a sign":           {Brand{Accent: "#+abbcc"}, "brand.accent", "#rrggbb"},
		"style":            {Brand{Accent: "red;}b{"}, "brand.accent", "#rrggbb"},
		"too light":        {Brand{Accent: "#ffd54a"}, "brand.accent", "Take a darker one."},
		"too dark":         {Brand{Accent: "#10204a"}, "brand.accent", "Take a lighter one."},
		"no picture":       {Brand{Logo: []byte("<svg onload=alert(1)>")}, "brand.logo", "PNG"},
		"half a picture":   {Brand{Logo: picture(t, 99, 99)[:20]}, "brand.logo", "cannot be read"},
		"too small":        {Brand{Logo: picture(t, 8, 32)}, "brand.logo", "16 to 1024"},
		"too wide":         {Brand{Logo: picture(t, 2000, 32)}, "brand.logo", "2000 by 32"},
		"too many bytes":   {Brand{Logo: append(picture(t, 32, 32), make([]byte, 32<<10)...)}, "brand.logo", "32 KiB"},
		"upper case stays": {Brand{Accent: "#2C829C"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := tidyBrand(&c.brand)
			var e *Error
			if errors.As(err, &e); err == nil && c.field != "" || err != nil && (e == nil || e.Field != c.field || !strings.Contains(e.Message, c.says)) {
				t.Errorf("%v", err)
			}
			if strings.ToLower(c.brand.Accent) != c.brand.Accent {
				t.Error("not tidied")
			}
		})
	}
}
