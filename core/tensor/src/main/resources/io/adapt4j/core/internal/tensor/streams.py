# Residual streams side by side, [.., S width] (Baykal et al. 2023), and what goes with them.

# [.., S width] -> F32 [.., S, width].
def streams_apart(self, x: Tensor, count: int) -> Tensor:
  sizes = x.size()
  lead = annotate(List[int], [])
  for i in range(len(sizes) - 1):
    lead.append(sizes[i])
  return torch.reshape(torch.to(x, 6), lead + [count, sizes[len(sizes) - 1] // count])

# Each stream j plus all streams i times the coefficient S j + i: x [.., S width], c [.., S S].
def mix_streams(self, x: Tensor, c: Tensor, count: int) -> Tensor:
  xs = self.streams_apart(x, count)
  mixed = torch.matmul(self.streams_apart(c, count), xs)
  return torch.to(torch.flatten(torch.add(mixed, xs), -2), x.dtype)

# Of x and c.
def mix_streams_backward(self, dy: Tensor, x: Tensor, c: Tensor, count: int) -> List[Tensor]:
  xs = self.streams_apart(x, count)
  dys = self.streams_apart(dy, count)
  cs = self.streams_apart(c, count)
  dx = torch.add(torch.matmul(torch.transpose(cs, -1, -2), dys), dys)
  dc = torch.matmul(dys, torch.transpose(xs, -1, -2))
  return [torch.to(torch.flatten(dx, -2), x.dtype), torch.to(torch.flatten(dc, -2), c.dtype)]

# Each stream j plus (y - active stream) (1 + c_j): x [.., S width], y [.., width], c [.., S].
def correct_streams(self, x: Tensor, y: Tensor, c: Tensor, active: int) -> Tensor:
  count = c.size(-1)
  xs = self.streams_apart(x, count)
  change = torch.sub(torch.unsqueeze(torch.to(y, 6), -2), torch.narrow(xs, -2, active, 1))
  factor = torch.unsqueeze(torch.add(torch.to(c, 6), 1), -1)
  return torch.to(torch.flatten(torch.add(xs, torch.mul(change, factor)), -2), x.dtype)

# Of x, y and c.
def correct_streams_backward(self, dz: Tensor, x: Tensor, y: Tensor, c: Tensor, active: int) -> List[Tensor]:
  count = c.size(-1)
  xs = self.streams_apart(x, count)
  dzs = self.streams_apart(dz, count)
  change = torch.sub(torch.unsqueeze(torch.to(y, 6), -2), torch.narrow(xs, -2, active, 1))
  factor = torch.unsqueeze(torch.add(torch.to(c, 6), 1), -1)
  dy = torch.sum(torch.mul(dzs, factor), [-2], True)
  dc = torch.sum(torch.mul(dzs, change), [-1])
  dx = torch.clone(dzs)
  torch.sub_(torch.narrow(dx, -2, active, 1), dy)
  return [torch.to(torch.flatten(dx, -2), x.dtype), torch.to(torch.squeeze(dy, -2), y.dtype), torch.to(dc, c.dtype)]

# y made as long as another tensor is: y rms(other) / rms(y), the latter's square at least eps.
def match_magnitude(self, y: Tensor, other: Tensor, eps: float) -> Tensor:
  yf = torch.to(y, 6)
  of = torch.to(other, 6)
  own = torch.rsqrt(torch.clamp(torch.mean(torch.mul(yf, yf), [-1], True), min=eps))
  wanted = torch.sqrt(torch.mean(torch.mul(of, of), [-1], True))
  return torch.to(torch.mul(yf, torch.mul(own, wanted)), y.dtype)

# Of y and the other tensor.
def match_magnitude_backward(self, dz: Tensor, y: Tensor, other: Tensor, eps: float) -> List[Tensor]:
  yf = torch.to(y, 6)
  of = torch.to(other, 6)
  dzf = torch.to(dz, 6)
  width = y.size(-1)
  squares = torch.mean(torch.mul(yf, yf), [-1], True)
  own = torch.rsqrt(torch.clamp(squares, min=eps))
  wanted = torch.sqrt(torch.mean(torch.mul(of, of), [-1], True))
  along = torch.sum(torch.mul(dzf, yf), [-1], True)
  inner = torch.to(torch.gt(squares, eps), 6)
  bend = torch.div(torch.mul(torch.mul(along, inner), torch.mul(own, own)), width)
  dy = torch.mul(torch.sub(dzf, torch.mul(yf, bend)), torch.mul(own, wanted))
  slope = torch.div(torch.mul(along, own), torch.mul(torch.clamp(wanted, min=1.e-30), width))
  return [torch.to(dy, y.dtype), torch.to(torch.mul(of, slope), other.dtype)]

# The mean of S streams: [.., S width] -> [.., width].
def mean_stream(self, x: Tensor, count: int) -> Tensor:
  return torch.to(torch.mean(self.streams_apart(x, count), [-2]), x.dtype)

def mean_stream_backward(self, dy: Tensor, count: int) -> Tensor:
  parts = annotate(List[Tensor], [])
  for i in range(count):
    parts.append(torch.div(dy, count))
  return torch.cat(parts, -1)

# What lies above the quantile that a normal distribution with the mean and the deviation of a row
# has, and 0 for the rest.
def above_quantile(self, x: Tensor, share: float) -> Tensor:
  xf = torch.to(x, 6)
  mean = torch.mean(xf, [-1], True)
  deviation = torch.sqrt(torch.mean(torch.square(torch.sub(xf, mean)), [-1], True))
  return torch.to(torch.clamp(torch.sub(xf, torch.add(mean, torch.mul(deviation, self.normal_quantile(x, share)))), min=0.), x.dtype)

def normal_quantile(self, x: Tensor, share: float) -> Tensor:
  return torch.mul(torch.erfinv(torch.full([1], 2. * share - 1., dtype=6, device=x.device)), 1.4142135623730951)

def above_quantile_backward(self, dy: Tensor, x: Tensor, y: Tensor, share: float) -> Tensor:
  xf = torch.to(x, 6)
  width = x.size(-1)
  centered = torch.sub(xf, torch.mean(xf, [-1], True))
  deviation = torch.sqrt(torch.mean(torch.square(centered), [-1], True))
  kept = torch.mul(torch.to(dy, 6), torch.to(torch.gt(y, 0), 6))
  total = torch.div(torch.sum(kept, [-1], True), width)
  turn = torch.div(torch.mul(centered, self.normal_quantile(x, share)), torch.clamp(deviation, min=1.e-30))
  return torch.to(torch.sub(kept, torch.mul(total, torch.add(turn, 1))), x.dtype)

# x times one factor an entry.
def times_entries(self, x: Tensor, factors: Tensor) -> Tensor:
  return torch.to(torch.mul(torch.to(x, 6), torch.to(factors, 6)), x.dtype)

def times_entries_backward(self, dy: Tensor, x: Tensor, factors: Tensor, dfactors: List[Tensor]) -> Tensor:
  if len(dfactors) > 0:
    products = torch.flatten(torch.mul(torch.to(dy, 6), torch.to(x, 6)), 0, -1 - factors.dim())
    torch.add_(dfactors[0], torch.sum(products, [0]))
  return self.times_entries(dy, factors)

# Root mean square normalization without factors.
def unit_rms(self, x: Tensor, eps: float) -> Tensor:
  xf = torch.to(x, 6)
  return torch.to(torch.mul(xf, torch.rsqrt(torch.add(torch.mean(torch.mul(xf, xf), [-1], True), eps))), x.dtype)

def unit_rms_backward(self, dy: Tensor, x: Tensor, eps: float) -> Tensor:
  xf = torch.to(x, 6)
  dyf = torch.to(dy, 6)
  inverse = torch.rsqrt(torch.add(torch.mean(torch.mul(xf, xf), [-1], True), eps))
  normal = torch.mul(xf, inverse)
  along = torch.mean(torch.mul(dyf, normal), [-1], True)
  return torch.to(torch.mul(torch.sub(dyf, torch.mul(normal, along)), inverse), x.dtype)

# Normalization to mean 0 and variance 1 without factors.
def centered(self, x: Tensor) -> Tensor:
  xf = torch.to(x, 6)
  return torch.sub(xf, torch.mean(xf, [-1], True))

def unit_norm(self, x: Tensor, eps: float) -> Tensor:
  return torch.to(self.unit_rms(self.centered(x), eps), x.dtype)

def unit_norm_backward(self, dy: Tensor, x: Tensor, eps: float) -> Tensor:
  return torch.to(self.centered(self.unit_rms_backward(torch.to(dy, 6), self.centered(x), eps)), x.dtype)

# The same values in other dimensions.
def shaped_as(self, x: Tensor, sizes: List[int]) -> Tensor:
  return torch.reshape(x, sizes)

# Ids below a limit, and 0 for the others.
def ids_below(self, ids: Tensor, limit: int) -> Tensor:
  return torch.mul(ids, torch.to(torch.lt(ids, limit), 4))
