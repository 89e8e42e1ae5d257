# What DoRA (Liu et al. 2024) and (IA)3 compute besides.

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

# Magnitudes of the rows of w + scale b a, from the squared ones of w, without the matrix itself:
# |w|^2 + 2 scale <w a', b> + scale^2 <b a a', b>.
def row_magnitudes(self, weight: Tensor, squares: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
  cross = torch.sum(torch.mul(torch.mm(torch.to(weight, 6), torch.t(a)), b), [1])
  own = torch.sum(torch.mul(torch.mm(b, torch.mm(a, torch.t(a))), b), [1])
  total = torch.add(torch.add(squares, cross, alpha=2 * scale), own, alpha=scale * scale)
  return torch.sqrt(torch.clamp_min(total, 1.0e-24))

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
