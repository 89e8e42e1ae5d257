"""A vision language model of the shape of SmolVLM in PyTorch, with the operations of Transformers.

Reads FOLDER/model.safetensors, pixels.bin [tiles, 3, side, side] and ids.bin (an id of -1 is a row of a
picture), then obeys lines: "pictures", "prompt" and "decode N" answer with seconds, "ids" with the last
tokens, "peak" with the peak resident bytes.
"""
import json, math, resource, struct, sys, time
import torch
import torch.nn.functional as F

folder, dtype, threads = sys.argv[1], getattr(torch, sys.argv[2]), int(sys.argv[3])
if threads:
  torch.set_num_threads(threads)
config = json.load(open(folder + "/config.json"))
text, vision = config["text_config"], config["vision_config"]
with open(folder + "/model.safetensors", "rb") as file:
  header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
  start, weights = file.tell(), {}
  for name, entry in header.items():
    if name != "__metadata__":
      begin, end = entry["data_offsets"]
      file.seek(start + begin)
      values = torch.frombuffer(bytearray(file.read(end - begin)),
                                dtype={"BF16": torch.bfloat16, "F32": torch.float32}[entry["dtype"]])
      weights[name.removeprefix("model.")] = values.to(dtype).reshape(entry["shape"])


def read(name, kind):
  return torch.frombuffer(bytearray(open(folder + "/" + name, "rb").read()), dtype=kind)


side, heads = vision["image_size"], vision["num_attention_heads"]
pixels = read("pixels.bin", torch.float32).reshape(-1, 3, side, side).to(dtype)
ids = read("ids.bin", torch.int32).long()


def linear(x, name):
  return F.linear(x, weights[name + ".weight"], weights.get(name + ".bias"))


def normed(x, name):
  return F.layer_norm(x, x.shape[-1:], weights[name + ".weight"], weights[name + ".bias"],
                      vision.get("layer_norm_eps", 1e-6))


def pictures():
  at = "vision_model.embeddings."
  x = F.conv2d(pixels, weights[at + "patch_embedding.weight"], weights[at + "patch_embedding.bias"],
               stride=vision["patch_size"]).flatten(2).transpose(1, 2)
  x = x + weights[at + "position_embedding.weight"]
  tiles, patches, width = x.shape
  for layer in range(vision["num_hidden_layers"]):
    at = f"vision_model.encoder.layers.{layer}."
    h = normed(x, at + "layer_norm1")
    q, k, v = (linear(h, at + f"self_attn.{part}_proj").view(tiles, patches, heads, -1).transpose(1, 2)
               for part in "qkv")
    h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(tiles, patches, width)
    x = x + linear(h, at + "self_attn.out_proj")
    h = F.gelu(linear(normed(x, at + "layer_norm2"), at + "mlp.fc1"), approximate="tanh")
    x = x + linear(h, at + "mlp.fc2")
  x = normed(x, "vision_model.post_layernorm")
  scale, rows = config["scale_factor"], int(math.sqrt(patches))
  x = x.view(tiles, rows, rows // scale, width * scale).permute(0, 2, 1, 3)
  x = x.reshape(tiles, rows // scale, rows // scale, width * scale * scale).permute(0, 2, 1, 3)
  x = x.reshape(tiles, patches // scale**2, width * scale**2)
  return linear(x, "connector.modality_projection.proj").flatten(0, 1)


query, shared = text["num_attention_heads"], text["num_key_value_heads"]
dim = text.get("head_dim", text["hidden_size"] // query)
inverse = 1.0 / text["rope_theta"] ** (torch.arange(0, dim, 2).float() / dim)


def rms(x, name):
  wide = x.float()
  wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + text["rms_norm_eps"])
  return weights[name + ".weight"] * wide.to(x.dtype)


def rotated(x, cos, sin):
  half = torch.cat((-x[..., dim // 2:], x[..., :dim // 2]), -1)
  return x * cos + half * sin


def forward(x, cache):
  length = x.shape[1]
  past = cache[0][0].shape[2] if cache else 0
  angles = torch.outer(torch.arange(past, past + length).float(), inverse)
  angles = torch.cat((angles, angles), -1)
  cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
  for layer in range(text["num_hidden_layers"]):
    at = f"text_model.layers.{layer}."
    h = rms(x, at + "input_layernorm")
    q = linear(h, at + "self_attn.q_proj").view(1, length, query, dim).transpose(1, 2)
    k = linear(h, at + "self_attn.k_proj").view(1, length, shared, dim).transpose(1, 2)
    v = linear(h, at + "self_attn.v_proj").view(1, length, shared, dim).transpose(1, 2)
    q, k = rotated(q, cos, sin), rotated(k, cos, sin)
    if layer < len(cache):
      k, v = torch.cat((cache[layer][0], k), 2), torch.cat((cache[layer][1], v), 2)
      cache[layer] = (k, v)
    else:
      cache.append((k, v))
    h = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1, enable_gqa=True)
    x = x + linear(h.transpose(1, 2).reshape(1, length, -1), at + "self_attn.o_proj")
    h = rms(x, at + "post_attention_layernorm")
    x = x + linear(F.silu(linear(h, at + "mlp.gate_proj")) * linear(h, at + "mlp.up_proj"),
                   at + "mlp.down_proj")
  return F.linear(rms(x[:, -1:], "text_model.norm"), weights["lm_head.weight"])


def answer(features, tokens):
  table = weights["text_model.embed_tokens.weight"]
  x = F.embedding(ids.clamp(min=0), table)
  x[ids < 0] = features
  cache, found = [], []
  logits = forward(x[None], cache)
  while True:
    found.append(int(logits[0, -1].argmax()))
    if len(found) == tokens:
      return found
    logits = forward(F.embedding(torch.tensor([[found[-1]]]), table), cache)


with torch.inference_mode():
  features, last = pictures(), []
  print("ready", torch.__version__, flush=True)
  for line in sys.stdin:
    words, begun = line.split(), time.perf_counter()
    if words[0] == "pictures":
      features = pictures()
    elif words[0] == "prompt":
      answer(features, 1)
    elif words[0] == "decode":
      last = answer(features, int(words[1]))
    elif words[0] == "ids":
      print(*last, flush=True)
      continue
    elif words[0] == "peak":
      print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
      continue
    print(time.perf_counter() - begun, flush=True)
