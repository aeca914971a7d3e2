package event

import (
	"testing"
)

func BenchmarkEventBuilt(b *testing.B) {
	c := world()
	u := private("turn on the light", false)
	me := MeOf(c.Me)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		o := one(b, u, c)
		dst = AppendStored(dst[:0], "tg_k3vq7", me, &o, nil)
	}
	b.SetBytes(int64(len(dst)))
}
