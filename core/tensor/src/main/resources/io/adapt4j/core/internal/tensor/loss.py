# Losses over the vocabulary, in chunks of rows: the logits of a whole batch never exist at once.

# Scores over the vocabulary: scale (h W' + b), drawn into (-cap, cap) if cap is above 0.
def vocabulary_logits(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float) -> Tensor:
  logits = self.linear(hidden, weight, bias)
  if scale != 1.:
    logits = torch.mul_(logits, scale)
  if cap > 0.:
    logits = torch.mul_(torch.tanh_(torch.div_(logits, cap)), cap)
  return logits

# Sum of -log p(target), with weights (fp32 [N]) each term times its own. With gradients: [sum,
# dhidden], times the factor, and dweight and dbias (fp32) added in place. Smoothing takes its share of
# a target's weight and spreads it over all tokens.
def cross_entropy(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, targets: Tensor, weights: List[Tensor], factor: float, rows: int, gradients: bool, dweight: List[Tensor], dbias: List[Tensor], smoothing: float) -> List[Tensor]:
  total = torch.zeros([], dtype=7, device=hidden.device)
  dhidden = torch.empty_like(hidden) if gradients else hidden
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    t = torch.unsqueeze(torch.narrow(targets, 0, start, count), 1)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    logp = torch.log_softmax(logits, -1, dtype=6)
    terms = torch.gather(logp, 1, t)
    if smoothing > 0.:
      terms = torch.add(torch.mul(terms, 1. - smoothing), torch.mean(logp, [1], True), alpha=smoothing)
    w = [torch.unsqueeze(torch.narrow(one, 0, start, count), 1) for one in weights]
    if len(w) > 0:
      terms = torch.mul(terms, w[0])
    total = torch.sub(total, torch.sum(terms, dtype=7))
    if gradients:
      p = torch.exp_(logp)
      torch.scatter_add_(p, 1, t, torch.full([count, 1], smoothing - 1., dtype=6, device=p.device))
      if smoothing > 0.:
        p = torch.sub_(p, smoothing / p.size(1))
      if len(w) > 0:
        p = torch.mul_(p, w[0])
      if cap > 0.:
        p = torch.tanh_backward(p, torch.to(torch.div_(logits, cap), 6))
      if scale != 1.:
        p = torch.mul_(p, scale)
      dlogits = torch.to(p, weight.dtype)
      torch.copy_(torch.narrow(dhidden, 0, start, count), torch.mul_(torch.mm(dlogits, weight), factor))
      if len(dweight) > 0:
        torch.add_(dweight[0], torch.mm(torch.t(dlogits), h), alpha=factor)
      if len(dbias) > 0:
        torch.add_(dbias[0], torch.sum(dlogits, [0], False, dtype=6), alpha=factor)
    start = start + count
  if gradients:
    return [total, dhidden]
  return [total]

# Sum over rows of KL(p_base || p), both heads with the same scale and cap: [sum, dhidden], times the
# factor, and dweight and dbias (fp32) added in place. Its derivative by the logits is p - p_base.
def divergence(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], base_hidden: Tensor, base_weight: Tensor, base_bias: List[Tensor], scale: float, cap: float, factor: float, rows: int, dweight: List[Tensor], dbias: List[Tensor]) -> List[Tensor]:
  total = torch.zeros([], dtype=7, device=hidden.device)
  dhidden = torch.empty_like(hidden)
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    base_logits = self.vocabulary_logits(torch.narrow(base_hidden, 0, start, count), base_weight, base_bias, scale, cap)
    base_logp = torch.log_softmax(base_logits, -1, dtype=6)
    base_p = torch.exp(base_logp)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    logp = torch.log_softmax(logits, -1, dtype=6)
    total = torch.add(total, torch.sum(torch.mul_(torch.sub_(base_logp, logp), base_p), dtype=7))
    d = torch.sub_(torch.exp_(logp), base_p)
    if cap > 0.:
      d = torch.tanh_backward(d, torch.to(torch.div_(logits, cap), 6))
    if scale != 1.:
      d = torch.mul_(d, scale)
    dlogits = torch.to(d, weight.dtype)
    torch.copy_(torch.narrow(dhidden, 0, start, count), torch.mul_(torch.mm(dlogits, weight), factor))
    if len(dweight) > 0:
      torch.add_(dweight[0], torch.mm(torch.t(dlogits), h), alpha=factor)
    if len(dbias) > 0:
      torch.add_(dbias[0], torch.sum(dlogits, [0], False, dtype=6), alpha=factor)
    start = start + count
  return [total, dhidden]

# Log-probabilities [N] of given tokens, and of each row either the entropy [N] of its distribution or
# whether the token is the likeliest [N].
def token_log_probabilities(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, targets: Tensor, rows: int, entropies: bool) -> List[Tensor]:
  scores = annotate(List[Tensor], [])
  others = annotate(List[Tensor], [])
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    t = torch.narrow(targets, 0, start, count)
    logits = self.vocabulary_logits(torch.narrow(hidden, 0, start, count), weight, bias, scale, cap)
    logp = torch.log_softmax(logits, -1, dtype=6)
    scores.append(torch.squeeze(torch.gather(logp, 1, torch.unsqueeze(t, 1)), 1))
    if entropies:
      others.append(torch.neg(torch.sum(torch.mul(torch.exp(logp), logp), [1])))
    else:
      others.append(torch.to(torch.eq(torch.argmax(logp, -1), t), 4))
    start = start + count
  return [torch.cat(scores), torch.cat(others)]

# Gradient [N, hidden] of a loss with the given derivatives by log p(target) and by the entropy of each
# row (fp32 [N]), times the factor; dweight and dbias (fp32) added in place.
def choice_gradient(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, targets: Tensor, by_choices: Tensor, by_entropies: Tensor, factor: float, rows: int, dweight: List[Tensor], dbias: List[Tensor]) -> Tensor:
  dhidden = torch.empty_like(hidden)
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    t = torch.unsqueeze(torch.narrow(targets, 0, start, count), 1)
    c = torch.unsqueeze(torch.narrow(by_choices, 0, start, count), 1)
    e = torch.unsqueeze(torch.narrow(by_entropies, 0, start, count), 1)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    logp = torch.log_softmax(logits, -1, dtype=6)
    p = torch.exp(logp)
    terms = torch.mul_(logp, p)
    entropy = torch.neg(torch.sum(terms, [1], True))
    # The entropy's derivative by the logits is -p (log p + entropy), that of log p(target) is 1 - p.
    d = torch.neg(torch.mul(torch.add(terms, torch.mul(p, entropy)), e))
    d = torch.sub_(d, torch.mul_(p, c))
    torch.scatter_add_(d, 1, t, c)
    if cap > 0.:
      d = torch.tanh_backward(d, torch.to(torch.div_(logits, cap), 6))
    if scale != 1.:
      d = torch.mul_(d, scale)
    dlogits = torch.to(d, weight.dtype)
    torch.copy_(torch.narrow(dhidden, 0, start, count), torch.mul_(torch.mm(dlogits, weight), factor))
    if len(dweight) > 0:
      torch.add_(dweight[0], torch.mm(torch.t(dlogits), h), alpha=factor)
    if len(dbias) > 0:
      torch.add_(dbias[0], torch.sum(dlogits, [0], False, dtype=6), alpha=factor)
    start = start + count
  return dhidden

# Losses of N rows of logits [N, C]: [sum over rows, its gradient by the logits]. Weights: none, or
# one a row [N].
def weighted_loss(self, logits: Tensor, losses: Tensor, gradient: Tensor, weights: List[Tensor]) -> List[Tensor]:
  if len(weights) > 0:
    losses = torch.mul(losses, weights[0])
    gradient = torch.mul(gradient, torch.unsqueeze(weights[0], 1))
  return [torch.sum(losses, dtype=7), torch.to(gradient, logits.dtype)]

# -log p(target), p the softmax of the row.
def class_cross_entropy(self, logits: Tensor, targets: Tensor, weights: List[Tensor]) -> List[Tensor]:
  t = torch.unsqueeze(targets, 1)
  logp = torch.log_softmax(logits, -1, dtype=6)
  losses = torch.neg(torch.squeeze(torch.gather(logp, 1, t), 1))
  p = torch.exp_(logp)
  torch.scatter_add_(p, 1, t, torch.full(t.size(), -1., dtype=6, device=p.device))
  return self.weighted_loss(logits, losses, p, weights)

# Mean over the row of -t log s(x) - (1 - t) log(1 - s(x)), s the logistic function.
def binary_cross_entropy(self, logits: Tensor, targets: Tensor, weights: List[Tensor]) -> List[Tensor]:
  x = torch.to(logits, 6)
  c = float(x.size(1))
  softplus = torch.add(torch.clamp(x, 0.), torch.log1p(torch.exp(torch.neg(torch.abs(x)))))
  losses = torch.mean(torch.sub(softplus, torch.mul(x, targets)), [1])
  gradient = torch.div(torch.sub(torch.sigmoid(x), targets), c)
  return self.weighted_loss(logits, losses, gradient, weights)

# Mean over the row of (x - t)^2.
def squared_error(self, logits: Tensor, targets: Tensor, weights: List[Tensor]) -> List[Tensor]:
  x = torch.to(logits, 6)
  off = torch.sub(x, targets)
  losses = torch.mean(torch.mul(off, off), [1])
  gradient = torch.mul(off, 2. / float(x.size(1)))
  return self.weighted_loss(logits, losses, gradient, weights)

# Index of the largest logit of each row; -1 where it is not a finite number.
def likeliest(self, logits: Tensor) -> Tensor:
  largest, ids = torch.max(logits, -1)
  return torch.masked_fill(ids, torch.logical_not(torch.isfinite(largest)), -1)
