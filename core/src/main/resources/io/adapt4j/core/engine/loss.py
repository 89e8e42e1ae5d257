# Losses over the vocabulary, in chunks of rows: the logits of a whole batch never exist at once.

# Sum of -log p(target). With gradients: [sum, dhidden], scaled, and dweight (fp32) added in place.
def cross_entropy(self, hidden: Tensor, weight: Tensor, targets: Tensor, scale: float, rows: int, gradients: bool, dweight: List[Tensor]) -> List[Tensor]:
  total = torch.zeros([], dtype=7)
  dhidden = torch.empty_like(hidden) if gradients else hidden
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    t = torch.unsqueeze(torch.narrow(targets, 0, start, count), 1)
    logp = torch.log_softmax(torch.linear(h, weight), -1, dtype=6)
    total = torch.sub(total, torch.sum(torch.gather(logp, 1, t), dtype=7))
    if gradients:
      p = torch.exp_(logp)
      torch.scatter_add_(p, 1, t, torch.full([count, 1], -1., dtype=6))
      dlogits = torch.to(p, weight.dtype)
      torch.copy_(torch.narrow(dhidden, 0, start, count), torch.mul_(torch.mm(dlogits, weight), scale))
      if len(dweight) > 0:
        torch.add_(dweight[0], torch.mm(torch.t(dlogits), h), alpha=scale)
    start = start + count
  if gradients:
    return [total, dhidden]
  return [total]

# [log p(target), 1 where the target is the likeliest token], each [N].
def token_log_probabilities(self, hidden: Tensor, weight: Tensor, targets: Tensor, rows: int) -> List[Tensor]:
  scores = annotate(List[Tensor], [])
  greedy = annotate(List[Tensor], [])
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    t = torch.narrow(targets, 0, start, count)
    logp = torch.log_softmax(torch.linear(torch.narrow(hidden, 0, start, count), weight), -1, dtype=6)
    scores.append(torch.squeeze(torch.gather(logp, 1, torch.unsqueeze(t, 1)), 1))
    greedy.append(torch.to(torch.eq(torch.argmax(logp, -1), t), 4))
    start = start + count
  return [torch.cat(scores), torch.cat(greedy)]

# Index of the largest logit of each row; -1 where it is not a finite number.
def likeliest(self, logits: Tensor) -> Tensor:
  largest, ids = torch.max(logits, -1)
  return torch.masked_fill(ids, torch.logical_not(torch.isfinite(largest)), -1)
