# Heads, rotary positions, masks and attention and, below each, its derivative.
# Shapes: B rows, T positions, H query heads, K key/value heads, D entries a head.

# Entries drawn into [-limit, limit].
def clamped(self, x: Tensor, limit: float) -> Tensor:
  return torch.clamp(x, -limit, limit)

def clamped_backward(self, dy: Tensor, x: Tensor, limit: float) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  return torch.mul(dy, torch.to(torch.le(torch.abs(x), limit), dy.dtype))

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

# [B, T, K (G + 2) D], the queries, the key and the value of a key/value head side by side -> queries
# [B, K G, T, D], a view where G is 1, and views [B, K, T, D] of keys and values.
def split_interleaved_heads(self, x: Tensor, head_dim: int, group: int) -> List[Tensor]:
  by_head = torch.view(x, [x.size(0), x.size(1), -1, (group + 2) * head_dim])
  q = torch.reshape(torch.narrow(by_head, -1, 0, group * head_dim), [x.size(0), x.size(1), -1, head_dim])
  k = torch.narrow(by_head, -1, group * head_dim, head_dim)
  v = torch.narrow(by_head, -1, (group + 1) * head_dim, head_dim)
  return [torch.transpose(part, 1, 2) for part in [q, k, v]]

def split_interleaved_heads_backward(self, parts: List[Tensor]) -> Tensor:
  by_token = [torch.transpose(part, 1, 2) for part in parts]
  kv_heads = by_token[1].size(2)
  by_head = [torch.reshape(part, [part.size(0), part.size(1), kv_heads, -1]) for part in by_token]
  return torch.flatten(torch.cat(by_head, -1), 2)

# Cosines and sines [.., T, D / 2] of positions [T] or [B, T]; a head axis is added for the latter.
def rotary_table(self, positions: Tensor, inverse_frequencies: Tensor, factor: float, dtype: int) -> List[Tensor]:
  angles = torch.mul(torch.unsqueeze(torch.to(positions, 6), -1), inverse_frequencies)
  if torch.dim(angles) == 3:
    angles = torch.unsqueeze(angles, 1)
  cos = torch.to(torch.mul(torch.cos(angles), factor), dtype)
  sin = torch.to(torch.mul(torch.sin(angles), factor), dtype)
  return [cos, sin]

# A table times a factor of each position, which grows with it.
def growing_rotary_table(self, cos: Tensor, sin: Tensor, positions: Tensor, beta: float, length: int) -> List[Tensor]:
  rounds = torch.floor(torch.div(torch.to(positions, 6), length))
  factor = torch.unsqueeze(torch.add(torch.mul(torch.log(torch.add(rounds, 1)), beta), 1), -1)
  if torch.dim(factor) == 3:
    factor = torch.unsqueeze(factor, 1)
  return [torch.to(torch.mul(cos, factor), cos.dtype), torch.to(torch.mul(sin, factor), sin.dtype)]

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

# The same for pairs of neighbors, (x0, x1), (x2, x3), each turned by its angle.
def rotary_pairs(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  width = 2 * cos.size(-1)
  x1 = torch.slice(x, -1, 0, width, 2)
  x2 = torch.slice(x, -1, 1, width, 2)
  y = torch.empty_like(x)
  y1 = torch.slice(y, -1, 0, width, 2)
  y2 = torch.slice(y, -1, 1, width, 2)
  torch.addcmul_(torch.copy_(y1, torch.mul(x1, cos)), x2, sin, value=-1)
  torch.addcmul_(torch.copy_(y2, torch.mul(x2, cos)), x1, sin)
  rest = x.size(-1) - width
  if rest > 0:
    torch.copy_(torch.narrow(y, -1, width, rest), torch.narrow(x, -1, width, rest))
  return y

def rotary_pairs_backward(self, dy: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  return self.rotary_pairs(dy, cos, torch.neg(sin))

# Additive mask from what may be seen: the most negative finite number keeps rows with nothing to
# see finite.
def additive_mask(self, allowed: Tensor, dtype: int) -> Tensor:
  lowest = -3.3895313892515355e38
  if dtype == 5:
    lowest = -65504.0
  mask = torch.zeros(allowed.size(), dtype=dtype, device=allowed.device)
  return torch.masked_fill_(mask, torch.logical_not(allowed), lowest)

# Mask [B, 1, Tq, Tk] from a 0/1 mask [B, Tk]: causal, no look at padding, and, with a window, no
# look further back. Queries are the last Tq positions.
def causal_mask(self, attention_mask: Tensor, queries: int, window: int, dtype: int) -> Tensor:
  keys = attention_mask.size(1)
  if attention_mask.is_meta:
    return torch.empty([attention_mask.size(0), 1, queries, keys], dtype=dtype, device=attention_mask.device)
  reach = torch.unsqueeze(torch.arange(keys - queries, keys, device=attention_mask.device), 1)
  at = torch.unsqueeze(torch.arange(keys, device=attention_mask.device), 0)
  seen = torch.le(at, reach)
  if window > 0:
    seen = torch.logical_and(seen, torch.gt(at, torch.sub(reach, window)))
  return self.additive_mask(torch.logical_and(seen, torch.to(attention_mask, 11).unsqueeze(1).unsqueeze(1)), dtype)

# Mask from a 0/1 mask [B, T] for attention both ways: no look at padding ([B, 1, 1, T]), and, with
# a window, none further away than it ([B, 1, T, T]).
def padding_mask(self, attention_mask: Tensor, window: int, dtype: int) -> Tensor:
  if attention_mask.is_meta and window == 0:
    return torch.empty([attention_mask.size(0), 1, 1, attention_mask.size(1)], dtype=dtype, device=attention_mask.device)
  allowed = torch.to(attention_mask, 11).unsqueeze(1).unsqueeze(1)
  if window > 0:
    at = torch.arange(attention_mask.size(1), device=attention_mask.device)
    distance = torch.abs(torch.sub(torch.unsqueeze(at, 0), torch.unsqueeze(at, 1)))
    allowed = torch.logical_and(allowed, torch.le(distance, window))
  return self.additive_mask(allowed, dtype)

# Queries handled at once. On a CPU all their scores together take a few MB, to stay in its caches,
# whatever the batch and length. A GPU needs work for all its multiprocessors and few launches: there
# they take up to 64 M entries, and a causal block not so much that most of it is hidden. All of them
# on the meta device, which has no memory to save.
def attention_block(self, q: Tensor, keys: int) -> int:
  if q.is_meta:
    return q.size(2)
  scores = q.size(0) * q.size(1) * keys
  if q.is_cpu:
    return min(128, max(16, 2097152 // scores // 16 * 16))
  return min(1024, max(64, 67108864 // scores // 64 * 64))

# Queries [start, end) of [B, H, T, D], those that share a key/value head below each other.
def query_rows(self, x: Tensor, start: int, end: int, kv_heads: int) -> Tensor:
  return torch.reshape(torch.narrow(x, 2, start, end - start), [x.size(0) * kv_heads, -1, x.size(3)])

# The keys [first, last) that some query of [start, end) may see without a mask.
def visible_keys(self, start: int, end: int, length: int, masked: bool, causal: bool, window: int) -> Tuple[int, int]:
  first = 0
  last = length
  if not masked:
    if window > 0:
      first = max(0, start - window + 1) if causal else max(0, start - window)
    if causal:
      last = end
    elif window > 0:
      last = min(length, end + window)
  return (first, last)

# Hides from queries [start, end) those keys [first, last) they may not see, in place.
def hide_keys(self, scores: Tensor, start: int, end: int, first: int, last: int, causal: bool, window: int) -> int:
  count = end - start
  low = -1.0e30 if scores.dtype != 5 else -3.0e4
  by_group = torch.view(scores, [scores.size(0), -1, count, last - first])
  if causal:
    torch.add_(torch.narrow(by_group, 3, start - first, count), torch.triu(torch.full([count, count], low, dtype=scores.dtype, device=scores.device), 1))
  if window > 0:
    far = torch.full([count, last - first], low, dtype=scores.dtype, device=scores.device)
    if causal:
      torch.add_(by_group, torch.tril_(far, start - window - first))
    else:
      torch.add_(by_group, torch.add(torch.tril(far, start - window - first - 1), torch.triu(far, start + window - first + 1)))
  return 0

# What attention with linear biases (Press et al. 2022) adds to scores: less the further away a key
# is, by a slope of each head. Numbers of heads that are no power of 2 take every second slope of the
# next power, then those in between. F32 [heads, queries, keys] for queries at [start, end) and keys
# at [first, last).
def distance_bias(self, like: Tensor, heads: int, start: int, end: int, first: int, last: int, alibi: float) -> Tensor:
  power = 1
  while power < heads:
    power = power * 2
  slopes = torch.exp2(torch.mul(torch.to(torch.arange(1, power + 1, device=like.device), 6), -alibi / power))
  if power > heads:
    slopes = torch.narrow(torch.cat([torch.slice(slopes, 0, 1, power, 2), torch.slice(slopes, 0, 0, power, 2)]), 0, 0, heads)
  keys = torch.unsqueeze(torch.arange(first, last, device=like.device), 0)
  queries = torch.unsqueeze(torch.arange(start, end, device=like.device), 1)
  return torch.mul(torch.view(slopes, [heads, 1, 1]), torch.to(torch.sub(keys, queries), 6))

# Attention weights of query rows over keys [B K, last - first, D], for queries [start, end); with
# a soft cap, also the tangents that capped the scores. Linear biases need to know how many keys come
# before the first query.
def attention_weights(self, rows: Tensor, keys: Tensor, mask: List[Tensor], heads: int, start: int, end: int, first: int, last: int, scale: float, cap: float, causal: bool, window: int, alibi: float, before: int) -> List[Tensor]:
  count = end - start
  scores = torch.mul_(torch.bmm(rows, torch.transpose(keys, 1, 2)), scale)
  tangents = annotate(List[Tensor], [])
  if cap > 0.:
    tangent = torch.tanh_(torch.div_(scores, cap))
    tangents.append(tangent)
    scores = torch.mul(tangent, cap)
  if alibi > 0.:
    bias = self.distance_bias(scores, heads, before + start, before + end, first, last, alibi)
    torch.add_(torch.view(scores, [-1, heads, count, last - first]), bias)
  if len(mask) > 0:
    by_head = torch.view(scores, [mask[0].size(0), heads, count, -1])
    own = mask[0] if mask[0].size(2) == 1 else torch.narrow(mask[0], 2, start, count)
    torch.add_(by_head, own)
  else:
    self.hide_keys(scores, start, end, first, last, causal, window)
  return [torch.softmax(scores, -1)] + tangents

# Scaled dot-product attention. Without a mask causal or both ways, as far as the window if that is
# above 0. Weights are dropped with probability drop; what is drawn depends on the generator alone, so
# that the derivative draws the same after the same seed. Plain products over blocks of queries, with
# the query heads of a group as rows over their one key/value head.
# q [B, H, T, D], k and v [B, K, T, D] -> joined heads [B, T, H D].
def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, cap: float, causal: bool, window: int, drop: float, alibi: float) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  kv_heads, length = k.size(1), k.size(2)
  kk = torch.reshape(k, [b * kv_heads, length, d])
  vv = torch.reshape(v, [b * kv_heads, length, d])
  y = torch.empty([b, t, heads * d], dtype=q.dtype, device=q.device)
  by_head = torch.transpose(torch.view(y, [b, t, heads, d]), 1, 2)
  block = self.attention_block(q, length)
  start = 0
  while start < t:
    end = min(start + block, t)
    first, last = self.visible_keys(start, end, length, len(mask) > 0, causal, window)
    rows = self.query_rows(q, start, end, kv_heads)
    p = self.attention_weights(rows, torch.narrow(kk, 1, first, last - first), mask, heads, start, end, first, last, scale, cap, causal, window, alibi, length - t)
    kept = p[0]
    if drop > 0.:
      kept = torch.mul(kept, self.dropout_mask(kept, drop))
    part = torch.bmm(kept, torch.narrow(vv, 1, first, last - first))
    torch.copy_(torch.narrow(by_head, 2, start, end - start), torch.view(part, [b, heads, end - start, d]))
    start = end
  return y

# The same both ways, for as many key/value heads as query heads, where nothing is differentiated:
# the whole head in one kernel, without copies.
def fused_attention(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float) -> Tensor:
  return torch.flatten(torch.transpose(self.fused_heads(q, k, v, mask, scale), 1, 2), 2)

# q [B, H, T, D], k and v [B, H, L, D] -> [B, H, T, D]. The CPU's kernel is called by name; elsewhere
# libtorch chooses one.
def fused_heads(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float) -> Tensor:
  if q.is_meta:
    return torch.empty_like(q)
  own = annotate(Optional[Tensor], None)
  if len(mask) > 0:
    own = mask[0]
  if q.is_cpu:
    y, lse = torch._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0., False, attn_mask=own, scale=scale)
  else:
    y = torch.scaled_dot_product_attention(q, k, v, own, 0., False, scale=scale)
  return y

# The weights are made again, block by block.
def attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], scale: float, cap: float, causal: bool, window: int, drop: float, alibi: float) -> List[Tensor]:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  kv_heads, length = k.size(1), k.size(2)
  kk = torch.reshape(k, [b * kv_heads, length, d])
  vv = torch.reshape(v, [b * kv_heads, length, d])
  dy_by_head = torch.transpose(torch.view(dy, [b, t, heads, d]), 1, 2)
  dq = torch.empty([b, heads, t, d], dtype=q.dtype, device=q.device)
  dk = torch.zeros([b * kv_heads, length, d], dtype=6, device=q.device)
  dv = torch.zeros([b * kv_heads, length, d], dtype=6, device=q.device)
  block = self.attention_block(q, length)
  start = 0
  while start < t:
    end = min(start + block, t)
    first, last = self.visible_keys(start, end, length, len(mask) > 0, causal, window)
    rows = self.query_rows(q, start, end, kv_heads)
    drows = self.query_rows(dy_by_head, start, end, kv_heads)
    keys = torch.narrow(kk, 1, first, last - first)
    made = self.attention_weights(rows, keys, mask, heads, start, end, first, last, scale, cap, causal, window, alibi, length - t)
    p = made[0]
    dp = torch.bmm(drows, torch.transpose(torch.narrow(vv, 1, first, last - first), 1, 2))
    kept = p
    if drop > 0.:
      kept_or_not = self.dropout_mask(p, drop)
      kept = torch.mul(p, kept_or_not)
      dp = torch.mul_(dp, kept_or_not)
    ds = torch.mul_(torch._softmax_backward_data(dp, p, -1, q.dtype), scale)
    if cap > 0.:
      ds = torch.tanh_backward(ds, made[1])
    torch.add_(torch.narrow(dv, 1, first, last - first), torch.bmm(torch.transpose(kept, 1, 2), drows))
    torch.add_(torch.narrow(dk, 1, first, last - first), torch.bmm(torch.transpose(ds, 1, 2), rows))
    torch.copy_(torch.narrow(dq, 2, start, end - start), torch.view(torch.bmm(ds, keys), [b, heads, end - start, d]))
    start = end
  return [dq, torch.to(torch.view(dk, k.size()), k.dtype), torch.to(torch.view(dv, v.size()), v.dtype)]

# The positions gather [n, L] of x [B, heads, T, D], as [n, heads, L, D].
def gather_documents(self, x: Tensor, gather: Tensor) -> Tensor:
  by_token = torch.flatten(torch.transpose(x, 1, 2), 0, 1)
  taken = torch.index_select(by_token, 0, torch.flatten(gather))
  return torch.transpose(torch.view(taken, [gather.size(0), gather.size(1), x.size(1), x.size(3)]), 1, 2)

# Attention inside each document of a packed batch, block by block: a block's documents lie below
# each other, filled on the right, where a causal rule hides the filling. Positions of no document
# get zeros.
def packed_attention(self, q: Tensor, k: Tensor, v: Tensor, gather: List[Tensor], real: List[Tensor], place: List[Tensor], scale: float, cap: float, window: int, drop: float, alibi: float) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  y = torch.zeros([b * t, heads * d], dtype=q.dtype, device=q.device)
  for i in range(len(gather)):
    part = self.attention(self.gather_documents(q, gather[i]), self.gather_documents(k, gather[i]), self.gather_documents(v, gather[i]), annotate(List[Tensor], []), scale, cap, True, window, drop, alibi)
    torch.index_copy_(y, 0, place[i], torch.index_select(torch.flatten(part, 0, 1), 0, real[i]))
  return torch.view(y, [b, t, heads * d])

# Filling has a gradient of zero, so that it adds nothing to that of keys and values.
def packed_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, gather: List[Tensor], real: List[Tensor], place: List[Tensor], scale: float, cap: float, window: int, drop: float, alibi: float) -> List[Tensor]:
  b, t, d = q.size(0), q.size(2), q.size(3)
  flat = torch.flatten(dy, 0, 1)
  sums = annotate(List[Tensor], [])
  for x in [q, k, v]:
    sums.append(torch.zeros([b * t, x.size(1), d], dtype=x.dtype, device=x.device))
  for i in range(len(gather)):
    n, longest = gather[i].size(0), gather[i].size(1)
    part = torch.zeros([n * longest, flat.size(1)], dtype=dy.dtype, device=dy.device)
    torch.index_copy_(part, 0, real[i], torch.index_select(flat, 0, place[i]))
    found = self.attention_backward(torch.view(part, [n, longest, -1]), self.gather_documents(q, gather[i]), self.gather_documents(k, gather[i]), self.gather_documents(v, gather[i]), annotate(List[Tensor], []), scale, cap, True, window, drop, alibi)
    for j in range(3):
      by_token = torch.flatten(torch.transpose(found[j], 1, 2), 0, 1)
      torch.index_copy_(sums[j], 0, place[i], torch.index_select(by_token, 0, real[i]))
  return [torch.transpose(torch.view(x, [b, t, x.size(1), d]), 1, 2) for x in sums]

# Attention weights [B H, count, S] for queries [start, end) with a bias [H, T, S] on the scores and,
# with a mask [B or 1, 1, T or 1, S], that too.
def biased_weights(self, rows: Tensor, keys: Tensor, bias: Tensor, mask: List[Tensor], start: int, end: int, scale: float) -> Tensor:
  count = end - start
  scores = torch.mul_(torch.bmm(rows, torch.transpose(keys, 1, 2)), scale)
  by_head = torch.view(scores, [-1, bias.size(0), count, keys.size(1)])
  torch.add_(by_head, torch.narrow(bias, 1, start, count))
  for own in mask:
    torch.add_(by_head, own if own.size(2) == 1 else torch.narrow(own, 2, start, count))
  return torch.softmax(scores, -1)

# Attention whose scores have a bias [T, S, H] of their distance added (Raffel et al. 2020), block by
# block. q [B, H, T, D], k and v [B, H, S, D] -> joined heads [B, T, H D].
def biased_attention(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: List[Tensor], scale: float, drop: float) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  kk = torch.reshape(k, [b * heads, k.size(2), d])
  vv = torch.reshape(v, [b * heads, k.size(2), d])
  by_distance = torch.contiguous(torch.permute(bias, [2, 0, 1]))
  y = torch.empty([b, t, heads * d], dtype=q.dtype, device=q.device)
  by_head = torch.transpose(torch.view(y, [b, t, heads, d]), 1, 2)
  block = self.attention_block(q, k.size(2))
  start = 0
  while start < t:
    end = min(start + block, t)
    p = self.biased_weights(self.query_rows(q, start, end, heads), kk, by_distance, mask, start, end, scale)
    if drop > 0.:
      p = torch.mul(p, self.dropout_mask(p, drop))
    torch.copy_(torch.narrow(by_head, 2, start, end - start), torch.view(torch.bmm(p, vv), [b, heads, end - start, d]))
    start = end
  return y

# [dq, dk, dv, dbias].
def biased_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, bias: Tensor, mask: List[Tensor], scale: float, drop: float) -> List[Tensor]:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  length = k.size(2)
  kk = torch.reshape(k, [b * heads, length, d])
  vv = torch.reshape(v, [b * heads, length, d])
  by_distance = torch.contiguous(torch.permute(bias, [2, 0, 1]))
  dy_by_head = torch.transpose(torch.view(dy, [b, t, heads, d]), 1, 2)
  dq = torch.empty([b, heads, t, d], dtype=q.dtype, device=q.device)
  dk = torch.zeros([b * heads, length, d], dtype=6, device=q.device)
  dv = torch.zeros([b * heads, length, d], dtype=6, device=q.device)
  dbias = torch.empty([heads, t, length], dtype=bias.dtype, device=q.device)
  block = self.attention_block(q, length)
  start = 0
  while start < t:
    end = min(start + block, t)
    rows = self.query_rows(q, start, end, heads)
    drows = self.query_rows(dy_by_head, start, end, heads)
    p = self.biased_weights(rows, kk, by_distance, mask, start, end, scale)
    dp = torch.bmm(drows, torch.transpose(vv, 1, 2))
    kept = p
    if drop > 0.:
      kept_or_not = self.dropout_mask(p, drop)
      kept = torch.mul(p, kept_or_not)
      dp = torch.mul_(dp, kept_or_not)
    ds = torch._softmax_backward_data(dp, p, -1, q.dtype)
    summed = torch.sum(torch.view(ds, [b, heads, end - start, length]), [0], False, dtype=6)
    torch.copy_(torch.narrow(dbias, 1, start, end - start), summed)
    ds = torch.mul_(ds, scale)
    torch.add_(dv, torch.bmm(torch.transpose(kept, 1, 2), drows))
    torch.add_(dk, torch.bmm(torch.transpose(ds, 1, 2), rows))
    torch.copy_(torch.narrow(dq, 2, start, end - start), torch.view(torch.bmm(ds, kk), [b, heads, end - start, d]))
    start = end
  return [dq, torch.to(torch.view(dk, k.size()), k.dtype), torch.to(torch.view(dv, v.size()), v.dtype), torch.permute(dbias, [1, 2, 0])]

# Rows of a cache in another order.
def select_rows(self, x: Tensor, index: Tensor) -> Tensor:
  return torch.index_select(x, 0, index)

# Writes k and v at position `at` of the caches [B, K, L, D].
def cache_append(self, k_cache: Tensor, v_cache: Tensor, k: Tensor, v: Tensor, at: int) -> int:
  torch.copy_(torch.narrow(k_cache, 2, at, k.size(2)), k)
  torch.copy_(torch.narrow(v_cache, 2, at, v.size(2)), v)
  return 0

# Attention of the newest positions over the first `length` cached ones. For one new position the
# query heads of a group become rows of one attention over its key/value head: nothing is repeated.
def cached_attention(self, q: Tensor, k_cache: Tensor, v_cache: Tensor, length: int, mask: List[Tensor], scale: float, cap: float, window: int, alibi: float) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  if t > 1:
    return self.attention(q, torch.narrow(k_cache, 2, 0, length), torch.narrow(v_cache, 2, 0, length), mask, scale, cap, True, window, 0., alibi)
  first = max(0, length - window) if window > 0 else 0
  k = torch.narrow(k_cache, 2, first, length - first)
  v = torch.narrow(v_cache, 2, first, length - first)
  near = [torch.narrow(m, 3, first, length - first) for m in mask]
  if cap > 0. or alibi > 0.:
    return self.attention(q, k, v, near, scale, cap, False, 0, 0., alibi)
  kv_heads = k.size(1)
  grouped = torch.reshape(q, [b, kv_heads, heads // kv_heads, d])
  return torch.reshape(self.fused_heads(grouped, k, v, near, scale), [b, 1, heads * d])

# Attention of one new token of each of several texts [1, H, N, D], whose caches follow the first one
# in memory. The mask hides what is beyond a text, up to `length`, the longest with its new token.
def joined_attention(self, q: Tensor, k: Tensor, v: Tensor, k_first: Tensor, v_first: Tensor, at: Tensor, length: int, mask: List[Tensor], scale: float, cap: float, window: int, alibi: float) -> Tensor:
  n, heads, kv_heads, room, d = q.size(2), q.size(1), k_first.size(1), k_first.size(2), k_first.size(3)
  sizes = [n, kv_heads, room, d]
  strides = [kv_heads * room * d, room * d, d, 1]
  k_all = torch.as_strided(k_first, sizes, strides)
  v_all = torch.as_strided(v_first, sizes, strides)
  index = torch.expand(torch.view(at, [n, 1, 1, 1]), [n, kv_heads, 1, d])
  torch.scatter_(k_all, 2, index, torch.permute(k, [2, 1, 0, 3]))
  torch.scatter_(v_all, 2, index, torch.permute(v, [2, 1, 0, 3]))
  y = self.cached_attention(torch.permute(q, [2, 1, 0, 3]), k_all, v_all, length, mask, scale, cap, window, alibi)
  return torch.reshape(y, [1, n, heads * d])

# The same from a joined projection.
def rotated_joined_attention(self, x: Tensor, heads: int, cos: Tensor, sin: Tensor, k_first: Tensor, v_first: Tensor, at: Tensor, length: int, mask: List[Tensor], scale: float, cap: float, window: int) -> Tensor:
  kv_heads = k_first.size(1)
  parts = self.split_heads(x, [heads + kv_heads, kv_heads], k_first.size(3))
  turned = self.rotary(parts[0], cos, sin)
  return self.joined_attention(torch.narrow(turned, 1, 0, heads), torch.narrow(turned, 1, heads, kv_heads), parts[1], k_first, v_first, at, length, mask, scale, cap, window, 0.)

# From a joined projection [B, T, (H + K + K) D] to the heads side by side, in one call: queries and
# keys lie side by side, so that one product turns both.
def rotated_cached_attention(self, x: Tensor, heads: int, kv_heads: int, head_dim: int, cos: Tensor, sin: Tensor, k_cache: Tensor, v_cache: Tensor, at: int, mask: List[Tensor], scale: float, cap: float, window: int) -> Tensor:
  parts = self.split_heads(x, [heads + kv_heads, kv_heads], head_dim)
  turned = self.rotary(parts[0], cos, sin)
  k = torch.narrow(turned, 1, heads, kv_heads)
  self.cache_append(k_cache, v_cache, k, parts[1], at)
  return self.cached_attention(torch.narrow(turned, 1, 0, heads), k_cache, v_cache, at + x.size(1), mask, scale, cap, window, 0.)

# Vectors as bytes [.., D + 4]: whole numbers, then what they are multiplied by. Scripts cannot read
# the bits of a number, which are made of its parts: those of 1 <= m < 2 times 2 ** e are
# (e + 127) * 2 ** 23 + (m - 1) * 2 ** 23.
def to_eight_bits(self, x: Tensor) -> Tensor:
  wide = torch.to(x, 6)
  scale = torch.div(torch.amax(torch.abs(wide), [-1], True), 127.)
  finite = torch.lt(scale, inf)
  scale = torch.masked_fill(scale, torch.lt(scale, 1e-32), 0.)
  numbers = torch.round(torch.div(wide, torch.clamp_min(scale, 1e-32)))
  half, exponent = torch.frexp(torch.masked_fill(scale, torch.logical_not(finite), 1.))
  bits = torch.add(torch.to(torch.mul(half, 16777216.), 4), torch.mul(torch.to(exponent, 4), 8388608), alpha=1)
  bits = torch.add(bits, 125 * 8388608)
  bits = torch.masked_fill(bits, torch.eq(scale, 0.), 0)
  bits = torch.masked_fill(bits, torch.logical_not(finite), 2143289344)
  bytes = [torch.remainder(bits, 256), torch.remainder(torch.floor_divide(bits, 256), 256), torch.remainder(torch.floor_divide(bits, 65536), 256), torch.floor_divide(bits, 16777216)]
  unsigned = torch.remainder(torch.nan_to_num(numbers, 0., 0., 0.), 256.)
  return torch.cat([torch.to(unsigned, 0), torch.to(torch.cat(bytes, -1), 0)], -1)

def of_eight_bits(self, rows: Tensor) -> Tensor:
  width = rows.size(-1) - 4
  numbers = torch.to(torch.narrow(rows, -1, 0, width), 1)
  bytes = torch.to(torch.narrow(rows, -1, width, 4), 4)
  low = torch.add(torch.narrow(bytes, -1, 0, 1), torch.mul(torch.narrow(bytes, -1, 1, 1), 256))
  bits = torch.add(low, torch.add(torch.mul(torch.narrow(bytes, -1, 2, 1), 65536), torch.mul(torch.narrow(bytes, -1, 3, 1), 16777216)))
  exponent = torch.floor_divide(bits, 8388608)
  whole = torch.to(torch.add(torch.remainder(bits, 8388608), 8388608), 7)
  scale = torch.mul(whole, torch.pow(2., torch.sub(torch.to(exponent, 7), 150.)))
  scale = torch.masked_fill(torch.masked_fill(scale, torch.eq(bits, 0), 0.), torch.eq(exponent, 255), nan)
  return torch.mul(numbers, torch.to(scale, 6))
