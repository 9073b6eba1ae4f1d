// Package tensorboard writes event files, as TensorBoard and what reads its files show them: scalars over the steps, texts,
// and the parameters of a run for the HParams page.
//
// A file is a sequence of records (length, masked CRC-32C of it, data, masked CRC-32C of them; TensorFlow's
// core/lib/io/record_writer), each an Event in the encoding of protocol buffers (core/util/event.proto, framework/summary.proto
// and TensorBoard's plugins/hparams). The same calls give the same bytes.
package tensorboard

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"time"
)

// Writer writes an event file.
type Writer struct{ w io.Writer }

// NewWriter begins an event file; started is the time of its first event.
func NewWriter(w io.Writer, started time.Time) (*Writer, error) {
	e := &Writer{w}
	return e, e.event(started, 0, message(nil).text(eventFileVersion, "brain.Event:2"))
}

// FileName is a name that TensorBoard takes for an event file.
func FileName(started time.Time) string {
	return fmt.Sprintf("events.out.tfevents.%010d.seelab", started.Unix())
}

// Scalar is a value under a tag; what comes before the first slash of a tag groups it with others.
type Scalar struct {
	Tag   string
	Value float64 // kept as float32
}

// Scalars writes the values of a step. Those that are not finite are left out.
func (e *Writer) Scalars(at time.Time, step int, scalars ...Scalar) error {
	var values message
	for _, s := range scalars {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			continue
		}
		values = values.sub(summaryValue, message(nil).text(valueTag, s.Tag).float(valueSimple, float32(s.Value)))
	}
	if values == nil {
		return nil
	}
	return e.event(at, step, message(nil).sub(eventSummary, values))
}

// Text writes a text in Markdown under a tag.
func (e *Writer) Text(at time.Time, step int, tag, text string) error {
	tensor := message(nil).int(tensorType, typeString).sub(tensorShape, message(nil).sub(shapeDim, message(nil).int(dimSize, 1))).text(tensorStrings, text)
	value := message(nil).text(valueTag, tag).sub(valueTensor, tensor).sub(valueMetadata, plugin("text", nil))
	return e.event(at, step, message(nil).sub(eventSummary, message(nil).sub(summaryValue, value)))
}

// Parameters writes what the HParams page shows of a run: its parameters, which are numbers, bools or strings (others are
// printed as strings), and when it started and ended well. The scalars of the file are its results.
func (e *Writer) Parameters(started, ended time.Time, parameters map[string]any) error {
	begin := message(nil)
	for _, key := range slices.Sorted(maps.Keys(parameters)) {
		begin = begin.sub(startParameters, message(nil).text(mapKey, key).sub(mapValue, value(parameters[key])))
	}
	begin = begin.double(startTime, seconds(started))
	end := message(nil).int(endStatus, statusSuccess).double(endTime, seconds(ended))
	for _, part := range []struct {
		tag     string
		content message
	}{
		{"_hparams_/session_start_info", message(nil).sub(hparamsStart, begin)},
		{"_hparams_/session_end_info", message(nil).sub(hparamsEnd, end)},
	} {
		tensor := message(nil).int(tensorType, typeFloat).sub(tensorShape, nil)
		value := message(nil).text(valueTag, part.tag).sub(valueTensor, tensor).sub(valueMetadata, plugin("hparams", part.content))
		if err := e.event(ended, 0, message(nil).sub(eventSummary, message(nil).sub(summaryValue, value))); err != nil {
			return err
		}
	}
	return nil
}

// value is a google.protobuf.Value.
func value(x any) message {
	switch x := x.(type) {
	case bool:
		n := uint64(0)
		if x {
			n = 1
		}
		return message(nil).int(valueBool, n)
	case int:
		return message(nil).double(valueNumber, float64(x))
	case int64:
		return message(nil).double(valueNumber, float64(x))
	case uint64:
		return message(nil).double(valueNumber, float64(x))
	case float64:
		return message(nil).double(valueNumber, x)
	}
	return message(nil).text(valueString, fmt.Sprint(x))
}

// plugin is the metadata that send a value to a plugin of TensorBoard.
func plugin(name string, content message) message {
	data := message(nil).text(pluginName, name)
	if content != nil {
		data = data.sub(pluginContent, content)
	}
	return message(nil).sub(metadataPlugin, data)
}

// event writes one record.
func (e *Writer) event(at time.Time, step int, what message) error {
	data := append(message(nil).double(eventTime, seconds(at)).int(eventStep, uint64(step)), what...)
	record := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = append(record, data...)
	record = binary.LittleEndian.AppendUint32(record, masked(data))
	if _, err := e.w.Write(record); err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the CRC-32C as records have it, so that the check of data that hold checks is a good one too.
func masked(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }
