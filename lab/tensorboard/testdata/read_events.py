"""Prints what TensorBoard's own reader sees in events.tfevents.

    pip install tensorboard
    python read_events.py > events.json
"""

import json

import tensorboard
from google.protobuf import json_format
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

out = {"made_by": "read_events.py, TensorBoard " + tensorboard.version.VERSION, "Versions": [], "Scalars": [], "Texts": [], "HParams": {}}
for raw in RawEventFileLoader("events.tfevents").Load():
    event = event_pb2.Event.FromString(raw)
    if event.WhichOneof("what") == "file_version":
        out["Versions"].append(event.file_version)
    for value in event.summary.value:
        plugin = value.metadata.plugin_data
        if value.WhichOneof("value") == "simple_value":
            out["Scalars"].append([value.tag, event.step, event.wall_time, value.simple_value])
        elif plugin.plugin_name == "text":
            out["Texts"].append([value.tag, event.step, value.tensor.string_val[0].decode(), plugin.plugin_name])
        elif plugin.plugin_name == "hparams":
            data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
            if data.WhichOneof("data") == "session_start_info":
                out["Start"] = data.session_start_info.start_time_secs
                for key, v in data.session_start_info.hparams.items():
                    out["HParams"][key] = json_format.MessageToDict(v)
            else:
                out["Status"], out["End"] = data.session_end_info.status, data.session_end_info.end_time_secs
print(json.dumps(out, indent=1, sort_keys=True, ensure_ascii=False))
