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
