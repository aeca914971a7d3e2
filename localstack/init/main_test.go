package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A bootstrap for another machine is told apart from one that is broken.
func TestStart_SaysThatTheArchitectureIsWrong(t *testing.T) {
	t.Parallel()
	other := elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		other = elf.EM_X86_64
	}
	header := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(other), Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var file bytes.Buffer
	if err := binary.Write(&file, binary.LittleEndian, header); err != nil {
		t.Fatal(err)
	}
	e := &environment{taskRoot: t.TempDir()}
	if err := os.WriteFile(filepath.Join(e.taskRoot, "bootstrap"), file.Bytes(), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err := e.start()
	if err == nil || !strings.Contains(err.Error(), "built for "+other.String()) {
		t.Errorf("error %v", err)
	}
}
