# Attention with scores by the distance of query and key and, below each, its derivative. Rows of a
# batch are handled in blocks, so that not all scores exist at once.
# Shapes: B rows, T positions, H heads, D entries a head, N distances that are told apart.

# Distances q - k of queries and keys [T, T] in buckets (Raffel et al. 2020): half of them for keys
# after the query; small distances one each, others by their logarithm, up to the furthest.
# log_range is ln(furthest / exact), exact being half of the buckets of one side.
def distance_buckets(self, length: int, buckets: int, log_range: float, like: Tensor) -> Tensor:
  at = torch.arange(length, device=like.device)
  distance = torch.sub(torch.unsqueeze(at, 1), torch.unsqueeze(at, 0))
  half = buckets // 2
  exact = half // 2
  after = torch.mul(torch.to(torch.lt(distance, 0), 4), half)
  near = torch.abs(distance)
  far = torch.div(torch.log(torch.div(torch.to(near, 6), exact)), log_range)
  far = torch.add(torch.to(torch.mul(far, half - exact), 4), exact)
  far = torch.clamp_max(far, half - 1)
  return torch.add(after, torch.where(torch.lt(near, exact), near, far))

# Distances q - k [T, T] as rows of a table of 2 span rows (He et al. 2021): those up to half of the
# buckets one each, others by their logarithm; all one each where buckets is 0.
def distance_rows(self, length: int, span: int, buckets: int, furthest: int, like: Tensor) -> Tensor:
  at = torch.arange(length, device=like.device)
  distance = torch.sub(torch.unsqueeze(at, 1), torch.unsqueeze(at, 0))
  if buckets > 0:
    middle = buckets // 2
    small = torch.logical_and(torch.lt(distance, middle), torch.gt(distance, -middle))
    size = torch.masked_fill(torch.abs(distance), small, middle - 1)
    range = torch.log(torch.div(torch.full([1], furthest - 1, dtype=6, device=like.device), middle))
    far = torch.div(torch.log(torch.div(torch.to(size, 6), middle)), range)
    far = torch.add(torch.ceil(torch.mul(far, middle - 1)), middle)
    signed = torch.to(torch.mul(far, torch.sign(distance)), 4)
    distance = torch.where(torch.le(size, middle), distance, signed)
  return torch.clamp(torch.add(distance, span), 0, 2 * span - 1)

# Rows of a batch whose scores take a few MB.
def score_rows(self, q: Tensor) -> int:
  if q.is_meta:
    return q.size(0)
  return max(1, 4194304 // (q.size(1) * q.size(2) * q.size(2)))

# The bias of each head by bucket [N, H] -> [T, T, H].
def bias_by_distance(self, table: Tensor, length: int, buckets: int, log_range: float) -> Tensor:
  at = self.distance_buckets(length, buckets, log_range, table)
  chosen = torch.index_select(table, 0, torch.flatten(at))
  return torch.view(chosen, [length, length, table.size(1)])

# Attention with the bias of a table [N, H], which is made here and not kept.
# q, k, v [B, H, T, D] -> joined heads [B, T, H D].
def bucketed_attention(self, q: Tensor, k: Tensor, v: Tensor, table: Tensor, mask: List[Tensor], scale: float, buckets: int, log_range: float, drop: float) -> Tensor:
  if q.is_meta:
    return torch.empty([q.size(0), q.size(2), q.size(1) * q.size(3)], dtype=q.dtype, device=q.device)
  return self.biased_attention(q, k, v, self.bias_by_distance(table, q.size(2), buckets, log_range), mask, scale, drop)

def bucketed_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, table: Tensor, dtable: List[Tensor], mask: List[Tensor], scale: float, buckets: int, log_range: float, drop: float) -> List[Tensor]:
  if q.is_meta:
    return [torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)]
  length = q.size(2)
  bias = self.bias_by_distance(table, length, buckets, log_range)
  made = self.biased_attention_backward(dy, q, k, v, bias, mask, scale, drop)
  if len(dtable) > 0 and not q.is_meta:
    at = torch.flatten(self.distance_buckets(length, buckets, log_range, q))
    torch.index_add_(dtable[0], 0, at, torch.to(torch.reshape(made[3], [length * length, q.size(1)]), 6))
  return [made[0], made[1], made[2]]

# Disentangled attention (He et al. 2021): besides query and key, the query meets the key of its
# distance, and the key the query of its distance.
# q, k, v [B, H, T, D], position_keys and position_queries [1, H, N, D] -> joined heads [B, T, H D].
# A query that is padding sees nothing of its own, which comes to everything evenly.
def disentangled_weights(self, q: Tensor, k: Tensor, position_keys: List[Tensor], position_queries: List[Tensor], at: Tensor, mask: List[Tensor], start: int, scale: float) -> Tensor:
  size = [q.size(0), q.size(1), q.size(2), q.size(2)]
  scores = torch.matmul(q, torch.transpose(k, 2, 3))
  if len(position_keys) > 0:
    by_row = torch.matmul(q, torch.transpose(position_keys[0], 2, 3))
    torch.add_(scores, torch.gather(by_row, -1, torch.expand(at, size)))
  if len(position_queries) > 0:
    by_row = torch.matmul(k, torch.transpose(position_queries[0], 2, 3))
    torch.add_(scores, torch.transpose(torch.gather(by_row, -1, torch.expand(torch.transpose(at, 0, 1), size)), 2, 3))
  torch.mul_(scores, scale)
  if len(mask) > 0:
    own = torch.narrow(mask[0], 0, start, q.size(0))
    torch.add_(scores, torch.minimum(own, torch.transpose(own, 2, 3)))
  return torch.softmax(scores, -1)

def disentangled_attention(self, q: Tensor, k: Tensor, v: Tensor, position_keys: List[Tensor], position_queries: List[Tensor], mask: List[Tensor], scale: float, span: int, buckets: int, furthest: int, drop: float) -> Tensor:
  if q.is_meta:
    return torch.empty([q.size(0), q.size(2), q.size(1) * q.size(3)], dtype=q.dtype, device=q.device)
  at = self.distance_rows(q.size(2), span, buckets, furthest, q)
  parts = annotate(List[Tensor], [])
  block = self.score_rows(q)
  start = 0
  while start < q.size(0):
    count = min(block, q.size(0) - start)
    p = self.disentangled_weights(torch.narrow(q, 0, start, count), torch.narrow(k, 0, start, count), position_keys, position_queries, at, mask, start, scale)
    if drop > 0.:
      p = torch.mul(p, self.dropout_mask(p, drop))
    parts.append(torch.flatten(torch.transpose(torch.matmul(p, torch.narrow(v, 0, start, count)), 1, 2), 2))
    start = start + count
  return torch.cat(parts, 0)

# By q, k, v and then the keys and the queries of positions, those there are.
def disentangled_attention_backward(self, dy: Tensor, q: Tensor, k: Tensor, v: Tensor, position_keys: List[Tensor], position_queries: List[Tensor], mask: List[Tensor], scale: float, span: int, buckets: int, furthest: int, drop: float) -> List[Tensor]:
  dq = torch.empty(q.size(), dtype=q.dtype, device=q.device)
  dk = torch.empty(q.size(), dtype=q.dtype, device=q.device)
  dv = torch.empty(q.size(), dtype=q.dtype, device=q.device)
  of_positions = annotate(List[Tensor], [])
  for position in position_keys + position_queries:
    of_positions.append(torch.zeros(position.size(), dtype=6, device=q.device))
  if not q.is_meta:
    length = q.size(2)
    at = self.distance_rows(length, span, buckets, furthest, q)
    dy_by_head = torch.transpose(torch.view(dy, [q.size(0), length, q.size(1), q.size(3)]), 1, 2)
    block = self.score_rows(q)
    start = 0
    while start < q.size(0):
      count = min(block, q.size(0) - start)
      own_q = torch.narrow(q, 0, start, count)
      own_k = torch.narrow(k, 0, start, count)
      p = self.disentangled_weights(own_q, own_k, position_keys, position_queries, at, mask, start, scale)
      d = torch.narrow(dy_by_head, 0, start, count)
      dp = torch.matmul(d, torch.transpose(torch.narrow(v, 0, start, count), 2, 3))
      kept = p
      if drop > 0.:
        kept_or_not = self.dropout_mask(p, drop)
        kept = torch.mul(p, kept_or_not)
        dp = torch.mul_(dp, kept_or_not)
      ds = torch.mul_(torch._softmax_backward_data(dp, p, -1, q.dtype), scale)
      torch.copy_(torch.narrow(dv, 0, start, count), torch.matmul(torch.transpose(kept, 2, 3), d))
      part_q = torch.matmul(ds, own_k)
      turned = torch.transpose(ds, 2, 3)
      part_k = torch.matmul(turned, own_q)
      if len(position_keys) > 0:
        found = self.scatter_scores(ds, at, position_keys[0])
        torch.add_(part_q, torch.matmul(found, position_keys[0]))
        torch.add_(of_positions[0], torch.sum(torch.to(torch.matmul(torch.transpose(found, 2, 3), own_q), 6), [0], True))
      if len(position_queries) > 0:
        found = self.scatter_scores(turned, torch.transpose(at, 0, 1), position_queries[0])
        torch.add_(part_k, torch.matmul(found, position_queries[0]))
        torch.add_(of_positions[-1], torch.sum(torch.to(torch.matmul(torch.transpose(found, 2, 3), own_k), 6), [0], True))
      torch.copy_(torch.narrow(dq, 0, start, count), part_q)
      torch.copy_(torch.narrow(dk, 0, start, count), part_k)
      start = start + count
  made = [dq, dk, dv]
  for d in of_positions:
    made.append(torch.to(d, q.dtype))
  return made

# Sums of the scores' derivatives over the keys of the same distance: [B, H, T, T] -> [B, H, T, N].
def scatter_scores(self, ds: Tensor, at: Tensor, position: Tensor) -> Tensor:
  sums = torch.zeros([ds.size(0), ds.size(1), ds.size(2), position.size(2)], dtype=ds.dtype, device=ds.device)
  return torch.scatter_add_(sums, -1, torch.expand(at, ds.size()), ds)

# A convolution over positions (LeCun et al. 1989), with zeros beyond the ends and where an additive
# mask [B, 1, 1, T] hides: x [B, T, in], weight [out, in / groups, kernel]. Stride 1 keeps the length.
def convolve(self, x: Tensor, weight: Tensor, bias: Tensor, mask: List[Tensor], stride: int, groups: int) -> Tensor:
  if x.is_meta:
    return torch.empty([x.size(0), (x.size(1) - 1) // stride + 1, weight.size(0)], dtype=x.dtype, device=x.device)
  turned = torch.transpose(self.mask_positions(x, mask), 1, 2)
  y = torch.conv1d(turned, weight, bias, [stride], [(weight.size(2) - 1) // 2], [1], groups)
  return self.mask_positions(torch.transpose(y, 1, 2), mask)

# x [B, T, hidden], 0 where an additive mask [B, 1, 1, T] hides.
def mask_positions(self, x: Tensor, mask: List[Tensor]) -> Tensor:
  if len(mask) > 0:
    seen = torch.eq(torch.view(mask[0], [x.size(0), x.size(1), 1]), 0)
    return torch.mul(x, torch.to(seen, x.dtype))
  return x

def convolve_backward(self, dy: Tensor, x: Tensor, weight: Tensor, dweight: List[Tensor], dbias: List[Tensor], mask: List[Tensor], stride: int, groups: int) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  d = torch.transpose(self.mask_positions(dy, mask), 1, 2)
  turned = torch.transpose(self.mask_positions(x, mask), 1, 2)
  dx, dw, db = torch.convolution_backward(d, turned, weight, [weight.size(0)], [stride], [(weight.size(2) - 1) // 2], [1], False, [0], groups, [True, len(dweight) > 0, len(dbias) > 0])
  if len(dweight) > 0:
    torch.add_(dweight[0], dw)
  if len(dbias) > 0:
    torch.add_(dbias[0], db)
  return self.mask_positions(torch.transpose(dx, 1, 2), mask)

# The derivative by all columns of that by those from a start on.
def widen(self, dy: Tensor, start: int, width: int) -> Tensor:
  all = torch.zeros(self.with_last(dy, width), dtype=dy.dtype, device=dy.device)
  torch.copy_(torch.narrow(all, -1, start, dy.size(-1)), dy)
  return all

# The sizes of a tensor with another last one.
def with_last(self, x: Tensor, width: int) -> List[int]:
  sizes = annotate(List[int], [])
  for i in range(torch.dim(x) - 1):
    sizes.append(x.size(i))
  sizes.append(width)
  return sizes

# The numbers of a table's rows [1, N].
def row_numbers(self, table: Tensor) -> Tensor:
  return torch.unsqueeze(torch.arange(table.size(0), device=table.device), 0)

# Products of rows x [B, hidden] with the rows y [1, N, hidden] -> [B, N].
def row_products(self, x: Tensor, y: Tensor) -> Tensor:
  return torch.matmul(x, torch.transpose(torch.squeeze(y, 0), 0, 1))

def row_products_backward(self, d: Tensor, x: Tensor, y: Tensor) -> List[Tensor]:
  return [torch.matmul(d, torch.squeeze(y, 0)), torch.unsqueeze(torch.matmul(torch.transpose(d, 0, 1), x), 0)]
