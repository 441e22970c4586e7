package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/anishathalye/porcupine"
)

// A history file is JSON Lines: a header, then one operation a line. Values of registers are small integers (the initial value is
// 0), those of kv strings (initially empty).
type header struct {
	Model string `json:"model"`
}

type operation struct {
	Process  int    `json:"process"`
	Function string `json:"function"`
	Key      string `json:"key"`
	// Registers: what is read or written, and what a cas expects.
	Value    int `json:"value"`
	Expected int `json:"expected"`
	// kv: what is put or appended, or what a get returned.
	Text string `json:"text"`
	// Nanoseconds, or positions; only their order counts.
	Call int64 `json:"call"`
	// Absent: nobody knows whether it happened.
	Return *int64 `json:"return"`
}

type history struct {
	model      porcupine.Model
	operations []porcupine.Operation
}

func readHistory(path string) (history, error) {
	file, err := os.Open(path)
	if err != nil {
		return history{}, err
	}
	defer file.Close()
	decoder := json.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	var head header
	if err := decoder.Decode(&head); err != nil {
		return history{}, fmt.Errorf("%s: header: %w", path, err)
	}
	translate, model, err := modelNamed(head.Model)
	if err != nil {
		return history{}, err
	}
	read := history{model: model}
	for {
		var one operation
		err := decoder.Decode(&one)
		if err == io.EOF {
			return read, nil
		}
		if err != nil {
			return history{}, fmt.Errorf("%s: operation %d: %w", path, len(read.operations), err)
		}
		input, output, err := translate(one)
		if err != nil {
			return history{}, err
		}
		// An operation of unknown outcome stays open to the end; there it changes nothing that anybody sees.
		end := int64(math.MaxInt64)
		if one.Return != nil {
			end = *one.Return
		}
		read.operations = append(read.operations, porcupine.Operation{
			ClientId: one.Process, Input: input, Call: one.Call, Output: output, Return: end,
		})
	}
}

type translation func(one operation) (input, output any, err error)

func modelNamed(name string) (translation, porcupine.Model, error) {
	switch name {
	case "register":
		return translateRegister, registerModel, nil
	case "kv":
		return translateKv, kvModel, nil
	}
	return nil, porcupine.Model{}, fmt.Errorf("no model %q", name)
}
