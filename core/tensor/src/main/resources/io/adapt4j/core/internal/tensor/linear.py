# Products with a weight and, below, their derivatives.

# Whether a matrix of rows can be made of x without a copy. Where it cannot, as with the last position
# of each text, libtorch would multiply row by row of the batch and, in bfloat16, copy the weight for
# each of them.
def rows_together(self, x: Tensor) -> bool:
  return torch.dim(x) != 3 or torch.stride(x, 0) == x.size(1) * torch.stride(x, 1)

def linear(self, x: Tensor, weight: Tensor, bias: List[Tensor]) -> Tensor:
  if not self.rows_together(x):
    y = self.rows_linear(torch.flatten(x, 0, -2), weight, bias)
    return torch.view(y, [x.size(0), x.size(1), -1])
  return self.rows_linear(x, weight, bias)

# In fp32 the bias is added afterwards: handed to the product, it is first written to every row of the
# result. In half types it stays inside, where sums are rounded once.
def rows_linear(self, x: Tensor, weight: Tensor, bias: List[Tensor]) -> Tensor:
  if len(bias) == 0:
    return torch.linear(x, weight)
  if x.dtype == 6:
    return torch.add_(torch.linear(x, weight), bias[0])
  return torch.linear(x, weight, bias[0])

# What a foreign product takes: x as a matrix of rows, and memory for the result in the same form and
# in the shape it is wanted in.
def foreign_operands(self, x: Tensor, sizes: List[int]) -> List[Tensor]:
  y = torch.empty(sizes, dtype=x.dtype, device=x.device)
  return [torch.contiguous(torch.flatten(x, 0, -2)), torch.view(y, [-1, y.size(-1)]), y]

def add_bias(self, y: Tensor, bias: Tensor) -> int:
  torch.add_(y, bias)
  return 0

def linear_backward_input(self, dy: Tensor, weight: Tensor) -> Tensor:
  if not self.rows_together(dy):
    dx = torch.mm(torch.flatten(dy, 0, -2), weight)
    return torch.view(dx, [dy.size(0), dy.size(1), -1])
  return torch.matmul(dy, weight)

def linear_backward_weight(self, dy: Tensor, x: Tensor, dweight: Tensor) -> int:
  torch.add_(dweight, torch.mm(torch.t(torch.flatten(dy, 0, -2)), torch.flatten(x, 0, -2)))
  return 0

def linear_backward_bias(self, dy: Tensor, dbias: Tensor) -> int:
  torch.add_(dbias, torch.sum(torch.flatten(dy, 0, -2), [0], False, dtype=6))
  return 0
