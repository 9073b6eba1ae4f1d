package tensorboard

import (
	"encoding/binary"
	"math"
)

// The fields that are written, by the numbers of their .proto files.
const (
	eventTime, eventStep, eventFileVersion, eventSummary          = 1, 2, 3, 5    // tensorflow.Event
	summaryValue                                                  = 1             // tensorflow.Summary
	valueTag, valueSimple, valueTensor, valueMetadata             = 1, 2, 8, 9    // tensorflow.Summary.Value
	metadataPlugin, pluginName, pluginContent                     = 1, 1, 2       // tensorflow.SummaryMetadata, its PluginData
	tensorType, tensorShape, tensorStrings, shapeDim, dimSize     = 1, 2, 8, 2, 1 // tensorflow.TensorProto, TensorShapeProto, its Dim
	typeFloat, typeString                                         = 1, 7          // tensorflow.DataType
	hparamsStart, hparamsEnd                                      = 3, 4          // tensorboard.hparams.HParamsPluginData
	startParameters, startTime, endStatus, statusSuccess, endTime = 1, 5, 1, 1, 2 // tensorboard.hparams.SessionStartInfo, SessionEndInfo
	mapKey, mapValue, valueNumber, valueString, valueBool         = 1, 2, 2, 3, 4 // an entry of a map, google.protobuf.Value
)

// message is an encoded protocol buffer; its methods add a field.
type message []byte

// The wire types.
const (
	varint    = 0
	fixed64   = 1
	delimited = 2
	fixed32   = 5
)

func (m message) tag(field, wire uint64) message { return binary.AppendUvarint(m, field<<3|wire) }

func (m message) int(field, value uint64) message {
	return binary.AppendUvarint(m.tag(field, varint), value)
}

func (m message) double(field uint64, value float64) message {
	return binary.LittleEndian.AppendUint64(m.tag(field, fixed64), math.Float64bits(value))
}

func (m message) float(field uint64, value float32) message {
	return binary.LittleEndian.AppendUint32(m.tag(field, fixed32), math.Float32bits(value))
}

func (m message) text(field uint64, value string) message {
	return append(binary.AppendUvarint(m.tag(field, delimited), uint64(len(value))), value...)
}

func (m message) sub(field uint64, value message) message { return m.text(field, string(value)) }
