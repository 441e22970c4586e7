// Runs Porcupine over history files, for `npm run bench:checker` to put beside this project's checker. The models are our own; only
// Porcupine itself is imported.
//
//	go run . -timeout 30s -limit-mb 4096 -repeat 5 FILE…
//
// prints one JSON document: for each file the verdict, the milliseconds of each repetition (reading the file excluded) and the most
// memory that the process held. A file that passes a limit is not repeated, and past the memory limit the process ends.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

type result struct {
	File    string    `json:"file"`
	Verdict string    `json:"verdict"`
	Ms      []float64 `json:"ms"`
	PeakMb  float64   `json:"peak_mb"`
}

type document struct {
	Porcupine string   `json:"porcupine"`
	Go        string   `json:"go"`
	Results   []result `json:"results"`
}

func main() {
	timeout := flag.Duration("timeout", 30*time.Second, "for one check")
	limitMb := flag.Float64("limit-mb", 4096, "memory of the process")
	repeat := flag.Int("repeat", 5, "checks of each file that are reported")
	warmUp := flag.Int("warm-up", 0, "checks of each file before those")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	made := document{Porcupine: porcupineVersion(), Go: runtime.Version(), Results: []result{}}
	for _, path := range flag.Args() {
		read, err := readHistory(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		made.Results = append(made.Results, measure(path, read, *timeout, *limitMb, *warmUp, *repeat, made))
	}
	emit(made)
}

func measure(path string, read history, timeout time.Duration, limitMb float64, warmUp, repeat int, before document) result {
	one := result{File: path, Ms: []float64{}}
	var peak atomic.Uint64
	runtime.GC()
	stop := make(chan struct{})
	defer close(stop)
	start := time.Now()
	go watchMemory(stop, &peak, func(megabytes float64) {
		if megabytes < limitMb {
			return
		}
		one.Verdict, one.PeakMb = "memory", megabytes
		one.Ms = append(one.Ms, milliseconds(time.Since(start)))
		before.Results = append(before.Results, one)
		emit(before)
		os.Exit(0)
	})
	for turn := -warmUp; turn < repeat; turn++ {
		start = time.Now()
		verdict := porcupine.CheckOperationsTimeout(read.model, read.operations, timeout)
		took := milliseconds(time.Since(start))
		one.Verdict = verdictText(verdict)
		if turn >= 0 || one.Verdict == "timeout" {
			one.Ms = append(one.Ms, took)
		}
		if one.Verdict == "timeout" {
			break
		}
	}
	look(&peak)
	one.PeakMb = float64(peak.Load()) / (1 << 20)
	return one
}

func verdictText(verdict porcupine.CheckResult) string {
	switch verdict {
	case porcupine.Ok:
		return "valid"
	case porcupine.Illegal:
		return "invalid"
	}
	return "timeout"
}

func watchMemory(stop <-chan struct{}, peak *atomic.Uint64, report func(megabytes float64)) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			report(look(peak))
		}
	}
}

// look returns the megabytes that the Go runtime holds now, what it gave back to the kernel not counted.
func look(peak *atomic.Uint64) float64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	held := samples[0].Value.Uint64() - samples[1].Value.Uint64()
	if held > peak.Load() {
		peak.Store(held)
	}
	return float64(held) / (1 << 20)
}

func milliseconds(took time.Duration) float64 {
	return float64(took.Nanoseconds()) / 1e6
}

func porcupineVersion() string {
	info, found := debug.ReadBuildInfo()
	if found {
		for _, dependency := range info.Deps {
			if dependency.Path == "github.com/anishathalye/porcupine" {
				return dependency.Version
			}
		}
	}
	return "unknown"
}

func emit(made document) {
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
