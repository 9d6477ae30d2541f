package directory

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/webp"

	"github.com/tandem-switch/tandem/sanitize"
)

// Brand is how the pages of a domain look to its people.
type Brand struct {
	Name   string `json:"name,omitempty" doc:"What stands in the place of Tandem, at most 64 bytes."`
	Accent string `json:"accent,omitempty" doc:"Colour of what is new and live, #rrggbb. It is seen against light and dark, with a contrast of at least 3."`
	Logo   []byte `json:"logo,omitempty" doc:"Picture in base64: PNG, JPEG or WebP of at most 32 KiB, 16 to 1024 pixels wide and high."`
}

// IsZero tells whether there is none, for omitzero.
func (b Brand) IsZero() bool { return b.Name == "" && b.Accent == "" && len(b.Logo) == 0 }

// LogoType is the media type of the logo; empty without one.
func (b Brand) LogoType() string {
	if len(b.Logo) == 0 {
		return ""
	}
	return http.DetectContentType(b.Logo)
}

// The sizes of a Brand.
const (
	maxBrandName = 64
	maxLogo      = 32 << 10
	minLogoSide  = 16
	maxLogoSide  = 1024
)

// leastContrast is that of shapes (WCAG 2.2, 1.4.11).
const leastContrast = 3

// grounds are what the accent is seen against: the surface of the pages, light and
// dark (web/src/ui/tokens.css, where a test holds them together). What is lighter or
// darker than these, the pages themselves make up for (accentTokens in
// web/src/ui/theme.ts).
var grounds = [...]struct{ name, colour string }{{"light", "#f8f8f4"}, {"dark", "#1e2220"}}

// logoKinds tell the size of a picture, by its type.
var logoKinds = map[string]func(io.Reader) (image.Config, error){
	"image/png": png.DecodeConfig, "image/jpeg": jpeg.DecodeConfig, "image/webp": webp.DecodeConfig,
}

// tidyBrand brings a brand into its one form and checks it.
func tidyBrand(b *Brand) error {
	if sanitize.Text(b.Name, maxBrandName) != b.Name {
		return wrong("brand.name", "The name has at most "+strconv.Itoa(maxBrandName)+" bytes, without markup and control characters.")
	}
	b.Accent = strings.ToLower(b.Accent)
	if err := checkAccent(b.Accent); err != nil {
		return err
	}
	b.Logo = slices.Clone(b.Logo)
	return checkLogo(b.Logo)
}

func checkAccent(accent string) error {
	if accent == "" {
		return nil
	}
	own, ok := luminance(accent)
	if !ok {
		return wrong("brand.accent", strconv.Quote(shorten(accent))+" is no colour: write #rrggbb, such as #e25320.")
	}
	for _, g := range grounds {
		ground, _ := luminance(g.colour)
		if c := contrast(own, ground); c < leastContrast {
			way := "darker"
			if g.name == "dark" {
				way = "lighter"
			}
			return wrong("brand.accent", fmt.Sprintf("The colour %s has a contrast of %.1f on the %s pages, and needs %d. Take a %s one.", accent, c, g.name, leastContrast, way))
		}
	}
	return nil
}

// contrast is that of two relative luminances (WCAG 2.2).
func contrast(a, b float64) float64 { return (max(a, b) + .05) / (min(a, b) + .05) }

// luminance is the relative luminance of #rrggbb (WCAG 2.2).
func luminance(colour string) (float64, bool) {
	if len(colour) != 7 || colour[0] != '#' {
		return 0, false
	}
	rgb, err := strconv.ParseUint(colour[1:], 16, 24)
	if err != nil {
		return 0, false
	}
	part := func(shift int) float64 {
		v := float64(rgb>>shift&0xff) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return .2126*part(16) + .7152*part(8) + .0722*part(0), true
}

func checkLogo(logo []byte) error {
	if len(logo) == 0 {
		return nil
	}
	if len(logo) > maxLogo {
		return wrong("brand.logo", "A logo has at most "+strconv.Itoa(maxLogo>>10)+" KiB.")
	}
	size := logoKinds[http.DetectContentType(logo)]
	if size == nil {
		return wrong("brand.logo", "A logo is a picture as PNG, JPEG or WebP.")
	}
	c, err := size(bytes.NewReader(logo))
	if err != nil {
		return wrong("brand.logo", "The picture cannot be read.")
	}
	if min(c.Width, c.Height) < minLogoSide || max(c.Width, c.Height) > maxLogoSide {
		return wrong("brand.logo", fmt.Sprintf("A logo is %d to %d pixels wide and high; this is %d by %d.", minLogoSide, maxLogoSide, c.Width, c.Height))
	}
	return nil
}
