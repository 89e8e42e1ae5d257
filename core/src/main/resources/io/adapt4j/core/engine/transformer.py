# The operators of a transformer and, below each, its derivative.
# Shapes: B rows, T positions, H query heads, K key/value heads, D entries a head.

def embedding(self, ids: Tensor, weight: Tensor) -> Tensor:
  return torch.embedding(weight, ids)

def embedding_backward(self, dy: Tensor, ids: Tensor, dweight: Tensor) -> int:
  torch.index_add_(dweight, 0, torch.flatten(ids), torch.to(torch.flatten(dy, 0, -2), 6))
  return 0

# y = w * x / sqrt(mean(x^2) + eps)
def rms_norm(self, x: Tensor, weight: Tensor, eps: float) -> Tensor:
  return torch.rms_norm(x, [x.size(-1)], weight, eps)

def rms_norm_backward(self, dy: Tensor, x: Tensor, weight: Tensor, eps: float, dweight: List[Tensor]) -> Tensor:
  xf = torch.to(x, 6)
  inverse = torch.rsqrt(torch.add_(torch.mean(torch.mul(xf, xf), [-1], True), eps))
  normal = torch.mul(xf, inverse)
  dyf = torch.to(dy, 6)
  if len(dweight) > 0:
    torch.add_(dweight[0], torch.sum(torch.flatten(torch.mul(dyf, normal), 0, -2), [0]))
  g = torch.mul(dyf, torch.to(weight, 6))
  along = torch.mean(torch.mul(g, normal), [-1], True)
  return torch.to(torch.mul_(torch.sub_(g, torch.mul_(normal, along)), inverse), x.dtype)

def linear(self, x: Tensor, weight: Tensor, bias: List[Tensor]) -> Tensor:
  if len(bias) > 0:
    return torch.linear(x, weight, bias[0])
  return torch.linear(x, weight)

def linear_backward_input(self, dy: Tensor, weight: Tensor) -> Tensor:
  return torch.matmul(dy, weight)

def linear_backward_weight(self, dy: Tensor, x: Tensor, dweight: Tensor) -> int:
  torch.add_(dweight, torch.mm(torch.t(torch.flatten(dy, 0, -2)), torch.flatten(x, 0, -2)))
  return 0

def linear_backward_bias(self, dy: Tensor, dbias: Tensor) -> int:
  torch.add_(dbias, torch.sum(torch.flatten(dy, 0, -2), [0], False, dtype=6))
  return 0

# y += (x a') b', in place: the low-rank update of Hu et al. 2021 with its scale inside b.
def low_rank(self, y: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
  h = torch.linear(torch.flatten(x, 0, -2), a)
  torch.addmm_(torch.view(y, [-1, y.size(-1)]), h, torch.t(b))
  return y

# [dx, da, db]; da and db in the type of the factors. dx is added to dx_base in place if given.
def low_rank_backward(self, dy: Tensor, x: Tensor, a: Tensor, b: Tensor, dx_base: List[Tensor]) -> List[Tensor]:
  dy2 = torch.flatten(dy, 0, -2)
  x2 = torch.flatten(x, 0, -2)
  h = torch.linear(x2, a)
  dh = torch.mm(dy2, b)
  da = torch.mm(torch.t(dh), x2)
  db = torch.mm(torch.t(dy2), h)
  if len(dx_base) > 0:
    torch.addmm_(torch.view(dx_base[0], [-1, a.size(1)]), dh, a)
    return [dx_base[0], da, db]
  return [torch.view(torch.mm(dh, a), x.size()), da, db]

# Adds da and the scaled blocks of db to the gradients of the factors that a and b were made from.
# Block i of b: ranks side by side in order, rows from starts[i].
def low_rank_accumulate(self, da: Tensor, db: Tensor, ga: Tensor, gb: List[Tensor], starts: List[int], scales: List[float]) -> int:
  torch.add_(ga, da)
  column = 0
  for i in range(len(gb)):
    rank = gb[i].size(1)
    rows = torch.narrow(db, 0, starts[i], gb[i].size(0))
    torch.add_(gb[i], torch.narrow(rows, 1, column, rank), alpha=scales[i])
    column = column + rank
  return 0

# Fills those blocks of b with the scaled factors.
def low_rank_compose(self, b: Tensor, factors: List[Tensor], starts: List[int], scales: List[float]) -> int:
  column = 0
  for i in range(len(factors)):
    rank = factors[i].size(1)
    rows = torch.narrow(b, 0, starts[i], factors[i].size(0))
    torch.copy_(torch.narrow(rows, 1, column, rank), torch.mul(factors[i], scales[i]))
    column = column + rank
  return 0

# weight += scale * b a, in place: computed in fp32, rounded once.
def low_rank_merge(self, weight: Tensor, a: Tensor, b: Tensor, scale: float) -> int:
  torch.copy_(weight, torch.addmm(torch.to(weight, 6), b, a, alpha=scale))
  return 0

# [B, T, (H + K + K) D] -> views [B, heads, T, D], one for each entry of heads.
def split_heads(self, x: Tensor, heads: List[int], head_dim: int) -> List[Tensor]:
  by_head = torch.transpose(torch.view(x, [x.size(0), x.size(1), -1, head_dim]), 1, 2)
  parts = annotate(List[Tensor], [])
  start = 0
  for n in heads:
    parts.append(torch.narrow(by_head, 1, start, n))
    start = start + n
  return parts

def split_heads_backward(self, parts: List[Tensor]) -> Tensor:
  joined = torch.cat([torch.transpose(p, 1, 2) for p in parts], 2)
  return torch.flatten(joined, 2)

# Cosines and sines [.., T, D / 2] of positions [T] or [B, T]; a head axis is added for the latter.
def rotary_table(self, positions: Tensor, inverse_frequencies: Tensor, factor: float, dtype: int) -> List[Tensor]:
  angles = torch.mul(torch.unsqueeze(torch.to(positions, 6), -1), inverse_frequencies)
  if torch.dim(angles) == 3:
    angles = torch.unsqueeze(angles, 1)
  cos = torch.to(torch.mul(torch.cos(angles), factor), dtype)
  sin = torch.to(torch.mul(torch.sin(angles), factor), dtype)
  return [cos, sin]

# Rotary position embedding (Su et al. 2021) in the half-split form: (x1, x2) turned by the angle.
# Entries past the table's width pass through.
def rotary(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  half = cos.size(-1)
  x1 = torch.narrow(x, -1, 0, half)
  x2 = torch.narrow(x, -1, half, half)
  y = torch.empty_like(x)
  y1 = torch.narrow(y, -1, 0, half)
  y2 = torch.narrow(y, -1, half, half)
  torch.addcmul_(torch.copy_(y1, torch.mul(x1, cos)), x2, sin, value=-1)
  torch.addcmul_(torch.copy_(y2, torch.mul(x2, cos)), x1, sin)
  rest = x.size(-1) - 2 * half
  if rest > 0:
    torch.copy_(torch.narrow(y, -1, 2 * half, rest), torch.narrow(x, -1, 2 * half, rest))
  return y

def rotary_backward(self, dy: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  return self.rotary(dy, cos, torch.neg(sin))

# Additive mask [B, 1, Tq, Tk] from a 0/1 mask [B, Tk]: causal, and no look at padding. Queries are
# the last Tq positions. The most negative finite number keeps rows with nothing to see finite.
def causal_mask(self, attention_mask: Tensor, queries: int, dtype: int) -> Tensor:
  keys = attention_mask.size(1)
  reach = torch.arange(keys - queries, keys)
  seen = torch.le(torch.unsqueeze(torch.arange(keys), 0), torch.unsqueeze(reach, 1))
  allowed = torch.logical_and(seen, torch.to(attention_mask, 11).unsqueeze(1).unsqueeze(1))
  lowest = -3.3895313892515355e38
  if dtype == 5:
    lowest = -65504.0
  mask = torch.zeros([attention_mask.size(0), 1, queries, keys], dtype=dtype)
  return torch.masked_fill_(mask, torch.logical_not(allowed), lowest)

def repeat_heads(self, x: Tensor, times: int) -> Tensor:
  if times == 1:
    return x
  b, k, t, d = x.size(0), x.size(1), x.size(2), x.size(3)
  return torch.reshape(torch.expand(torch.unsqueeze(x, 2), [b, k, times, t, d]), [b, k * times, t, d])

# Scaled dot-product attention, causal unless an additive mask is given.
# q [B, H, T, D], k and v [B, K, T, D] -> [joined heads [B, T, H D], log-sum-exp].
def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float) -> List[Tensor]:
  times = q.size(1) // k.size(1)
  kk = self.repeat_heads(k, times)
  vv = self.repeat_heads(v, times)
  if len(mask) > 0:
    y, lse = torch._scaled_dot_product_flash_attention_for_cpu(q, kk, vv, 0., False, attn_mask=mask[0], scale=scale)
  else:
    y, lse = torch._scaled_dot_product_flash_attention_for_cpu(q, kk, vv, 0., True, scale=scale)
  return [torch.flatten(torch.transpose(y, 1, 2), 2), lse]

def attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, y: Tensor, lse: Tensor, mask: List[Tensor], scale: float) -> List[Tensor]:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  kv_heads = k.size(1)
  times = heads // kv_heads
  kk = self.repeat_heads(k, times)
  vv = self.repeat_heads(v, times)
  dyh = torch.transpose(torch.view(dy, [b, t, heads, d]), 1, 2)
  yh = torch.transpose(torch.view(y, [b, t, heads, d]), 1, 2)
  if len(mask) > 0:
    dq, dk, dv = torch._scaled_dot_product_flash_attention_for_cpu_backward(dyh, q, kk, vv, yh, lse, 0., False, attn_mask=mask[0], scale=scale)
  else:
    dq, dk, dv = torch._scaled_dot_product_flash_attention_for_cpu_backward(dyh, q, kk, vv, yh, lse, 0., True, scale=scale)
  if times > 1:
    dk = torch.sum(torch.reshape(dk, [b, kv_heads, times, t, d]), [2])
    dv = torch.sum(torch.reshape(dv, [b, kv_heads, times, t, d]), [2])
  return [dq, dk, dv]

# Writes k and v at position `at` of the caches [B, K, L, D].
def cache_append(self, k_cache: Tensor, v_cache: Tensor, k: Tensor, v: Tensor, at: int) -> int:
  torch.copy_(torch.narrow(k_cache, 2, at, k.size(2)), k)
  torch.copy_(torch.narrow(v_cache, 2, at, v.size(2)), v)
  return 0

# Attention of the newest positions over the first `length` cached ones. For one new position the
# query heads of a group become rows of one attention over its key/value head: nothing is repeated.
def cached_attention(self, q: Tensor, k_cache: Tensor, v_cache: Tensor, length: int, mask: List[Tensor], scale: float) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  k = torch.narrow(k_cache, 2, 0, length)
  v = torch.narrow(v_cache, 2, 0, length)
  if t > 1:
    return self.attention(q, k, v, mask, scale)[0]
  kv_heads = k.size(1)
  grouped = torch.reshape(q, [b, kv_heads, heads // kv_heads, d])
  if len(mask) > 0:
    y, lse = torch._scaled_dot_product_flash_attention_for_cpu(grouped, k, v, 0., False, attn_mask=mask[0], scale=scale)
  else:
    y, lse = torch._scaled_dot_product_flash_attention_for_cpu(grouped, k, v, 0., False, scale=scale)
  return torch.reshape(y, [b, 1, heads * d])

# act(gate) * up on [.., gate | up]. Kinds: 0 silu, 1 gelu, 2 gelu (tanh), 3 relu.
def activation(self, x: Tensor, kind: int) -> Tensor:
  if kind == 0:
    return torch.silu(x)
  elif kind == 1:
    return torch.gelu(x)
  elif kind == 2:
    return torch.gelu(x, approximate="tanh")
  return torch.relu(x)

def activation_backward(self, dy: Tensor, x: Tensor, kind: int) -> Tensor:
  if kind == 0:
    return torch.silu_backward(dy, x)
  elif kind == 1:
    return torch.gelu_backward(dy, x)
  elif kind == 2:
    return torch.gelu_backward(dy, x, approximate="tanh")
  return torch.threshold_backward(dy, x, 0)

def gated(self, x: Tensor, kind: int) -> Tensor:
  width = x.size(-1) // 2
  return torch.mul_(self.activation(torch.narrow(x, -1, 0, width), kind), torch.narrow(x, -1, width, width))

def gated_backward(self, dy: Tensor, x: Tensor, kind: int) -> Tensor:
  width = x.size(-1) // 2
  gate = torch.narrow(x, -1, 0, width)
  up = torch.narrow(x, -1, width, width)
  dx = torch.empty_like(x)
  torch.copy_(torch.narrow(dx, -1, 0, width), self.activation_backward(torch.mul(dy, up), gate, kind))
  torch.mul_(torch.copy_(torch.narrow(dx, -1, width, width), self.activation(gate, kind)), dy)
  return dx
