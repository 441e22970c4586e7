package main

import (
	"fmt"
	"hash/maphash"
	"sort"

	"github.com/anishathalye/porcupine"
)

// A register of small integers with get, put and compare-and-set, as etcd's keys are. `not` is a compare-and-set that was refused
// without saying what it found.
type registerKind uint8

const (
	registerRead registerKind = iota
	registerWrite
	registerCas
	registerNot
)

type registerInput struct {
	kind            registerKind
	value, expected int
	known           bool
}

func translateRegister(one operation) (any, any, error) {
	kinds := map[string]registerKind{"read": registerRead, "write": registerWrite, "cas": registerCas, "not": registerNot}
	kind, found := kinds[one.Function]
	if !found {
		return nil, nil, fmt.Errorf("a register has no function %q", one.Function)
	}
	return registerInput{kind, one.Value, one.Expected, one.Return != nil}, nil, nil
}

var registerModel = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, _ any) (bool, any) {
		current, asked := state.(int), input.(registerInput)
		switch asked.kind {
		case registerWrite:
			return true, asked.value
		case registerRead:
			return current == asked.value, state
		case registerNot:
			return current != asked.value, state
		}
		if current == asked.expected {
			return true, asked.value
		}
		return !asked.known, state
	},
	Equal: func(one, other any) bool { return one.(int) == other.(int) },
	Hash:  func(state any) uint64 { return uint64(state.(int)+1) * 0x9e3779b97f4a7c15 },
}

// Strings under keys with get, put and append, judged key by key.
type kvInput struct {
	function, key, text string
}

func translateKv(one operation) (any, any, error) {
	switch one.Function {
	case "get":
		return kvInput{one.Function, one.Key, ""}, one.Text, nil
	case "put", "append":
		return kvInput{one.Function, one.Key, one.Text}, "", nil
	}
	return nil, nil, fmt.Errorf("kv has no function %q", one.Function)
}

var kvSeed = maphash.MakeSeed()

var kvModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, one := range history {
			key := one.Input.(kvInput).key
			byKey[key] = append(byKey[key], one)
		}
		keys := make([]string, 0, len(byKey))
		for key := range byKey {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		parts := make([][]porcupine.Operation, 0, len(keys))
		for _, key := range keys {
			parts = append(parts, byKey[key])
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		current, asked := state.(string), input.(kvInput)
		switch asked.function {
		case "get":
			return output.(string) == current, state
		case "put":
			return true, asked.text
		}
		return true, current + asked.text
	},
	Equal: func(one, other any) bool { return one.(string) == other.(string) },
}
