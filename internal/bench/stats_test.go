package bench

import (
	"math"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{
		{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := Median(c.in); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
	if !math.IsNaN(Median(nil)) {
		t.Error("the median of nothing is a number")
	}
	in := []float64{3, 1, 2}
	Median(in)
	if !slices.Equal(in, []float64{3, 1, 2}) {
		t.Error("Median has reordered its input")
	}
}

func TestRatios(t *testing.T) {
	got := Ratios([]float64{6, 9, 1}, []float64{3, 0})
	if !slices.Equal(got, []float64{2}) {
		t.Errorf("Ratios = %v", got)
	}
}

func TestPercentile(t *testing.T) {
	var values []int
	for i := 100; i > 0; i-- {
		values = append(values, i)
	}
	for p, want := range map[float64]int{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := percentile(values, p); got != want {
			t.Errorf("p%v = %d, want %d", p*100, got, want)
		}
	}
	if percentile([]int(nil), 0.99) != 0 {
		t.Error("a percentile of nothing")
	}
}

func TestSlope(t *testing.T) {
	a, b := slope([]float64{1, 2, 4, 8}, []float64{7, 9, 13, 21})
	if math.Abs(a-5) > 1e-9 || math.Abs(b-2) > 1e-9 {
		t.Errorf("slope = %v + %v x", a, b)
	}
}
