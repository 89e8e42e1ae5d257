# What adapters compute besides the low-rank update itself.

# Gradient by x of a low-rank update whose factors are frozen.
def low_rank_backward_input(self, dy: Tensor, a: Tensor, b: Tensor) -> Tensor:
  return torch.matmul(torch.matmul(dy, b), a)

# y = gain (x - bias) + bias along the last dimension, in fp32, rounded once.
def rescale(self, x: Tensor, gain: Tensor, bias: List[Tensor]) -> Tensor:
  y = torch.mul(torch.to(x, 6), gain)
  if len(bias) > 0:
    torch.add_(y, torch.mul(torch.rsub(gain, 1.), torch.to(bias[0], 6)))
  return torch.to(y, x.dtype)

# [dx, dgain]; adds what is left of the bias's own gradient, which also flows through x.
def rescale_backward(self, dy: Tensor, x: Tensor, gain: Tensor, bias: List[Tensor], dbias: List[Tensor]) -> List[Tensor]:
  dyf = torch.to(dy, 6)
  centered = torch.to(x, 6)
  if len(bias) > 0:
    centered = torch.sub(centered, torch.to(bias[0], 6))
  dgain = torch.sum(torch.flatten(torch.mul(dyf, centered), 0, -2), [0])
  if len(dbias) > 0:
    torch.add_(dbias[0], torch.mul(torch.sum(torch.flatten(dyf, 0, -2), [0]), torch.rsub(gain, 1.)))
  return [torch.to(torch.mul(dyf, gain), dy.dtype), dgain]

# Rows [start, start + out) of y += (gain - 1) (x w') + gain (x a') b'. Returns [y, x w' + (x a') b'].
def dora_dropped(self, y: Tensor, x: Tensor, w: Tensor, a: Tensor, b: Tensor, gain: Tensor, start: int) -> List[Tensor]:
  z = torch.linear(x, w)
  low = torch.linear(torch.linear(x, a), b)
  both = torch.add(z, low)
  more = torch.sub(torch.mul(both, gain), z)
  sum = torch.clone(y)
  torch.add_(torch.narrow(sum, -1, start, w.size(0)), more)
  return [sum, both]

# [dx, da, db, dgain] of it.
def dora_dropped_backward(self, dy: Tensor, x: Tensor, w: Tensor, a: Tensor, b: Tensor, gain: Tensor, start: int, both: Tensor) -> List[Tensor]:
  own = torch.flatten(torch.narrow(dy, -1, start, w.size(0)), 0, -2)
  x2 = torch.flatten(x, 0, -2)
  ownf = torch.to(own, 6)
  dlow = torch.to(torch.mul(ownf, gain), dy.dtype)
  dz = torch.to(torch.mul(ownf, torch.sub(gain, 1.)), dy.dtype)
  dh = torch.mm(dlow, b)
  dx = torch.add(torch.mm(dz, w), torch.mm(dh, a))
  da = torch.mm(torch.t(dh), x2)
  db = torch.mm(torch.t(dlow), torch.linear(x2, a))
  dgain = torch.sum(torch.mul(ownf, torch.to(torch.flatten(both, 0, -2), 6)), [0])
  return [torch.view(dx, x.size()), da, db, dgain]

def row_squares(self, weight: Tensor) -> Tensor:
  wf = torch.to(weight, 6)
  return torch.sum(torch.mul(wf, wf), [1])

# Lengths of the rows of w + scale b a, from the squared ones of w, without the matrix itself:
# |w|^2 + 2 scale <w a', b> + scale^2 <b a a', b>.
def row_lengths(self, weight: Tensor, squares: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
  cross = torch.sum(torch.mul(torch.mm(torch.to(weight, 6), torch.t(a)), b), [1])
  own = torch.sum(torch.mul(torch.mm(b, torch.mm(a, torch.t(a))), b), [1])
  total = torch.add(torch.add(squares, cross, alpha=2 * scale), own, alpha=scale * scale)
  return torch.sqrt(torch.clamp_min(total, 1.0e-24))

def as_column(self, x: Tensor) -> Tensor:
  return torch.unsqueeze(x, 1)

def divide_into(self, target: Tensor, x: Tensor, y: Tensor) -> int:
  torch.copy_(target, torch.div(x, y))
  return 0

# target += x / y, in place.
def add_quotient(self, target: Tensor, x: Tensor, y: Tensor) -> int:
  torch.addcdiv_(target, x, y)
  return 0

# weight = gain (weight + scale b a), in place: computed in fp32, rounded once.
def dora_merge(self, weight: Tensor, a: Tensor, b: Tensor, scale: float, gain: Tensor) -> int:
  sum = torch.addmm(torch.to(weight, 6), b, a, alpha=scale)
  torch.copy_(weight, torch.mul_(sum, torch.unsqueeze(gain, 1)))
  return 0

# x + noise, uniform within magnitudes [B] either way, for x [B, T, hidden].
def uniform_noise(self, x: Tensor, magnitudes: Tensor) -> Tensor:
  noise = torch.uniform_(torch.empty(x.size(), dtype=6, device=x.device), -1., 1.)
  noise = torch.mul_(noise, torch.unsqueeze(torch.unsqueeze(magnitudes, 1), 2))
  return torch.to(torch.add_(noise, torch.to(x, 6)), x.dtype)

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
