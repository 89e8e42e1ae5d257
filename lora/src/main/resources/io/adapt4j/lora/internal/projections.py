# Updates of a projection with one trained tensor: MiSS, SHiRA and OFT.

# The outputs of one projection [tokens, width], of a layer's outputs or their gradient.
def outputs_of(self, y: Tensor, start: int, width: int) -> Tensor:
  return torch.narrow(torch.flatten(y, 0, -2), 1, start, width)

# The product of an input with an update of the weight [out, in] is added to y, in place.
def delta(self, y: Tensor, x: Tensor, weight: Tensor, start: int) -> Tensor:
  torch.add_(self.outputs_of(y, start, weight.size(0)), torch.linear(torch.flatten(x, 0, -2), torch.to(weight, x.dtype)))
  return y

# [dx, gradient of the update of the weight in fp32]
def delta_backward(self, dy: Tensor, x: Tensor, weight: Tensor, start: int) -> List[Tensor]:
  d = self.outputs_of(dy, start, weight.size(0))
  dx = torch.view(torch.mm(d, torch.to(weight, x.dtype)), x.size())
  return [dx, torch.to(torch.mm(torch.t(d), torch.flatten(x, 0, -2)), 6)]

# weight += update, computed in fp32, rounded once.
def delta_merge(self, weight: Tensor, update: Tensor) -> int:
  torch.copy_(weight, torch.add(torch.to(weight, 6), update))
  return 0

# MiSS: the inputs in pieces of r, the last one filled with zeros, added up [tokens, r].
def miss_sums(self, x: Tensor, r: int) -> Tensor:
  flat = torch.flatten(x, 0, -2)
  rest = (r - flat.size(1) % r) % r
  padded = torch.constant_pad_nd(flat, [0, rest])
  return torch.sum(torch.view(padded, [flat.size(0), -1, r]), [1])

# y += sums block, in place; a narrower block is repeated along the outputs.
def miss(self, y: Tensor, x: Tensor, block: Tensor, start: int, width: int) -> Tensor:
  product = torch.mm(self.miss_sums(x, block.size(0)), torch.to(block, x.dtype))
  torch.add_(self.outputs_of(y, start, width), torch.repeat(product, [1, width // block.size(1)]))
  return y

def miss_backward(self, dy: Tensor, x: Tensor, block: Tensor, start: int, width: int) -> List[Tensor]:
  r = block.size(0)
  d = torch.reshape(self.outputs_of(dy, start, width), [-1, width // block.size(1), block.size(1)])
  d = torch.sum(d, [1])
  dsums = torch.mm(d, torch.t(torch.to(block, x.dtype)))
  size = x.size(-1)
  dx = torch.narrow(torch.repeat(dsums, [1, (size + r - 1) // r]), 1, 0, size)
  dblock = torch.mm(torch.t(self.miss_sums(x, r)), d)
  return [torch.reshape(dx, x.size()), torch.to(dblock, 6)]

# The update of the weight [width, size] that the block stands for.
def miss_delta(self, block: Tensor, width: int, size: int) -> Tensor:
  r = block.size(0)
  whole = torch.repeat(torch.t(block), [width // block.size(1), (size + r - 1) // r])
  return torch.contiguous(torch.narrow(whole, 1, 0, size))

# A weight [out, in] as squares of r: [in / r, out / r, r, r].
def squares(self, weight: Tensor, r: int) -> Tensor:
  parts = torch.view(weight, [weight.size(0) // r, r, weight.size(1) // r, r])
  return torch.permute(parts, [2, 0, 1, 3])

# MiSS's "bat": every square w of the weight gets w block + block, the block of its rows.
def miss_bat(self, weight: Tensor, block: Tensor) -> Tensor:
  own = self.squares(torch.contiguous(torch.to(weight, 6)), block.size(2))
  made = torch.add(torch.matmul(own, block), block)
  return torch.reshape(torch.permute(made, [1, 2, 0, 3]), weight.size())

def miss_bat_backward(self, weight: Tensor, block: Tensor, dweight: Tensor) -> Tensor:
  r = block.size(2)
  own = self.squares(torch.contiguous(torch.to(weight, 6)), r)
  d = self.squares(torch.contiguous(dweight), r)
  return torch.sum(torch.add(torch.matmul(torch.transpose(own, 2, 3), d), d), [0])

# SHiRA: the positions of count values in a weight, chosen as PEFT's random mask does, [2, count].
def shira_indices(self, width: int, size: int, count: int) -> Tensor:
  chosen, order = torch.sort(torch.narrow(torch.randperm(width * size), 0, 0, count))
  return torch.stack([torch.floor_divide(chosen, size), torch.remainder(chosen, size)])

# The update of the weight [width, size] with the values at their positions.
def shira_delta(self, values: Tensor, indices: Tensor, width: int, size: int) -> Tensor:
  flat = torch.add(torch.mul(torch.select(indices, 0, 0), size), torch.select(indices, 0, 1))
  whole = torch.zeros([width * size], dtype=values.dtype, device=values.device)
  return torch.view(torch.scatter(whole, 0, flat, values), [width, size])

# For few tokens each value is multiplied alone; for many the whole update is.
def shira_is_sparse(self, x: Tensor, values: Tensor, width: int) -> bool:
  return (x.numel() // x.size(-1)) * values.size(0) <= width * x.size(-1)

# Some columns of a matrix in fp32, and their numbers in every row.
def shira_columns(self, x: Tensor, columns: Tensor) -> List[Tensor]:
  every = torch.expand(torch.unsqueeze(columns, 0), [x.size(0), columns.size(0)])
  return [torch.to(torch.gather(x, 1, every), 6), every]

# y += x update', in place.
def shira(self, y: Tensor, x: Tensor, values: Tensor, indices: Tensor, start: int, width: int) -> Tensor:
  if self.shira_is_sparse(x, values, width):
    own = self.shira_columns(torch.flatten(x, 0, -2), torch.select(indices, 0, 1))[0]
    rows = torch.expand(torch.unsqueeze(torch.select(indices, 0, 0), 0), own.size())
    sums = torch.zeros([own.size(0), width], dtype=6, device=x.device)
    sums = torch.scatter_add(sums, 1, rows, torch.mul(own, values))
    torch.add_(self.outputs_of(y, start, width), torch.to(sums, x.dtype))
    return y
  return self.delta(y, x, self.shira_delta(values, indices, width, x.size(-1)), start)

def shira_backward(self, dy: Tensor, x: Tensor, values: Tensor, indices: Tensor, start: int, width: int) -> List[Tensor]:
  rows = torch.select(indices, 0, 0)
  columns = torch.select(indices, 0, 1)
  if self.shira_is_sparse(x, values, width):
    d = self.shira_columns(self.outputs_of(dy, start, width), rows)[0]
    own, every = self.shira_columns(torch.flatten(x, 0, -2), columns)
    sums = torch.zeros([own.size(0), x.size(-1)], dtype=6, device=x.device)
    sums = torch.scatter_add(sums, 1, every, torch.mul(d, values))
    return [torch.view(torch.to(sums, x.dtype), x.size()), torch.sum(torch.mul(d, own), [0])]
  made = self.delta_backward(dy, x, self.shira_delta(values, indices, width, x.size(-1)), start)
  flat = torch.add(torch.mul(rows, x.size(-1)), columns)
  return [made[0], torch.gather(torch.flatten(made[1]), 0, flat)]

# OFT: skew-symmetric matrices [blocks, b, b] of their upper triangles by rows [blocks, b (b - 1) / 2].
def oft_skew(self, upper: Tensor, b: int) -> Tensor:
  at = torch.to(torch.triu_indices(b, b, 1), upper.device, 4)
  flat = torch.expand(torch.unsqueeze(torch.add(torch.mul(torch.select(at, 0, 0), b), torch.select(at, 0, 1)), 0), upper.size())
  whole = torch.zeros([upper.size(0), b * b], dtype=upper.dtype, device=upper.device)
  whole = torch.view(torch.scatter(whole, 1, flat, upper), [upper.size(0), b, b])
  return torch.sub(whole, torch.transpose(whole, 1, 2))

# The gradient of the upper triangles, of that of the skew-symmetric matrices.
def oft_upper(self, d: Tensor) -> Tensor:
  b = d.size(1)
  at = torch.to(torch.triu_indices(b, b, 1), d.device, 4)
  flat = torch.add(torch.mul(torch.select(at, 0, 0), b), torch.select(at, 0, 1))
  turned = torch.flatten(torch.sub(d, torch.transpose(d, 1, 2)), 1)
  return torch.gather(turned, 1, torch.expand(torch.unsqueeze(flat, 0), [d.size(0), flat.size(0)]))

# Factors of the powers of the Neumann series with a number of terms, as PEFT counts them.
def oft_factors(self, terms: int) -> List[float]:
  factors = [1.]
  if terms == 2:
    factors = [1., 2.]
  if terms > 2:
    for i in range(max(terms - 1, 3) - 1):
      factors.append(2.)
    factors.append(1.)
  return factors

# The rotations [blocks, b, b]: a Neumann series, or the Cayley transform for 0 terms.
def oft_rotations(self, upper: Tensor, b: int, terms: int) -> Tensor:
  q = self.oft_skew(upper, b)
  one = torch.eye(b, dtype=q.dtype, device=q.device)
  if terms == 0:
    return torch.linalg_solve(torch.add(one, q), torch.sub(one, q), left=False)
  factors = self.oft_factors(terms)
  sum = torch.mul(torch.add(torch.zeros_like(q), one), factors[-1])
  for i in range(len(factors) - 1):
    sum = torch.add(torch.matmul(q, sum), one, alpha=factors[len(factors) - 2 - i])
  return sum

# The gradient of the upper triangles, of that of the rotations.
def oft_rotations_backward(self, upper: Tensor, b: int, terms: int, d: Tensor) -> Tensor:
  q = self.oft_skew(upper, b)
  one = torch.eye(b, dtype=q.dtype, device=q.device)
  if terms == 0:
    inverse = torch.linalg_inv(torch.add(one, q))
    turned = torch.matmul(torch.sub(one, q), inverse)
    left = torch.transpose(torch.add(turned, one), 1, 2)
    return self.oft_upper(torch.neg(torch.matmul(torch.matmul(left, d), torch.transpose(inverse, 1, 2))))
  factors = self.oft_factors(terms)
  sums = [torch.mul(torch.add(torch.zeros_like(q), one), factors[-1])]
  for i in range(len(factors) - 1):
    sums.append(torch.add(torch.matmul(q, sums[-1]), one, alpha=factors[len(factors) - 2 - i]))
  dq = torch.zeros_like(q)
  down = torch.transpose(q, 1, 2)
  ds = d
  for i in range(len(factors) - 1):
    dq = torch.add(dq, torch.matmul(ds, torch.transpose(sums[len(sums) - 2 - i], 1, 2)))
    ds = torch.matmul(down, ds)
  return self.oft_upper(dq)

# Inputs by blocks [blocks, tokens, b].
def oft_blocks(self, x: Tensor, b: int) -> Tensor:
  return torch.transpose(torch.view(torch.flatten(x, 0, -2), [-1, x.size(-1) // b, b]), 0, 1)

# x with its blocks rotated; one rotation may serve all blocks.
def oft_turned(self, x: Tensor, rotations: Tensor) -> Tensor:
  made = torch.matmul(self.oft_blocks(x, rotations.size(1)), torch.to(rotations, x.dtype))
  return torch.reshape(torch.transpose(made, 0, 1), x.size())

# The gradient of the rotations.
def oft_turned_backward(self, dz: Tensor, x: Tensor, upper: Tensor, b: int, terms: int) -> Tensor:
  d = torch.matmul(torch.transpose(self.oft_blocks(x, b), 1, 2), self.oft_blocks(torch.contiguous(dz), b))
  d = torch.to(d, 6)
  if upper.size(0) == 1:
    d = torch.sum(d, [0], True)
  return self.oft_rotations_backward(upper, b, terms, d)

# The rotated input of a layer.
def oft_input(self, x: Tensor, upper: Tensor, b: int, terms: int) -> Tensor:
  return self.oft_turned(x, self.oft_rotations(upper, b, terms))

def oft_input_backward(self, dz: Tensor, x: Tensor, upper: Tensor, b: int, terms: int) -> List[Tensor]:
  back = torch.transpose(self.oft_rotations(upper, b, terms), 1, 2)
  return [self.oft_turned(torch.contiguous(dz), back), self.oft_turned_backward(dz, x, upper, b, terms)]

# For one of several projections with the same input: y += (rotated x - x) weight', in place.
def oft(self, y: Tensor, x: Tensor, upper: Tensor, weight: Tensor, start: int, b: int, terms: int) -> Tensor:
  return self.delta(y, torch.sub(self.oft_input(x, upper, b, terms), x), weight, start)

def oft_backward(self, dy: Tensor, x: Tensor, upper: Tensor, weight: Tensor, start: int, b: int, terms: int) -> List[Tensor]:
  d = self.outputs_of(dy, start, weight.size(0))
  dz = torch.view(torch.mm(d, torch.to(weight, x.dtype)), x.size())
  made = self.oft_input_backward(dz, x, upper, b, terms)
  return [torch.sub(made[0], dz), made[1]]

# The weight whose rows are rotated back, computed in fp32, rounded once.
def oft_merge(self, weight: Tensor, upper: Tensor, b: int, terms: int) -> int:
  back = torch.transpose(self.oft_rotations(upper, b, terms), 1, 2)
  torch.copy_(weight, self.oft_turned(torch.contiguous(torch.to(weight, 6)), back))
  return 0

# Constrained OFT: a block whose skew-symmetric matrix is longer than the limit is drawn back to it.
def oft_constrain(self, upper: Tensor, limit: float) -> int:
  length = torch.sqrt(torch.mul(torch.sum(torch.mul(upper, upper), [1], True), 2.))
  own = limit / float(upper.size(0)) ** 0.5
  factor = torch.clamp(torch.div(own, torch.clamp(length, min=1e-30)), max=1.)
  torch.mul_(upper, factor)
  return 0
