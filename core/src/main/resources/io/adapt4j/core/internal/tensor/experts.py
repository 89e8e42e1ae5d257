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

# y [n, hidden] times the weights at slots of [N, k].
def weigh_rows(self, y: Tensor, weights: Tensor, slots: Tensor) -> Tensor:
  if y.is_meta:
    return torch.empty_like(y)
  chosen = torch.index_select(torch.flatten(weights), 0, slots)
  return torch.mul(y, torch.unsqueeze(torch.to(chosen, y.dtype), 1))

def weigh_rows_backward(self, dz: Tensor, y: Tensor, weights: Tensor, slots: Tensor) -> List[Tensor]:
  if y.is_meta:
    return [torch.empty_like(y), torch.empty_like(weights)]
  flat = torch.zeros_like(torch.flatten(weights))
  found = torch.sum(torch.to(torch.mul(dz, y), 6), [-1])
  return [self.weigh_rows(dz, weights, slots), torch.view(torch.index_copy_(flat, 0, slots, found), weights.size())]

# The sum of parts [n, hidden] at their rows of [N, hidden].
def join_rows(self, parts: List[Tensor], rows: List[Tensor], sizes: List[int]) -> Tensor:
  flat = torch.zeros([sizes[0] * sizes[1], sizes[2]], dtype=parts[0].dtype, device=parts[0].device)
  for i in range(len(parts)):
    if not flat.is_meta:
      torch.index_add_(flat, 0, rows[i], parts[i])
  return torch.view(flat, sizes)

def join_rows_backward(self, dy: Tensor, rows: List[Tensor]) -> List[Tensor]:
  flat = torch.flatten(dy, 0, -2)
  parts: List[Tensor] = []
  for i in range(len(rows)):
    parts.append(self.gather_rows(flat, rows[i]))
  return parts

# y times sigmoid(gate), the gate [.., 1].
def sigmoid_gated(self, y: Tensor, gate: Tensor) -> Tensor:
  return torch.mul(y, torch.sigmoid(gate))

def sigmoid_gated_backward(self, dz: Tensor, y: Tensor, gate: Tensor) -> List[Tensor]:
  opened = torch.sigmoid(gate)
  dgate = torch.mul(torch.sum(torch.mul(dz, y), [-1], True), torch.mul(opened, torch.rsub(opened, 1)))
  return [torch.mul(dz, opened), dgate]
