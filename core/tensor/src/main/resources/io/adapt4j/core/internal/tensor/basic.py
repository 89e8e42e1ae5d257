# Operators on positions and their entries and, below each, its derivative.

# Of some operators libtorch does not know the shapes on its meta device, which computes nothing else.
def embedding(self, ids: Tensor, weight: Tensor) -> Tensor:
  if weight.is_meta:
    return torch.empty(torch.add(ids.size(), [weight.size(1)]), dtype=weight.dtype, device=weight.device)
  return torch.embedding(weight, ids)

def embedding_backward(self, dy: Tensor, ids: Tensor, dweight: Tensor) -> int:
  torch.index_add_(dweight, 0, torch.flatten(ids), torch.to(torch.flatten(dy, 0, -2), 6))
  return 0

# The same, where the uses of one id, that of padding, count for nothing.
def padded_embedding_backward(self, dy: Tensor, ids: Tensor, dweight: Tensor, padding: int) -> int:
  if dy.is_meta:
    return 0
  used = torch.unsqueeze(torch.ne(torch.flatten(ids), padding), 1)
  torch.index_add_(dweight, 0, torch.flatten(ids), torch.mul(torch.to(torch.flatten(dy, 0, -2), 6), used))
  return 0

# y = (offset + w) * x / sqrt(mean(x^2) + eps). With an offset computed in fp32, as 1 + w needs it.
def rms_norm(self, x: Tensor, weight: Tensor, offset: float, eps: float) -> Tensor:
  if offset == 0.:
    return torch.rms_norm(x, [x.size(-1)], weight, eps)
  factor = torch.add(torch.to(weight, 6), offset)
  return torch.to(torch.rms_norm(torch.to(x, 6), [x.size(-1)], factor, eps), x.dtype)

def rms_norm_backward(self, dy: Tensor, x: Tensor, weight: Tensor, offset: float, eps: float, dweight: List[Tensor]) -> Tensor:
  xf = torch.to(x, 6)
  inverse = torch.rsqrt(torch.add_(torch.mean(torch.mul(xf, xf), [-1], True), eps))
  normal = torch.mul(xf, inverse)
  dyf = torch.to(dy, 6)
  if len(dweight) > 0:
    torch.add_(dweight[0], torch.sum(torch.flatten(torch.mul(dyf, normal), 0, -2), [0]))
  g = torch.mul(dyf, torch.add(torch.to(weight, 6), offset))
  along = torch.mean(torch.mul(g, normal), [-1], True)
  return torch.to(torch.mul_(torch.sub_(g, torch.mul_(normal, along)), inverse), x.dtype)

# y = w * (x - mean) / sqrt(variance + eps) + b
def plus(self, x: Tensor, value: float) -> Tensor:
  return torch.add(x, value)

def layer_norm(self, x: Tensor, weight: Tensor, bias: List[Tensor], eps: float) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  if len(bias) > 0:
    return torch.layer_norm(x, [x.size(-1)], weight, bias[0], eps)
  return torch.layer_norm(x, [x.size(-1)], weight, None, eps)

def layer_norm_backward(self, dy: Tensor, x: Tensor, weight: Tensor, eps: float, dweight: List[Tensor], dbias: List[Tensor]) -> Tensor:
  xf = torch.to(x, 6)
  centered = torch.sub(xf, torch.mean(xf, [-1], True))
  inverse = torch.rsqrt(torch.add_(torch.mean(torch.mul(centered, centered), [-1], True), eps))
  normal = torch.mul_(centered, inverse)
  dyf = torch.to(dy, 6)
  if len(dweight) > 0:
    torch.add_(dweight[0], torch.sum(torch.flatten(torch.mul(dyf, normal), 0, -2), [0]))
  if len(dbias) > 0:
    torch.add_(dbias[0], torch.sum(torch.flatten(dyf, 0, -2), [0]))
  g = torch.mul(dyf, torch.to(weight, 6))
  along = torch.mean(torch.mul(g, normal), [-1], True)
  level = torch.mean(g, [-1], True)
  return torch.to(torch.mul_(torch.sub_(torch.sub_(g, level), torch.mul_(normal, along)), inverse), x.dtype)

# Kinds: 0 silu, 1 gelu, 2 gelu (tanh), 3 relu, 4 tanh.
def activation(self, x: Tensor, kind: int) -> Tensor:
  if kind == 0:
    return torch.silu(x)
  elif kind == 1:
    return torch.gelu(x)
  elif kind == 2:
    return torch.gelu(x, approximate="tanh")
  elif kind == 3 and not x.is_meta:
    return torch.relu(x)
  elif kind == 5:
    return torch.square(torch.clamp(x, min=0))
  elif kind == 7:
    return torch.mul(x, torch.sigmoid(torch.mul(x, 1.702)))
  return torch.tanh(x)

def activation_in_place(self, x: Tensor, kind: int) -> Tensor:
  if kind == 0:
    return torch.silu_(x)
  elif kind == 1:
    return torch.gelu_(x)
  elif kind == 2:
    return torch.gelu_(x, approximate="tanh")
  elif kind == 3:
    return torch.relu_(x)
  elif kind == 5:
    return torch.square_(torch.clamp_(x, min=0))
  elif kind == 7:
    return torch.mul_(x, torch.sigmoid(torch.mul(x, 1.702)))
  return torch.tanh_(x)

def activation_backward(self, dy: Tensor, x: Tensor, kind: int) -> Tensor:
  if kind == 0:
    return torch.silu_backward(dy, x)
  elif kind == 1:
    return torch.gelu_backward(dy, x)
  elif kind == 2:
    return torch.gelu_backward(dy, x, approximate="tanh")
  elif kind == 3:
    return torch.threshold_backward(dy, x, 0)
  elif kind == 5:
    return torch.mul_(torch.mul(torch.clamp(x, min=0), 2), dy)
  elif kind == 7:
    return torch.silu_backward(dy, torch.mul(x, 1.702))
  return torch.tanh_backward(dy, torch.tanh(x))

# xIELU (Huang and Schlag 2024) on [.., width]: a parabola above 0, an exponential below, with a slope
# of one half at 0. Both alphas are stored as what a softplus makes them of.
def xielu(self, x: Tensor, alpha_p: Tensor, alpha_n: Tensor) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  xf = torch.to(x, 6)
  above = torch.mul(torch.mul(xf, xf), torch.softplus(torch.to(alpha_p, 6)))
  steep = torch.add(torch.softplus(torch.to(alpha_n, 6)), 0.5)
  below = torch.mul(torch.sub(torch.expm1(torch.clamp(xf, max=-1.e-6)), xf), steep)
  return torch.to(torch.add(torch.where(torch.gt(xf, 0), above, below), xf, alpha=0.5), x.dtype)

def xielu_backward(self, dy: Tensor, x: Tensor, alpha_p: Tensor, alpha_n: Tensor, dalpha_p: List[Tensor], dalpha_n: List[Tensor]) -> Tensor:
  if x.is_meta:
    return torch.empty_like(x)
  xf = torch.to(x, 6)
  dyf = torch.to(dy, 6)
  over = torch.gt(xf, 0)
  none = torch.zeros_like(xf)
  p = torch.to(alpha_p, 6)
  n = torch.to(alpha_n, 6)
  if len(dalpha_p) > 0:
    squares = torch.where(over, torch.mul(xf, xf), none)
    torch.add_(dalpha_p[0], torch.mul(torch.sum(torch.mul(dyf, squares)), torch.sigmoid(p)))
  if len(dalpha_n) > 0:
    bent = torch.where(over, none, torch.sub(torch.expm1(torch.clamp(xf, max=-1.e-6)), xf))
    torch.add_(dalpha_n[0], torch.mul(torch.sum(torch.mul(dyf, bent)), torch.sigmoid(n)))
  above = torch.mul(torch.mul(xf, 2), torch.softplus(p))
  grown = torch.where(torch.le(xf, -1.e-6), torch.exp(xf), none)
  below = torch.mul(torch.sub(grown, 1), torch.add(torch.softplus(n), 0.5))
  slope = torch.add(torch.where(over, above, below), 0.5)
  return torch.to(torch.mul(dyf, slope), x.dtype)

# act(gate) * up on [.., gate | up].
def gated(self, x: Tensor, kind: int) -> Tensor:
  width = x.size(-1) // 2
  return torch.mul_(self.activation(torch.narrow(x, -1, 0, width), kind), torch.narrow(x, -1, width, width))

def gated_backward(self, dy: Tensor, x: Tensor, kind: int) -> Tensor:
  width = x.size(-1) // 2
  gate = torch.narrow(x, -1, 0, width)
  up = torch.narrow(x, -1, width, width)
  dx = torch.empty_like(x)
  torch.copy_(torch.narrow(dx, -1, 0, width), self.activation_backward(torch.mul(dy, up), gate, kind))
  torch.mul_(torch.copy_(torch.narrow(dx, -1, width, width), self.activation(gate, kind)), dy)
  return dx

def add_scaled(self, x: Tensor, y: Tensor, factor: float) -> Tensor:
  return torch.add(x, y, alpha=factor)

# [.., sum(widths)] -> views [.., width], one for each entry of widths.
def split_columns(self, x: Tensor, widths: List[int]) -> List[Tensor]:
  parts = annotate(List[Tensor], [])
  start = 0
  for n in widths:
    parts.append(torch.narrow(x, -1, start, n))
    start = start + n
  return parts

def gather_rows(self, x: Tensor, index: Tensor) -> Tensor:
  if x.is_meta:
    return torch.empty([index.size(0), x.size(-1)], dtype=x.dtype, device=x.device)
  return torch.index_select(torch.flatten(x, 0, -2), 0, index)

def scatter_rows(self, dy: Tensor, index: Tensor, sizes: List[int]) -> Tensor:
  flat = torch.zeros([sizes[0] * sizes[1], sizes[2]], dtype=dy.dtype, device=dy.device)
  if dy.is_meta:
    return torch.view(flat, sizes)
  return torch.view(torch.index_copy_(flat, 0, index, dy), sizes)

# Weighted sums over positions: weights [B, T], x [B, T, hidden] -> [B, hidden].
def pool(self, x: Tensor, weights: Tensor) -> Tensor:
  return torch.squeeze(torch.bmm(torch.unsqueeze(torch.to(weights, x.dtype), 1), x), 1)

def pool_backward(self, dy: Tensor, weights: Tensor) -> Tensor:
  return torch.mul(torch.unsqueeze(torch.to(weights, dy.dtype), 2), torch.unsqueeze(dy, 1))

# Largest entries over the positions of a 0/1 mask [B, T]: x [B, T, hidden] -> [B, hidden].
def max_pool(self, x: Tensor, mask: Tensor) -> Tensor:
  return torch.amax(self.seen_only(x, mask), [1])

def max_pool_backward(self, dy: Tensor, x: Tensor, mask: Tensor) -> Tensor:
  largest = torch.argmax(self.seen_only(x, mask), 1, True)
  return torch.scatter(torch.zeros_like(x), 1, largest, torch.unsqueeze(dy, 1))

def seen_only(self, x: Tensor, mask: Tensor) -> Tensor:
  lowest = -1.0e30 if x.dtype != 5 else -3.0e4
  return torch.masked_fill(x, torch.unsqueeze(torch.eq(mask, 0), 2), lowest)

# x / |x| along the last dimension, in fp32; a vector of zeros stays one.
def normalize(self, x: Tensor) -> Tensor:
  xf = torch.to(x, 6)
  return torch.to(torch.div(xf, self.euclidean(xf)), x.dtype)

def normalize_backward(self, dy: Tensor, x: Tensor) -> Tensor:
  xf = torch.to(x, 6)
  dyf = torch.to(dy, 6)
  length = self.euclidean(xf)
  y = torch.div(xf, length)
  along = torch.sum(torch.mul(dyf, y), [-1], True)
  return torch.to(torch.div(torch.sub(dyf, torch.mul(y, along)), length), x.dtype)

def euclidean(self, x: Tensor) -> Tensor:
  return torch.clamp_min(torch.linalg_vector_norm(x, 2, [-1], True), 1.0e-12)

# Scaled keep mask of dropout: 0 with probability p, 1 / (1 - p) otherwise.
def dropout_mask(self, like: Tensor, p: float) -> Tensor:
  keep = torch.bernoulli_(torch.empty_like(like), 1.0 - p)
  return torch.div_(keep, 1.0 - p)

# x + noise, uniform within magnitudes [B] either way, for x [B, T, hidden].
def uniform_noise(self, x: Tensor, magnitudes: Tensor) -> Tensor:
  noise = torch.uniform_(torch.empty(x.size(), dtype=6, device=x.device), -1., 1.)
  noise = torch.mul_(noise, torch.unsqueeze(torch.unsqueeze(magnitudes, 1), 2))
  return torch.to(torch.add_(noise, torch.to(x, 6)), x.dtype)
