# Mixtures of experts (Shazeer et al. 2017): each position goes to k of several experts.

# The k experts with the largest scores of each position, and their weights: the softmax over all
# experts, or over the chosen ones alone, which is the same divided by its sum.
def route(self, scores: Tensor, k: int, normalized: bool) -> List[Tensor]:
  flat = torch.to(torch.flatten(scores, 0, -2), 6)
  if scores.is_meta:
    made = torch.empty([flat.size(0), k], dtype=6, device=scores.device)
    return [made, torch.to(made, 4)]
  values, ids = torch.topk(flat, k, -1)
  if normalized:
    return [torch.softmax(values, -1), ids]
  return [torch.gather(torch.softmax(flat, -1), -1, ids), ids]

def route_backward(self, dweights: Tensor, scores: Tensor, ids: Tensor, normalized: bool) -> Tensor:
  if scores.is_meta:
    return torch.empty_like(scores)
  flat = torch.to(torch.flatten(scores, 0, -2), 6)
  if normalized:
    weights = torch.softmax(torch.gather(flat, -1, ids), -1)
    dchosen = torch.mul(weights, torch.sub(dweights, torch.sum(torch.mul(dweights, weights), [-1], True)))
    dflat = torch.scatter(torch.zeros_like(flat), -1, ids, dchosen)
  else:
    weights = torch.softmax(flat, -1)
    spread = torch.scatter(torch.zeros_like(flat), -1, ids, dweights)
    dflat = torch.mul(weights, torch.sub(spread, torch.sum(torch.mul(spread, weights), [-1], True)))
  return torch.to(torch.view(dflat, scores.size()), scores.dtype)

# x [n, in] times a block of rows of a matrix [.., in] turned, or x [n, rows] times the block as it is.
def block_linear(self, x: Tensor, weight: Tensor, first: int, rows: int, turned: bool) -> Tensor:
  block = torch.narrow(weight, 0, first, rows)
  return torch.mm(x, torch.t(block) if turned else block)

def block_linear_backward(self, dy: Tensor, x: Tensor, weight: Tensor, first: int, rows: int, turned: bool, dweight: List[Tensor]) -> Tensor:
  if len(dweight) > 0:
    into = torch.narrow(dweight[0], 0, first, rows)
    torch.add_(into, torch.mm(torch.t(dy), x) if turned else torch.mm(torch.t(x), dy))
  return self.block_linear(dy, weight, first, rows, not turned)

# x [.., width] plus the same row everywhere.
def plus_row(self, x: Tensor, row: Tensor) -> Tensor:
  return torch.add(x, row)

# Weights [N, k] times one factor an expert.
def scale_chosen(self, weights: Tensor, ids: Tensor, factors: Tensor) -> Tensor:
  if weights.is_meta:
    return torch.empty_like(weights)
  own = torch.index_select(torch.to(factors, 6), 0, torch.flatten(ids))
  return torch.mul(weights, torch.view(own, weights.size()))

def scale_chosen_backward(self, dz: Tensor, weights: Tensor, ids: Tensor, factors: Tensor, dfactors: List[Tensor]) -> Tensor:
  if weights.is_meta:
    return torch.empty_like(weights)
  if len(dfactors) > 0:
    each = torch.zeros([factors.size(0)], dtype=6, device=weights.device)
    torch.index_add_(each, 0, torch.flatten(ids), torch.flatten(torch.mul(dz, weights)))
    torch.add_(dfactors[0], each)
  return self.scale_chosen(dz, ids, factors)

# The rows of x [.., hidden] that each expert reads, as views of one tensor; only shapes each count their own memory.
def spread_rows(self, x: Tensor, rows: Tensor, counts: List[int]) -> List[Tensor]:
  if x.is_meta:
    made: List[Tensor] = []
    for count in counts:
      made.append(torch.empty([count, x.size(-1)], dtype=x.dtype, device=x.device))
    return made
  return torch.split_with_sizes(self.gather_rows(x, rows), counts, 0)

def spread_rows_backward(self, parts: List[Tensor], places: Tensor, sizes: List[int]) -> Tensor:
  return self.sum_places(torch.cat(parts, 0), places, sizes)

# The sum of k rows at each position; index_add_ would go row by row on one thread.
def sum_places(self, rows: Tensor, places: Tensor, sizes: List[int]) -> Tensor:
  if rows.is_meta:
    return torch.empty(sizes, dtype=rows.dtype, device=rows.device)
  sum = torch.index_select(rows, 0, torch.select(places, 0, 0))
  for i in range(1, places.size(0)):
    torch.add_(sum, torch.index_select(rows, 0, torch.select(places, 0, i)))
  return torch.view(sum, sizes)

# The weights [N, k] at some slots, to multiply rows with.
def row_weights(self, weights: Tensor, slots: Tensor, like: Tensor) -> Tensor:
  return torch.unsqueeze(torch.to(torch.index_select(torch.flatten(weights), 0, slots), like.dtype), 1)

# The weighted sum of the experts' outputs [n, hidden] at each position.
def combine_rows(self, parts: List[Tensor], weights: Tensor, slots: Tensor, places: Tensor, sizes: List[int]) -> Tensor:
  if weights.is_meta:
    return torch.empty(sizes, dtype=parts[0].dtype, device=parts[0].device)
  chosen = self.row_weights(weights, slots, parts[0])
  weighed = torch.empty([slots.size(0), sizes[2]], dtype=parts[0].dtype, device=parts[0].device)
  first = 0
  for part in parts:
    count = part.size(0)
    torch.mul(part, torch.narrow(chosen, 0, first, count), out=torch.narrow(weighed, 0, first, count))
    first = first + count
  return self.sum_places(weighed, places, sizes)

# The gradients of the parts, then that of the weights: a part at a time, which stays in the cache and is freed alone.
def combine_rows_backward(self, dy: Tensor, parts: List[Tensor], weights: Tensor, slots: Tensor, rows: Tensor) -> List[Tensor]:
  made: List[Tensor] = []
  if weights.is_meta:
    for part in parts:
      made.append(torch.empty_like(part))
    made.append(torch.empty_like(weights))
    return made
  chosen = self.row_weights(weights, slots, dy)
  sums: List[Tensor] = []
  first = 0
  for part in parts:
    count = part.size(0)
    d = self.gather_rows(dy, torch.narrow(rows, 0, first, count))
    sums.append(torch.sum(torch.mul(part, d), [-1], False, dtype=6))
    made.append(torch.mul_(d, torch.narrow(chosen, 0, first, count)))
    first = first + count
  flat = torch.index_copy_(torch.zeros_like(torch.flatten(weights)), 0, slots, torch.cat(sums, 0))
  made.append(torch.view(flat, weights.size()))
  return made

# y times sigmoid(gate), the gate [.., 1].
def sigmoid_gated(self, y: Tensor, gate: Tensor) -> Tensor:
  return torch.mul(y, torch.sigmoid(gate))

def sigmoid_gated_backward(self, dz: Tensor, y: Tensor, gate: Tensor) -> List[Tensor]:
  opened = torch.sigmoid(gate)
  dgate = torch.mul(torch.sum(torch.mul(dz, y), [-1], True), torch.mul(opened, torch.rsub(opened, 1)))
  return [torch.mul(dz, opened), dgate]

# The k experts with the largest scores of each position where they are chosen by their scores plus
# a correction, or from the best groups of experts only; their weights come from the scores alone:
# the sigmoid of each, or the softmax of all.
def expert_scores(self, scores: Tensor, sigmoid: bool) -> Tensor:
  flat = torch.to(torch.flatten(scores, 0, -2), 6)
  return torch.sigmoid(flat) if sigmoid else torch.softmax(flat, -1)

def route_corrected(self, scores: Tensor, correction: List[Tensor], k: int, normalized: bool, sigmoid: bool, epsilon: float, scale: float, groups: int, groups_kept: int) -> List[Tensor]:
  if scores.is_meta:
    made = torch.empty([torch.flatten(scores, 0, -2).size(0), k], dtype=6, device=scores.device)
    return [made, torch.to(made, 4)]
  own = self.expert_scores(scores, sigmoid)
  choice = own
  if len(correction) > 0:
    choice = torch.add(own, torch.to(torch.flatten(correction[0]), 6))
  if groups > 1:
    by_group = torch.view(choice, [choice.size(0), groups, -1])
    best = torch.sum(torch.topk(by_group, 2 if sigmoid else 1, -1)[0], [-1])
    kept = torch.scatter(torch.zeros_like(best), 1, torch.topk(best, groups_kept, -1)[1], 1.)
    choice = torch.flatten(torch.masked_fill(by_group, torch.eq(torch.unsqueeze(kept, 2), 0.), float("-inf")), 1)
  ids = torch.topk(choice, k, -1)[1]
  weights = torch.gather(own, -1, ids)
  if normalized:
    weights = torch.div(weights, torch.add(torch.clamp(torch.sum(weights, [-1], True), 1e-12), epsilon))
  return [torch.mul(weights, scale), ids]

def route_corrected_backward(self, dweights: Tensor, scores: Tensor, ids: Tensor, normalized: bool, sigmoid: bool, epsilon: float, scale: float) -> Tensor:
  if scores.is_meta:
    return torch.empty_like(scores)
  own = self.expert_scores(scores, sigmoid)
  dchosen = torch.mul(dweights, scale)
  if normalized:
    chosen = torch.gather(own, -1, ids)
    total = torch.add(torch.clamp(torch.sum(chosen, [-1], True), 1e-12), epsilon)
    mean = torch.sum(torch.mul(dchosen, torch.div(chosen, total)), [-1], True)
    dchosen = torch.div(torch.sub(dchosen, mean), total)
  spread = torch.scatter(torch.zeros_like(own), -1, ids, dchosen)
  if sigmoid:
    dflat = torch.mul(spread, torch.mul(own, torch.rsub(own, 1)))
  else:
    dflat = torch.mul(own, torch.sub(spread, torch.sum(torch.mul(spread, own), [-1], True)))
  return torch.to(torch.view(dflat, scores.size()), scores.dtype)

# k experts of each position, chosen one after another by their scores; the weight of each is a
# softmax over the scores of the rest that are near it, relative to their size (SparseMixer).
def mixed_gates(self, flat: Tensor, rest: Tensor, tolerance: float) -> List[Tensor]:
  best, chosen = torch.max(rest, -1, True)
  far = torch.gt(torch.div(torch.sub(best, flat), torch.maximum(torch.abs(flat), best)), tolerance)
  gates = torch.softmax(torch.masked_fill(rest, far, float("-inf")), -1)
  return [gates, chosen, torch.scatter(rest, -1, chosen, float("-inf"))]

def route_one_by_one(self, scores: Tensor, k: int, tolerance: float) -> List[Tensor]:
  flat = torch.to(torch.flatten(scores, 0, -2), 6)
  if scores.is_meta:
    made = torch.empty([flat.size(0), k], dtype=6, device=scores.device)
    return [made, torch.to(made, 4)]
  weights: List[Tensor] = []
  ids: List[Tensor] = []
  rest = flat
  for i in range(k):
    made = self.mixed_gates(flat, rest, tolerance)
    weights.append(torch.gather(made[0], -1, made[1]))
    ids.append(made[1])
    rest = made[2]
  return [torch.cat(weights, -1), torch.cat(ids, -1)]

def route_one_by_one_backward(self, dweights: Tensor, scores: Tensor, tolerance: float) -> Tensor:
  if scores.is_meta:
    return torch.empty_like(scores)
  flat = torch.to(torch.flatten(scores, 0, -2), 6)
  dflat = torch.zeros_like(flat)
  rest = flat
  for i in range(dweights.size(-1)):
    made = self.mixed_gates(flat, rest, tolerance)
    own = torch.mul(torch.narrow(dweights, -1, i, 1), torch.gather(made[0], -1, made[1]))
    dflat = torch.sub(torch.scatter_add(dflat, -1, made[1], own), torch.mul(made[0], own))
    rest = made[2]
  return torch.to(torch.view(dflat, scores.size()), scores.dtype)

# How many positions chose each expert, and the sum of its probabilities [2, experts], of the real
# positions [N, 1].
def expert_load(self, scores: Tensor, real: Tensor, k: int) -> Tensor:
  own = torch.softmax(torch.to(torch.flatten(scores, 0, -2), 6), -1)
  chosen = torch.scatter(torch.zeros_like(own), -1, torch.topk(own, k, -1)[1], 1.)
  return torch.stack([torch.sum(torch.mul(chosen, real), [0]), torch.sum(torch.mul(own, real), [0])])

# factor times the derivative of the sum over experts of load times probability, by the scores.
def expert_load_backward(self, scores: Tensor, real: Tensor, load: Tensor, factor: float) -> Tensor:
  own = torch.softmax(torch.to(torch.flatten(scores, 0, -2), 6), -1)
  counts = torch.narrow(load, 0, 0, 1)
  mean = torch.sum(torch.mul(own, counts), [-1], True)
  dflat = torch.mul(torch.mul(own, torch.sub(counts, mean)), torch.mul(real, factor))
  return torch.to(torch.view(dflat, scores.size()), scores.dtype)

# (up + 1) gate sigmoid(alpha gate) of neighbors [gate, up] (gpt-oss) or of the halves of a row (its
# privacy filter), the gate cut above a limit and up on both sides of it.
def clamped_gated(self, x: Tensor, alpha: float, limit: float, halves: bool) -> Tensor:
  step = 1 if halves else 2
  width = torch.floordiv(x.size(-1), 2)
  gates = torch.slice(x, -1, 0, width * step, step)
  ups = torch.slice(x, -1, width if halves else 1, None, step)
  gate = torch.clamp(gates, None, limit)
  up = torch.clamp(ups, -limit, limit)
  return torch.mul(torch.add(up, 1), torch.mul(gate, torch.sigmoid(torch.mul(gate, alpha))))

def clamped_gated_backward(self, dy: Tensor, x: Tensor, alpha: float, limit: float, halves: bool) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  step = 1 if halves else 2
  width = torch.floordiv(x.size(-1), 2)
  second = width if halves else 1
  stored_gate = torch.slice(x, -1, 0, width * step, step)
  stored_up = torch.slice(x, -1, second, None, step)
  gate = torch.clamp(stored_gate, None, limit)
  up = torch.clamp(stored_up, -limit, limit)
  opened = torch.sigmoid(torch.mul(gate, alpha))
  glu = torch.mul(gate, opened)
  slope = torch.mul(opened, torch.add(torch.mul(torch.mul(gate, alpha), torch.rsub(opened, 1)), 1))
  dx = torch.empty_like(x)
  dgate = torch.mul(torch.mul(dy, torch.add(up, 1)), slope)
  torch.copy_(torch.slice(dx, -1, 0, width * step, step), torch.mul(dgate, torch.to(torch.le(stored_gate, limit), x.dtype)))
  torch.copy_(torch.slice(dx, -1, second, None, step), torch.mul(torch.mul(dy, glu), torch.to(torch.le(torch.abs(stored_up), limit), x.dtype)))
  return dx
