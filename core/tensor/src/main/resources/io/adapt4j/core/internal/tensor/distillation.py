# Divergences between the predictions of a student and a teacher, in chunks of rows.

# Generalized Jensen-Shannon divergence of log-probabilities [n, K]: beta 0 KL(t || s), beta 1 KL(s || t),
# between beta KL(t || m) + (1 - beta) KL(s || m) with m = (1 - beta) s + beta t. Returns its sum over the
# entries [n] and the derivative by s [n, K].
def generalized_jsd(self, s: Tensor, t: Tensor, beta: float) -> List[Tensor]:
  if beta == 0.:
    pt = torch.exp(t)
    return [torch.sum(torch.mul(pt, torch.sub(t, s)), [1]), torch.neg(pt)]
  ps = torch.exp(s)
  if beta == 1.:
    apart = torch.sub(s, t)
    return [torch.sum(torch.mul(ps, apart), [1]), torch.mul(ps, torch.add(apart, 1.))]
  pt = torch.exp(t)
  m = torch.log(torch.add(torch.mul(ps, 1. - beta), pt, alpha=beta))
  floor = torch.maximum(torch.sub(s, 80.), torch.sub(t, 80.))
  m = torch.maximum(m, floor)
  of_s = torch.mul(torch.mul(ps, torch.sub(s, m)), 1. - beta)
  of_t = torch.mul(torch.mul(pt, torch.sub(t, m)), beta)
  return [torch.sum(torch.add(of_s, of_t), [1]), of_s]

# Log-probability [n, 1] of all entries outside a support, whose log-probabilities are given [n, K].
def tail_bucket(self, logp: Tensor) -> Tensor:
  mass = torch.clamp(torch.logsumexp(logp, [1], True), None, -1.e-7)
  return torch.log(torch.neg(torch.expm1(mass)))

# Divergence of rows with a support: whole distributions (ending 0: sum over it, 1: normalized over it,
# 2: with a bucket for the rest). Returns the losses [n] and the derivative by the student's
# log-probabilities on the support [n, K].
def support_divergence(self, s: Tensor, t: Tensor, beta: float, ending: int) -> List[Tensor]:
  if ending == 1:
    ns = torch.log_softmax(s, 1)
    made = self.generalized_jsd(ns, torch.log_softmax(t, 1), beta)
    g = made[1]
    return [made[0], torch.sub(g, torch.mul(torch.exp(ns), torch.sum(g, [1], True)))]
  if ending == 2:
    k = s.size(1)
    rest = self.tail_bucket(s)
    made = self.generalized_jsd(torch.cat([s, rest], 1), torch.cat([t, self.tail_bucket(t)], 1), beta)
    g = torch.narrow(made[1], 1, 0, k)
    # d rest / d s = -exp(s) / exp(rest), and 0 where the support has all the mass.
    mass = torch.logsumexp(s, [1], True)
    open = torch.to(torch.lt(mass, -1.e-7), 6)
    by_rest = torch.mul(torch.mul(torch.narrow(made[1], 1, k, 1), torch.exp(torch.neg(rest))), open)
    return [made[0], torch.sub(g, torch.mul(torch.exp(s), by_rest))]
  return self.generalized_jsd(s, t, beta)

# Gradients of a head by those of its scaled and capped logits (fp32), times the factor: written into
# dhidden, and added to dweight and dbias (fp32) in place. Overwrites the logits.
def head_backward(self, gradient: Tensor, logits: Tensor, hidden: Tensor, weight: Tensor, scale: float, cap: float, factor: float, dhidden: Tensor, dweight: List[Tensor], dbias: List[Tensor]):
  d = gradient
  if cap > 0.:
    d = torch.tanh_backward(d, torch.to(torch.div_(logits, cap), 6))
  if scale != 1.:
    d = torch.mul(d, scale)
  dlogits = torch.to(d, weight.dtype)
  torch.copy_(dhidden, torch.mul_(torch.mm(dlogits, weight), factor))
  if len(dweight) > 0:
    torch.add_(dweight[0], torch.mm(torch.t(dlogits), hidden), alpha=factor)
  if len(dbias) > 0:
    torch.add_(dbias[0], torch.sum(dlogits, [0], False, dtype=6), alpha=factor)

# Divergence of each row [N], and the gradient by the hidden states of its sum with weights (fp32 [N]),
# times the factor; dweight and dbias (fp32) added in place. The teacher is live (hidden states, weight
# and perhaps bias of its head), or stored (log-probabilities at the temperature and ids, both [N, K]).
# With top above 0 the support is that of the top logits of the student or the teacher.
def distillation(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, live: List[Tensor], live_scale: float, live_cap: float, stored: List[Tensor], temperature: float, beta: float, top: int, of_student: bool, ending: int, weights: Tensor, factor: float, rows: int, gradients: bool, dweight: List[Tensor], dbias: List[Tensor]) -> List[Tensor]:
  losses = annotate(List[Tensor], [])
  dhidden = torch.empty_like(hidden) if gradients else hidden
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    logp = torch.log_softmax(torch.div(torch.to(logits, 6), temperature), -1)
    ids = annotate(List[Tensor], [])
    if len(stored) > 0:
      t = torch.narrow(stored[0], 0, start, count)
      ids = [torch.narrow(stored[1], 0, start, count)]
    else:
      other = self.vocabulary_logits(torch.narrow(live[0], 0, start, count), live[1], live[2:], live_scale, live_cap)
      t = torch.log_softmax(torch.div(torch.to(other, 6), temperature), -1)
      if top > 0:
        chosen = torch.topk(logp if of_student else t, min(top, t.size(1)), 1)[1]
        ids = [chosen]
        t = torch.gather(t, 1, chosen)
    if len(ids) > 0:
      made = self.support_divergence(torch.gather(logp, 1, ids[0]), t, beta, ending)
    else:
      made = self.generalized_jsd(logp, t, beta)
    losses.append(made[0])
    if gradients:
      g = made[1]
      if len(ids) > 0:
        g = torch.scatter_add_(torch.zeros_like(logp), 1, ids[0], g)
      d = torch.sub(g, torch.mul(torch.exp(logp), torch.sum(g, [1], True)))
      d = torch.mul(d, torch.div(torch.unsqueeze(torch.narrow(weights, 0, start, count), 1), temperature))
      into = torch.narrow(dhidden, 0, start, count)
      self.head_backward(d, logits, h, weight, scale, cap, factor, into, dweight, dbias)
    start = start + count
  return [torch.cat(losses), dhidden]

# Log-probabilities [N, K] and ids of the most likely tokens, of logits divided by a temperature.
def top_predictions(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, temperature: float, top: int, rows: int) -> List[Tensor]:
  values = annotate(List[Tensor], [])
  ids = annotate(List[Tensor], [])
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    logits = self.vocabulary_logits(torch.narrow(hidden, 0, start, count), weight, bias, scale, cap)
    logp = torch.log_softmax(torch.div(torch.to(logits, 6), temperature), -1)
    chosen = torch.topk(logp, min(top, logp.size(1)), 1)
    values.append(chosen[0])
    ids.append(chosen[1])
    start = start + count
  return [torch.cat(values), torch.cat(ids)]

# Sum over rows of the squared logarithm of the softmax's denominator (z-loss), and its gradient by the
# hidden states, times the factor; dweight and dbias (fp32) added in place.
def normalizer_loss(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, weights: List[Tensor], factor: float, rows: int, dweight: List[Tensor], dbias: List[Tensor]) -> List[Tensor]:
  total = torch.zeros([], dtype=7, device=hidden.device)
  dhidden = torch.empty_like(hidden)
  n = hidden.size(0)
  start = 0
  while start < n:
    count = min(rows, n - start)
    h = torch.narrow(hidden, 0, start, count)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    wide = torch.to(logits, 6)
    z = torch.logsumexp(wide, [1], True)
    w = torch.ones_like(z)
    if len(weights) > 0:
      w = torch.unsqueeze(torch.narrow(weights[0], 0, start, count), 1)
    total = torch.add(total, torch.sum(torch.mul(torch.mul(z, z), w), dtype=7))
    d = torch.mul(torch.softmax(wide, -1), torch.mul(torch.mul(z, w), 2.))
    into = torch.narrow(dhidden, 0, start, count)
    self.head_backward(d, logits, h, weight, scale, cap, factor, into, dweight, dbias)
    start = start + count
  return [total, dhidden]

# Log-probabilities [k, V] of the last rows of groups, each plus those of its group's targets before: of
# the texts that begin with these targets and end with a token (the chain rule, as GOLD merges tokens).
def merged_groups(self, logp: Tensor, targets: Tensor, groups: Tensor, lasts: Tensor) -> Tensor:
  own = torch.squeeze(torch.gather(logp, 1, torch.unsqueeze(targets, 1)), 1)
  own = torch.index_fill(own, 0, lasts, 0.)
  before = torch.index_add(torch.zeros_like(torch.index_select(own, 0, lasts)), 0, groups, own)
  return torch.add(torch.index_select(logp, 0, lasts), torch.unsqueeze(before, 1))

# L1 distance [k] of the sorted probabilities of a student [k, U] and a teacher [k, V], the fewer padded
# with zeros (Universal Logit Distillation), and its derivative by the student's log-probabilities. As
# in GOLD 0 if either has no entries.
def sorted_distance(self, s: Tensor, t: Tensor) -> List[Tensor]:
  if s.size(1) == 0 or t.size(1) == 0:
    return [torch.sum(torch.zeros_like(s), [1]), torch.zeros_like(s)]
  ps = torch.exp(s)
  values, order = torch.sort(ps, 1, True)
  other = torch.sort(torch.exp(t), 1, True)[0]
  width = max(s.size(1), t.size(1))
  apart = torch.sub(torch.constant_pad_nd(values, [0, width - s.size(1)]), torch.constant_pad_nd(other, [0, width - t.size(1)]))
  sign = torch.narrow(torch.sign(apart), 1, 0, s.size(1))
  return [torch.sum(torch.abs(apart), [1]), torch.mul(torch.scatter(torch.zeros_like(ps), 1, order, sign), ps)]

# Loss of groups of rows of two models that predict the same texts in other tokens [G], and the gradient
# by the student's hidden states of its sum with weights (fp32 [G]), times the factor; dweight and dbias
# (fp32) added in place. Targets and groups are those of rows, ends the row after the last of each group,
# from 0; of the student and of the teacher. Entries: matched ids of student and teacher, and the others.
# Parts: factors of the divergence on matched entries, of the sorted distance on others, and of the
# cross-entropy of the groups' texts. Groups that are not single (fp32 [G, 1]) and whose texts are to be
# compared have the divergence of these texts and of all others instead. Bounds divide the groups into chunks.
def aligned_distillation(self, hidden: Tensor, weight: Tensor, bias: List[Tensor], scale: float, cap: float, live: List[Tensor], live_scale: float, live_cap: float, targets: List[Tensor], groups: List[Tensor], ends: List[Tensor], entries: List[Tensor], single: List[Tensor], temperature: float, beta: float, parts: List[float], weights: Tensor, factor: float, bounds: List[int], gradients: bool, dweight: List[Tensor], dbias: List[Tensor]) -> List[Tensor]:
  losses = annotate(List[Tensor], [])
  dhidden = torch.empty_like(hidden) if gradients else hidden
  for i in range(len(bounds) - 1):
    g = bounds[i]
    k = bounds[i + 1] - g
    start = int(ends[0][g])
    count = int(ends[0][g + k]) - start
    h = torch.narrow(hidden, 0, start, count)
    logits = self.vocabulary_logits(h, weight, bias, scale, cap)
    logp = torch.log_softmax(torch.div(torch.to(logits, 6), temperature), -1)
    of_rows = torch.sub(torch.narrow(groups[0], 0, start, count), g)
    own = torch.narrow(targets[0], 0, start, count)
    lasts = torch.sub(torch.narrow(ends[0], 0, g + 1, k), start + 1)
    s = self.merged_groups(logp, own, of_rows, lasts)
    other = int(ends[1][g])
    others = int(ends[1][g + k]) - other
    theirs = self.vocabulary_logits(torch.narrow(live[0], 0, other, others), live[1], live[2:], live_scale, live_cap)
    t = torch.log_softmax(torch.div(torch.to(theirs, 6), temperature), -1)
    their_targets = torch.narrow(targets[1], 0, other, others)
    their_lasts = torch.sub(torch.narrow(ends[1], 0, g + 1, k), other + 1)
    t = self.merged_groups(t, their_targets, torch.sub(torch.narrow(groups[1], 0, other, others), g), their_lasts)
    matched = self.generalized_jsd(torch.index_select(s, 1, entries[0]), torch.index_select(t, 1, entries[1]), beta)
    apart = self.sorted_distance(torch.index_select(s, 1, entries[2]), torch.index_select(t, 1, entries[3]))
    last = torch.unsqueeze(torch.index_select(own, 0, lasts), 1)
    text = torch.gather(s, 1, last)
    loss = torch.add(torch.mul(matched[0], parts[0]), torch.mul(apart[0], parts[1]))
    d_text = torch.full_like(text, 0. - parts[2])
    d_matched = torch.mul(matched[1], parts[0])
    d_apart = torch.mul(apart[1], parts[1])
    if len(single) > 0:
      alone = torch.narrow(single[0], 0, g, k)
      joined = torch.rsub(alone, 1.)
      their_text = torch.gather(t, 1, torch.unsqueeze(torch.index_select(their_targets, 0, their_lasts), 1))
      whole = self.support_divergence(text, their_text, beta, 2)
      loss = torch.add(torch.mul(loss, alone[:, 0]), torch.mul(whole[0], torch.mul(joined[:, 0], parts[0] + parts[1])))
      d_text = torch.add(d_text, torch.mul(whole[1], torch.mul(joined, parts[0] + parts[1])))
      d_matched = torch.mul(d_matched, alone)
      d_apart = torch.mul(d_apart, alone)
    losses.append(torch.sub(loss, torch.mul(text[:, 0], parts[2])))
    if gradients:
      d = torch.index_add(torch.zeros_like(s), 1, entries[0], d_matched)
      d = torch.index_add(d, 1, entries[2], d_apart)
      d = torch.scatter_add(d, 1, last, d_text)
      d = torch.mul(d, torch.unsqueeze(torch.narrow(weights, 0, g, k), 1))
      # Every target before counts as often as all entries of the last row together.
      by_target = torch.unsqueeze(torch.index_select(torch.sum(d, [1]), 0, of_rows), 1)
      by_logp = torch.scatter(torch.zeros_like(logp), 1, torch.unsqueeze(own, 1), by_target)
      by_logp = torch.index_copy(by_logp, 0, lasts, d)
      d = torch.sub(by_logp, torch.mul(torch.exp(logp), torch.sum(by_logp, [1], True)))
      into = torch.narrow(dhidden, 0, start, count)
      self.head_backward(torch.div(d, temperature), logits, h, weight, scale, cap, factor, into, dweight, dbias)
  return [torch.cat(losses), dhidden]
