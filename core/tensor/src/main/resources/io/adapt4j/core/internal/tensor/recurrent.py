# Layers that keep a state instead of keys and values: short convolutions, the gated delta rule and
# selective state spaces. Computed in fp32. Shapes: B rows, T positions, C channels, G groups of R
# heads that share queries and keys, K entries a key, V entries a value.
# keep [B, T, 1], where it is given, is 0 on padding, which leaves every state as it is.
# tail and state, where they are given, hold what earlier tokens left, and take what these leave.

# Depthwise causal convolution of x [B, T, C]; before the first position comes the tail
# [B, width - 1, C] of what was there, or zeros.
def causal_convolution(self, x: Tensor, weight: Tensor, bias: List[Tensor], tail: List[Tensor]) -> Tensor:
  t = x.size(1)
  width = weight.size(-1)
  if len(tail) > 0:
    before = torch.to(tail[0], x.dtype)
  else:
    before = torch.zeros([x.size(0), width - 1, x.size(2)], dtype=x.dtype, device=x.device)
  joined = torch.cat([before, x], 1)
  if len(tail) > 0:
    torch.copy_(tail[0], torch.narrow(joined, 1, t, width - 1))
  taps = torch.to(torch.reshape(weight, [-1, width]), x.dtype)
  y = torch.mul(torch.narrow(joined, 1, 0, t), torch.select(taps, 1, 0))
  for i in range(1, width):
    y = torch.addcmul(y, torch.narrow(joined, 1, i, t), torch.select(taps, 1, i))
  if len(bias) > 0:
    y = torch.add(y, torch.to(bias[0], x.dtype))
  return y

# x / sqrt(sum(x^2) + 1e-6)
def unit_length(self, x: Tensor) -> Tensor:
  return torch.mul(x, torch.rsqrt(torch.add(torch.sum(torch.mul(x, x), [-1], True), 1.0e-6)))

# Fills positions, dimension 3 of [B, G, R, T, ..], up to a multiple of the chunk and folds them:
# [B, G, R, T / chunk, chunk, ..].
def chunks(self, x: Tensor, chunk: int) -> Tensor:
  t = x.size(3)
  missing = (chunk - t % chunk) % chunk
  if missing > 0:
    sizes = x.size()
    sizes[3] = missing
    x = torch.cat([x, torch.zeros(sizes, dtype=x.dtype, device=x.device)], 3)
  sizes = x.size()
  folded = torch.add([sizes[0], sizes[1], sizes[2], sizes[3] // chunk, chunk], sizes[4:])
  return torch.reshape(x, folded)

# One token: S <- exp(g) S + k (beta (v - S' k))' with a delta rule, else S <- exp(g) S + k v'; then S' q.
# q, k [B, G, 1, 1, K], v [B, G, R, 1, V], g, beta [B, G, R, 1], state [B, G, R, K, V].
def recurrent_token(self, q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: List[Tensor], state: Tensor) -> Tensor:
  torch.mul_(state, torch.unsqueeze(torch.exp(g), -1))
  if len(beta) > 0:
    v = torch.mul(torch.sub(v, torch.matmul(k, state)), torch.unsqueeze(beta[0], -1))
  torch.add_(state, torch.mul(torch.transpose(k, 3, 4), v))
  return torch.matmul(q, state)

# The same for many tokens, chunk by chunk (Yang et al. 2024, Dao and Gu 2024): inside a chunk by
# products of all pairs, between chunks by the state. Returns [B, G, R, T, V].
def recurrent_scan(self, q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: List[Tensor], state: List[Tensor]) -> Tensor:
  t = v.size(3)
  if t == 1 and len(state) > 0:
    return self.recurrent_token(q, k, v, g, beta, state[0])
  chunk = min(64, t)
  qs = self.chunks(q, chunk)
  ks = self.chunks(k, chunk)
  vs = self.chunks(v, chunk)
  reach = torch.cumsum(self.chunks(g, chunk), -1)
  decay = torch.tril(torch.exp(torch.tril(torch.sub(torch.unsqueeze(reach, -1), torch.unsqueeze(reach, -2)))))
  grown = torch.unsqueeze(torch.exp(reach), -1)
  keys = torch.transpose(ks, -1, -2)
  seen = torch.mul(torch.matmul(qs, keys), decay)
  erased = annotate(List[Tensor], [])
  if len(beta) > 0:
    betas = torch.unsqueeze(self.chunks(beta[0], chunk), -1)
    pairs = torch.mul(torch.mul(torch.matmul(ks, keys), betas), decay)
    known = torch.cat([torch.mul(vs, betas), torch.mul(ks, torch.mul(betas, grown))], -1)
    solved = torch.linalg_solve_triangular(torch.tril(pairs, -1), known, upper=False, left=True, unitriangular=True)
    vs = torch.narrow(solved, -1, 0, v.size(-1))
    erased.append(torch.narrow(solved, -1, v.size(-1), k.size(-1)))
  last = torch.narrow(reach, -1, chunk - 1, 1)
  left = torch.unsqueeze(torch.exp(torch.sub(last, reach)), -1)
  kept = torch.unsqueeze(torch.exp(last), -1)
  if len(state) > 0:
    s = state[0]
  else:
    s = torch.zeros([v.size(0), v.size(1), v.size(2), k.size(-1), v.size(-1)], dtype=v.dtype, device=v.device)
  parts = annotate(List[Tensor], [])
  for i in range(vs.size(3)):
    values = torch.select(vs, 3, i)
    if len(beta) > 0:
      values = torch.sub(values, torch.matmul(torch.select(erased[0], 3, i), s))
    far = torch.mul(torch.matmul(torch.select(qs, 3, i), s), torch.select(grown, 3, i))
    parts.append(torch.add(far, torch.matmul(torch.select(seen, 3, i), values)))
    own = torch.matmul(torch.select(keys, 3, i), torch.mul(values, torch.select(left, 3, i)))
    s = torch.add(torch.mul(s, torch.select(kept, 3, i)), own)
  if len(state) > 0:
    torch.copy_(state[0], s)
  return torch.narrow(torch.cat(parts, 3), 3, 0, t)

# x [B, T, H D] -> [B, G, R, T, D].
def grouped_heads(self, x: Tensor, groups: int, dim: int) -> Tensor:
  return torch.permute(torch.reshape(x, [x.size(0), x.size(1), groups, -1, dim]), [0, 2, 3, 1, 4])

# The way back.
def joined_heads(self, x: Tensor) -> Tensor:
  return torch.flatten(torch.permute(x, [0, 3, 1, 2, 4]), 2)

def hide_padding(self, x: Tensor, keep: List[Tensor]) -> Tensor:
  if len(keep) > 0:
    return torch.mul(x, keep[0])
  return x

# The gated short convolution of LFM2: x [B, T, in | out | values], C channels each.
# parameters: weight, and a bias or none.
def short_convolution(self, x: Tensor, parameters: List[Tensor], keep: List[Tensor], tail: List[Tensor]) -> Tensor:
  width = x.size(-1) // 3
  values = torch.mul(torch.narrow(x, -1, 0, width), torch.narrow(x, -1, 2 * width, width))
  y = self.causal_convolution(self.hide_padding(values, keep), parameters[0], parameters[1:], tail)
  return torch.mul(y, torch.narrow(x, -1, width, width))

# The parts queries, keys and values; z; b; a of x, either side by side, or the first two of them and
# the last two by the group of heads that they belong to.
def delta_parts(self, x: Tensor, groups: int, heads: int, key_dim: int, value_dim: int, by_group: bool) -> List[Tensor]:
  keys = groups * key_dim
  values = heads * value_dim
  if not by_group:
    return self.split_columns(x, [2 * keys + values, values, heads, heads])
  b, t = x.size(0), x.size(1)
  wide = heads // groups * value_dim
  split = self.split_columns(x, [2 * keys + 2 * values, 2 * heads])
  qkvz = self.split_columns(torch.reshape(split[0], [b, t, groups, -1]), [key_dim, key_dim, wide, wide])
  ba = self.split_columns(torch.reshape(split[1], [b, t, groups, -1]), [heads // groups, heads // groups])
  flat = [torch.flatten(part, 2) for part in qkvz]
  return [torch.cat([flat[0], flat[1], flat[2]], -1), flat[3], torch.flatten(ba[0], 2), torch.flatten(ba[1], 2)]

# Gated DeltaNet (Yang et al. 2024) without its projections.
# sizes: groups, heads, entries a key, entries a value, 1 where parts stand by group.
# numbers: epsilon of the norm. parameters: convolution, A_log, dt_bias, norm.
def gated_delta(self, x: Tensor, parameters: List[Tensor], sizes: List[int], numbers: List[float], keep: List[Tensor], tail: List[Tensor], state: List[Tensor]) -> Tensor:
  groups, heads, key_dim, value_dim = sizes[0], sizes[1], sizes[2], sizes[3]
  parts = self.delta_parts(x, groups, heads, key_dim, value_dim, sizes[4] == 1)
  qkv = self.causal_convolution(self.hide_padding(parts[0], keep), parameters[0], annotate(List[Tensor], []), tail)
  keys = groups * key_dim
  mixed = self.split_columns(torch.silu(qkv), [keys, keys, heads * value_dim])
  q = torch.mul(self.unit_length(self.grouped_heads(mixed[0], groups, key_dim)), float(key_dim) ** -0.5)
  k = self.unit_length(self.grouped_heads(mixed[1], groups, key_dim))
  v = self.grouped_heads(mixed[2], groups, value_dim)
  beta = self.hide_padding(torch.sigmoid(parts[2]), keep)
  step = torch.softplus(torch.add(parts[3], torch.to(parameters[2], 6)))
  g = self.hide_padding(torch.mul(torch.neg(torch.exp(torch.to(parameters[1], 6))), step), keep)
  betas = torch.squeeze(self.grouped_heads(beta, groups, 1), -1)
  y = self.recurrent_scan(q, k, v, torch.squeeze(self.grouped_heads(g, groups, 1), -1), [betas], state)
  by_head = torch.permute(y, [0, 3, 1, 2, 4])
  scale = torch.rsqrt(torch.add(torch.mean(torch.mul(by_head, by_head), [-1], True), numbers[0]))
  normal = torch.mul(torch.mul(by_head, scale), torch.to(parameters[3], 6))
  return torch.mul(torch.flatten(normal, 2), torch.silu(parts[1]))

# The norm of a state space's output and its gate, over equal parts of the width.
def gated_norm(self, y: Tensor, gate: Tensor, weight: Tensor, parts: int, before_gate: bool, eps: float) -> Tensor:
  if not before_gate:
    y = torch.mul(y, torch.silu(gate))
  split = torch.reshape(y, [y.size(0), y.size(1), parts, -1])
  scale = torch.rsqrt(torch.add(torch.mean(torch.mul(split, split), [-1], True), eps))
  normal = torch.mul(torch.flatten(torch.mul(split, scale), 2), torch.to(weight, 6))
  if before_gate:
    return torch.mul(normal, torch.silu(gate))
  return normal

# Each part of the columns times its factor.
def scale_columns(self, x: Tensor, widths: List[int], factors: List[float]) -> Tensor:
  parts = self.split_columns(x, widths)
  return torch.cat([torch.mul(parts[i], factors[i]) for i in range(len(parts))], -1)

# Mamba-2 (Dao and Gu 2024) without its projections: x [B, T, gate | values, B, C | steps].
# sizes: groups, heads, entries of a state, entries a head, parts of the norm or 0 for none, 1 for a norm
# before the gate, 1 for a bias of the convolution. numbers: epsilon, least and largest step,
# and factors of the five parts of x, if any. parameters: convolution, A_log, dt_bias, D, norm if any, bias if any.
def state_space(self, x: Tensor, parameters: List[Tensor], sizes: List[int], numbers: List[float], keep: List[Tensor], tail: List[Tensor], state: List[Tensor]) -> Tensor:
  groups, heads, state_dim, head_dim = sizes[0], sizes[1], sizes[2], sizes[3]
  inner = heads * head_dim
  shared = groups * state_dim
  if len(numbers) > 3:
    x = self.scale_columns(x, [inner, inner, shared, shared, heads], numbers[3:])
  parts = self.split_columns(x, [inner, inner + 2 * shared, heads])
  bias = annotate(List[Tensor], [])
  if sizes[6] == 1:
    bias.append(parameters[len(parameters) - 1])
  mixed = torch.silu(self.causal_convolution(self.hide_padding(parts[1], keep), parameters[0], bias, tail))
  split = self.split_columns(mixed, [inner, shared, shared])
  values = self.grouped_heads(split[0], groups, head_dim)
  step = torch.softplus(torch.add(parts[2], torch.to(parameters[2], 6)))
  step = torch.clamp(step, numbers[1], numbers[2])
  step = torch.squeeze(self.grouped_heads(self.hide_padding(step, keep), groups, 1), -1)
  rate = torch.reshape(torch.neg(torch.exp(torch.to(parameters[1], 6))), [1, groups, -1, 1])
  k = self.grouped_heads(split[1], groups, state_dim)
  q = self.grouped_heads(split[2], groups, state_dim)
  y = self.recurrent_scan(q, k, torch.mul(values, torch.unsqueeze(step, -1)), torch.mul(step, rate), annotate(List[Tensor], []), state)
  through = torch.reshape(torch.to(parameters[3], 6), [1, groups, -1, 1, 1])
  joined = self.joined_heads(torch.add(y, torch.mul(values, through)))
  if sizes[4] == 0:
    return torch.mul(joined, torch.silu(parts[0]))
  return self.gated_norm(joined, parts[0], parameters[4], sizes[4], sizes[5] == 1, numbers[0])

# Kinds: 0 short convolution, 1 gated delta rule, 2 state space.
def recurrent_kind(self, kind: int, x: Tensor, parameters: List[Tensor], sizes: List[int], numbers: List[float], keep: List[Tensor], tail: List[Tensor], state: List[Tensor]) -> Tensor:
  wide = torch.to(x, 6)
  if kind == 0:
    return self.short_convolution(wide, parameters, keep, tail)
  elif kind == 1:
    return self.gated_delta(wide, parameters, sizes, numbers, keep, tail, state)
  return self.state_space(wide, parameters, sizes, numbers, keep, tail, state)

# Entries of a position that come out.
def recurrent(self, kind: int, x: Tensor, parameters: List[Tensor], width: int, sizes: List[int], numbers: List[float], keep: List[Tensor], tail: List[Tensor], state: List[Tensor]) -> Tensor:
  if x.is_meta:
    return torch.empty([x.size(0), x.size(1), width], dtype=x.dtype, device=x.device)
  return torch.to(self.recurrent_kind(kind, x, parameters, sizes, numbers, keep, tail, state), x.dtype)

# libtorch differentiates the forward pass, which runs again. gradients: of the parameters at the places
# `trained`.
def recurrent_backward(self, dy: Tensor, kind: int, x: Tensor, parameters: List[Tensor], sizes: List[int], numbers: List[float], keep: List[Tensor], trained: List[int], gradients: List[Tensor]) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  leaves = [torch.requires_grad_(torch.detach(torch.to(x, 6)), True)]
  own = annotate(List[Tensor], [])
  for parameter in parameters:
    own.append(torch.detach(torch.to(parameter, 6)))
  for i in trained:
    leaves.append(torch.requires_grad_(own[i], True))
  torch.set_grad_enabled(True)
  y = self.recurrent_kind(kind, leaves[0], own, sizes, numbers, keep, annotate(List[Tensor], []), annotate(List[Tensor], []))
  found = torch.grad([y], leaves, annotate(List[Optional[Tensor]], [torch.to(dy, 6)]))
  torch.set_grad_enabled(False)
  for i in range(len(gradients)):
    torch.add_(gradients[i], torch.reshape(unchecked_cast(Tensor, found[i + 1]), gradients[i].size()))
  return torch.to(torch.detach(unchecked_cast(Tensor, found[0])), x.dtype)

# The same inside each document of a packed batch, from an empty state. Documents of a block are filled
# on the right, which no earlier position sees.
def packed_recurrent(self, kind: int, x: Tensor, parameters: List[Tensor], width: int, sizes: List[int], numbers: List[float], gather: List[Tensor], real: List[Tensor], place: List[Tensor]) -> Tensor:
  none = annotate(List[Tensor], [])
  flat = torch.flatten(x, 0, 1)
  y = torch.zeros([flat.size(0), width], dtype=x.dtype, device=x.device)
  for i in range(len(gather)):
    rows = torch.view(torch.index_select(flat, 0, torch.flatten(gather[i])), [gather[i].size(0), gather[i].size(1), -1])
    part = self.recurrent(kind, rows, parameters, width, sizes, numbers, none, none, none)
    torch.index_copy_(y, 0, place[i], torch.index_select(torch.flatten(part, 0, 1), 0, real[i]))
  return torch.view(y, [x.size(0), x.size(1), width])

def packed_recurrent_backward(self, dy: Tensor, kind: int, x: Tensor, parameters: List[Tensor], sizes: List[int], numbers: List[float], gather: List[Tensor], real: List[Tensor], place: List[Tensor], trained: List[int], gradients: List[Tensor]) -> Tensor:
  none = annotate(List[Tensor], [])
  flat = torch.flatten(x, 0, 1)
  dflat = torch.flatten(dy, 0, 1)
  dx = torch.zeros_like(flat)
  for i in range(len(gather)):
    n, longest = gather[i].size(0), gather[i].size(1)
    rows = torch.view(torch.index_select(flat, 0, torch.flatten(gather[i])), [n, longest, -1])
    part = torch.zeros([n * longest, dflat.size(1)], dtype=dy.dtype, device=dy.device)
    torch.index_copy_(part, 0, real[i], torch.index_select(dflat, 0, place[i]))
    found = self.recurrent_backward(torch.view(part, [n, longest, -1]), kind, rows, parameters, sizes, numbers, none, trained, gradients)
    torch.index_copy_(dx, 0, place[i], torch.index_select(torch.flatten(found, 0, 1), 0, real[i]))
  return torch.view(dx, x.size())

# The gate of an attention's output: of x [B, T, heads (query | gate) D, rest] first the projection without
# gates [B, T, heads D + rest], then the gates [B, T, heads D].
def split_gates(self, x: Tensor, heads: int, dim: int) -> List[Tensor]:
  wide = 2 * heads * dim
  both = torch.reshape(torch.narrow(x, -1, 0, wide), [x.size(0), x.size(1), heads, 2 * dim])
  q = torch.flatten(torch.narrow(both, -1, 0, dim), 2)
  gates = torch.flatten(torch.narrow(both, -1, dim, dim), 2)
  return [torch.cat([q, torch.narrow(x, -1, wide, x.size(-1) - wide)], -1), gates]

def split_gates_backward(self, dx: Tensor, dgates: Tensor, heads: int, dim: int) -> Tensor:
  by_head = [dx.size(0), dx.size(1), heads, dim]
  q = torch.reshape(torch.narrow(dx, -1, 0, heads * dim), by_head)
  both = torch.flatten(torch.cat([q, torch.reshape(dgates, by_head)], -1), 2)
  return torch.cat([both, torch.narrow(dx, -1, heads * dim, dx.size(-1) - heads * dim)], -1)

# y times sigmoid(gate), entry by entry.
def entries_gated(self, y: Tensor, gate: Tensor) -> Tensor:
  return torch.mul(y, torch.sigmoid(gate))

def entries_gated_backward(self, dz: Tensor, y: Tensor, gate: Tensor) -> List[Tensor]:
  opened = torch.sigmoid(gate)
  return [torch.mul(dz, opened), torch.mul(torch.mul(dz, y), torch.mul(opened, torch.rsub(opened, 1)))]
