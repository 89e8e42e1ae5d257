# Attention with sinks (OpenAI 2025, gpt-oss): each head has one more score, of a key without a
# value, that takes its share of the weights.

# The weights of query rows as in attention_weights, with the sink's in a last column:
# [B, heads, count, last - first + 1].
def sink_weights(self, rows: Tensor, keys: Tensor, sinks: Tensor, mask: List[Tensor], heads: int, start: int, end: int, first: int, last: int, scale: float, causal: bool, window: int) -> Tensor:
  count = end - start
  scores = torch.mul_(torch.bmm(rows, torch.transpose(keys, 1, 2)), scale)
  by_head = torch.view(scores, [-1, heads, count, last - first])
  if len(mask) > 0:
    own = mask[0] if mask[0].size(2) == 1 else torch.narrow(mask[0], 2, start, count)
    torch.add_(by_head, own)
  else:
    self.hide_keys(scores, start, end, first, last, causal, window)
  column = torch.expand(torch.view(torch.to(sinks, scores.dtype), [1, heads, 1, 1]), [by_head.size(0), heads, count, 1])
  return torch.softmax(torch.cat([by_head, column], -1), -1)

def sink_attention(self, q: Tensor, k: Tensor, v: Tensor, sinks: Tensor, mask: List[Tensor], scale: float, causal: bool, window: int) -> Tensor:
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
    p = self.sink_weights(rows, torch.narrow(kk, 1, first, last - first), sinks, mask, heads, start, end, first, last, scale, causal, window)
    own = torch.reshape(torch.narrow(p, 3, 0, last - first), [b * kv_heads, -1, last - first])
    part = torch.bmm(own, torch.narrow(vv, 1, first, last - first))
    torch.copy_(torch.narrow(by_head, 2, start, end - start), torch.view(part, [b, heads, end - start, d]))
    start = end
  return y

# Of q, k, v and the sinks.
def sink_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, sinks: Tensor, mask: List[Tensor], scale: float, causal: bool, window: int) -> List[Tensor]:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  kv_heads, length = k.size(1), k.size(2)
  kk = torch.reshape(k, [b * kv_heads, length, d])
  vv = torch.reshape(v, [b * kv_heads, length, d])
  dy_by_head = torch.transpose(torch.view(dy, [b, t, heads, d]), 1, 2)
  dq = torch.empty([b, heads, t, d], dtype=q.dtype, device=q.device)
  dk = torch.zeros([b * kv_heads, length, d], dtype=6, device=q.device)
  dv = torch.zeros([b * kv_heads, length, d], dtype=6, device=q.device)
  dsinks = torch.zeros([heads], dtype=6, device=q.device)
  block = self.attention_block(q, length)
  start = 0
  while start < t:
    end = min(start + block, t)
    first, last = self.visible_keys(start, end, length, len(mask) > 0, causal, window)
    seen = last - first
    rows = self.query_rows(q, start, end, kv_heads)
    drows = self.query_rows(dy_by_head, start, end, kv_heads)
    keys = torch.narrow(kk, 1, first, seen)
    p = self.sink_weights(rows, keys, sinks, mask, heads, start, end, first, last, scale, causal, window)
    dp = torch.zeros_like(p)
    found = torch.bmm(drows, torch.transpose(torch.narrow(vv, 1, first, seen), 1, 2))
    torch.copy_(torch.narrow(dp, 3, 0, seen), torch.view(found, [b, heads, end - start, seen]))
    ds = torch._softmax_backward_data(dp, p, -1, q.dtype)
    torch.add_(dsinks, torch.sum(torch.to(torch.narrow(ds, 3, seen, 1), 6), [0, 2, 3]))
    dscores = torch.mul(torch.reshape(torch.narrow(ds, 3, 0, seen), [b * kv_heads, -1, seen]), scale)
    own = torch.reshape(torch.narrow(p, 3, 0, seen), [b * kv_heads, -1, seen])
    torch.add_(torch.narrow(dv, 1, first, seen), torch.bmm(torch.transpose(own, 1, 2), drows))
    torch.add_(torch.narrow(dk, 1, first, seen), torch.bmm(torch.transpose(dscores, 1, 2), rows))
    torch.copy_(torch.narrow(dq, 2, start, end - start), torch.view(torch.bmm(dscores, keys), [b, heads, end - start, d]))
    start = end
  return [dq, torch.to(torch.view(dk, k.size()), k.dtype), torch.to(torch.view(dv, v.size()), v.dtype), dsinks]

# Inside each document of a packed batch, as packed_attention.
def packed_sink_attention(self, q: Tensor, k: Tensor, v: Tensor, sinks: Tensor, gather: List[Tensor], real: List[Tensor], place: List[Tensor], scale: float, window: int) -> Tensor:
  b, heads, t, d = q.size(0), q.size(1), q.size(2), q.size(3)
  y = torch.zeros([b * t, heads * d], dtype=q.dtype, device=q.device)
  for i in range(len(gather)):
    part = self.sink_attention(self.gather_documents(q, gather[i]), self.gather_documents(k, gather[i]), self.gather_documents(v, gather[i]), sinks, annotate(List[Tensor], []), scale, True, window)
    torch.index_copy_(y, 0, place[i], torch.index_select(torch.flatten(part, 0, 1), 0, real[i]))
  return torch.view(y, [b, t, heads * d])

def packed_sink_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, sinks: Tensor, gather: List[Tensor], real: List[Tensor], place: List[Tensor], scale: float, window: int) -> List[Tensor]:
  b, t, d = q.size(0), q.size(2), q.size(3)
  flat = torch.flatten(dy, 0, 1)
  sums = annotate(List[Tensor], [])
  for x in [q, k, v]:
    sums.append(torch.zeros([b * t, x.size(1), d], dtype=x.dtype, device=x.device))
  dsinks = torch.zeros([q.size(1)], dtype=6, device=q.device)
  for i in range(len(gather)):
    n, longest = gather[i].size(0), gather[i].size(1)
    part = torch.zeros([n * longest, flat.size(1)], dtype=dy.dtype, device=dy.device)
    torch.index_copy_(part, 0, real[i], torch.index_select(flat, 0, place[i]))
    found = self.sink_attention_backward(torch.view(part, [n, longest, -1]), self.gather_documents(q, gather[i]), self.gather_documents(k, gather[i]), self.gather_documents(v, gather[i]), sinks, annotate(List[Tensor], []), scale, True, window)
    for j in range(3):
      by_token = torch.flatten(torch.transpose(found[j], 1, 2), 0, 1)
      torch.index_copy_(sums[j], 0, place[i], torch.index_select(by_token, 0, real[i]))
    torch.add_(dsinks, found[3])
  return [torch.transpose(torch.view(x, [b, t, x.size(1), d]), 1, 2) for x in sums] + [dsinks]

# Of the newest positions over the first `length` cached ones, as cached_attention.
def cached_sink_attention(self, q: Tensor, k: Tensor, v: Tensor, k_cache: Tensor, v_cache: Tensor, sinks: Tensor, at: int, mask: List[Tensor], scale: float, window: int) -> Tensor:
  self.cache_append(k_cache, v_cache, k, v, at)
  length = at + k.size(2)
  if q.size(2) > 1:
    return self.sink_attention(q, torch.narrow(k_cache, 2, 0, length), torch.narrow(v_cache, 2, 0, length), sinks, mask, scale, True, window)
  first = max(0, length - window) if window > 0 else 0
  keys = torch.narrow(k_cache, 2, first, length - first)
  values = torch.narrow(v_cache, 2, first, length - first)
  near = [torch.narrow(m, 3, first, length - first) for m in mask]
  return self.sink_attention(q, keys, values, sinks, near, scale, False, 0)

def add_to_gradient(self, gradient: Tensor, more: Tensor) -> int:
  torch.add_(gradient, more)
  return 0
