# A matrix as a product of two thin ones, in fp32.

# [u, v] with u v the best approximation of rank r of w: left vectors and right vectors, each with
# the square roots of the singular values. iterations 0: exact; else of a random subspace (Halko et
# al. 2011, algorithms 4.4 and 5.1) with 8 more vectors.
def principal_factors(self, w: Tensor, r: int, iterations: int) -> List[Tensor]:
  wf = torch.to(w, 6)
  if iterations == 0:
    u, s, v = torch.linalg_svd(wf, False)
  else:
    width = min(r + 8, min(wf.size(0), wf.size(1)))
    q, upper = torch.linalg_qr(torch.mm(wf, torch.randn([wf.size(1), width], dtype=6, device=w.device)))
    for i in range(iterations):
      p, upper = torch.linalg_qr(torch.mm(torch.t(wf), q))
      q, upper = torch.linalg_qr(torch.mm(wf, p))
    small, s, v = torch.linalg_svd(torch.mm(torch.t(q), wf), False)
    u = torch.mm(q, small)
  root = torch.sqrt(torch.narrow(s, 0, 0, r))
  left = torch.mul(torch.narrow(u, 1, 0, r), root)
  right = torch.mul(torch.narrow(v, 0, 0, r), torch.unsqueeze(root, 1))
  return [left, right]

# The same of a product b a [out, k] [k, in], which is never formed.
def principal_factors_of_product(self, b: Tensor, a: Tensor, r: int) -> List[Tensor]:
  qb, rb = torch.linalg_qr(b)
  qa, ra = torch.linalg_qr(torch.t(a))
  u, s, v = torch.linalg_svd(torch.mm(rb, torch.t(ra)), False)
  n = min(r, s.size(0))
  root = torch.sqrt(torch.narrow(s, 0, 0, n))
  left = torch.mul(torch.mm(qb, torch.narrow(u, 1, 0, n)), root)
  right = torch.mul(torch.mm(torch.narrow(v, 0, 0, n), torch.t(qa)), torch.unsqueeze(root, 1))
  return [left, right]

# [q, r] of w = q r, cut to k columns and rows.
def leading_qr(self, w: Tensor, k: int) -> List[Tensor]:
  wf = torch.to(w, 6)
  q, upper = torch.linalg_qr(torch.narrow(wf, 1, 0, min(k, wf.size(1))))
  return [q, torch.mm(torch.t(q), wf)]

# The A and B of scale b a without its intruders: of the first of the left singular vectors of
# w + scale b a, those whose cosines with all of w's stay below a threshold (Shuttleworth et al.
# 2024). They keep a share of their singular values. [a, b, number of intruders], a and b of the
# same rank as before, and as they were without intruders.
def without_intruders(self, w: Tensor, a: Tensor, b: Tensor, scale: float, first: int, threshold: float, share: float) -> List[Tensor]:
  wf = torch.to(w, 6)
  update = torch.mul(torch.mm(b, a), scale)
  u, s, v = torch.linalg_svd(torch.add(wf, update), False)
  base, sb, vb = torch.linalg_svd(wf, False)
  alike = torch.amax(torch.abs(torch.mm(torch.t(u), base)), [1])
  alien = torch.to(torch.lt(alike, threshold), 6)
  alien = torch.mul(alien, torch.to(torch.lt(torch.arange(s.size(0), device=w.device), first), 6))
  count = torch.sum(alien)
  if torch.item(count) == 0:
    return [torch.clone(a), torch.clone(b), count]
  part = torch.mm(torch.mul(u, torch.mul(torch.mul(s, alien), share - 1)), v)
  left, size, right = torch.linalg_svd(torch.div(torch.add(update, part), scale), False)
  r = a.size(0)
  root = torch.sqrt(torch.narrow(size, 0, 0, min(r, size.size(0))))
  n = root.size(0)
  made = torch.zeros_like(a)
  torch.copy_(torch.narrow(made, 0, 0, n), torch.mul(torch.narrow(right, 0, 0, n), torch.unsqueeze(root, 1)))
  beside = torch.zeros_like(b)
  torch.copy_(torch.narrow(beside, 1, 0, n), torch.mul(torch.narrow(left, 1, 0, n), root))
  return [made, beside, count]

# The rows of x [.., in] at some positions, all rows if none are given, in fp32.
def input_rows(self, x: Tensor, index: Tensor) -> Tensor:
  rows = torch.reshape(x, [-1, x.size(x.dim() - 1)])
  if index.size(0) > 0:
    rows = torch.index_select(rows, 0, torch.to(index, device=x.device))
  return torch.to(rows, 6)

# Principal components of rows seen earlier and x [n, in] together (Ross et al. 2008, as in
# scikit-learn's IncrementalPCA): [components [k, in], singular values [k], mean F64 [in], sum of
# squared distances from the mean F64, shares of the variance [k], cosines with the earlier
# components [k]]. width is the size of the random subspace (Halko et al. 2011); 0: exact.
def more_components(self, x: Tensor, components: Tensor, sizes: Tensor, mean: Tensor, total: Tensor, seen: int, k: int, width: int) -> List[Tensor]:
  n = x.size(0)
  middle = torch.mean(x, [0], False, dtype=7)
  stack = torch.sub(x, torch.to(middle, 6))
  spread = torch.sum(torch.mul(stack, stack), dtype=7)
  if seen > 0:
    gap = torch.sub(mean, middle)
    share = torch.div(torch.mul(torch.ones_like(total), seen * n), seen + n)
    jump = torch.unsqueeze(torch.to(torch.mul(gap, torch.sqrt(share)), 6), 0)
    stack = torch.cat([torch.mul(components, torch.unsqueeze(sizes, 1)), stack, jump], 0)
    spread = torch.add(torch.add(spread, total), torch.mul(share, torch.sum(torch.mul(gap, gap))))
    middle = torch.div(torch.add(torch.mul(mean, seen), torch.mul(middle, n)), seen + n)
  if width == 0:
    u, s, v = torch.linalg_svd(stack, False)
  else:
    q, upper = torch.linalg_qr(torch.mm(stack, torch.randn([stack.size(1), width], dtype=6, device=x.device)))
    for i in range(4):
      p, upper = torch.linalg_qr(torch.mm(torch.t(stack), q))
      q, upper = torch.linalg_qr(torch.mm(stack, p))
    u, s, v = torch.linalg_svd(torch.mm(torch.t(q), stack), False)
  s = torch.narrow(s, 0, 0, k)
  v = torch.narrow(v, 0, 0, k)
  largest = torch.unsqueeze(torch.argmax(torch.abs(v), 1), 1)
  v = torch.mul(v, torch.sign(torch.gather(v, 1, largest)))
  shares = torch.to(torch.div(torch.mul(torch.to(s, 7), s), spread), 6)
  alike = torch.zeros_like(s)
  if seen > 0:
    alike = torch.sum(torch.mul(v, components), [1])
  return [torch.clone(v), torch.clone(s), middle, spread, shares, alike]
