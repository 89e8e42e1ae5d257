# Low-rank updates beside a weight (Hu et al. 2021).

# y += (x a') b', in place: the low-rank update of Hu et al. 2021 with its scale inside b.
def low_rank(self, y: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
  h = torch.linear(torch.flatten(x, 0, -2), a)
  torch.addmm_(torch.view(y, [-1, y.size(-1)]), h, torch.t(b))
  return y

# [dx, da, db], all in the compute type.
def low_rank_backward(self, dy: Tensor, x: Tensor, a: Tensor, b: Tensor) -> List[Tensor]:
  dy2 = torch.flatten(dy, 0, -2)
  x2 = torch.flatten(x, 0, -2)
  h = torch.linear(x2, a)
  dh = torch.mm(dy2, b)
  da = torch.mm(torch.t(dh), x2)
  db = torch.mm(torch.t(dy2), h)
  return [torch.view(torch.mm(dh, a), x.size()), da, db]

# Gradient by x of a low-rank update whose factors are frozen.
def low_rank_backward_input(self, dy: Tensor, a: Tensor, b: Tensor) -> Tensor:
  return torch.matmul(torch.matmul(dy, b), a)

# Adds da and the scaled blocks of db to the gradients of the factors that a and b were made from.
# Block i of b: ranks side by side in order, rows from starts[i].
def low_rank_accumulate(self, da: Tensor, db: Tensor, ga: Tensor, gb: List[Tensor], starts: List[int], scales: List[float]) -> int:
  torch.add_(ga, da)
  column = 0
  for i in range(len(gb)):
    rank = gb[i].size(1)
    rows = torch.narrow(db, 0, starts[i], gb[i].size(0))
    torch.add_(gb[i], torch.narrow(rows, 1, column, rank), alpha=scales[i])
    column = column + rank
  return 0

# Fills those blocks of b with the scaled factors.
def low_rank_compose(self, b: Tensor, factors: List[Tensor], starts: List[int], scales: List[float]) -> int:
  column = 0
  for i in range(len(factors)):
    rank = factors[i].size(1)
    rows = torch.narrow(b, 0, starts[i], factors[i].size(0))
    torch.copy_(torch.narrow(rows, 1, column, rank), torch.mul(factors[i], scales[i]))
    column = column + rank
  return 0

# weight += scale * b a, in place: computed in fp32, rounded once.
def low_rank_merge(self, weight: Tensor, a: Tensor, b: Tensor, scale: float) -> int:
  torch.copy_(weight, torch.addmm(torch.to(weight, 6), b, a, alpha=scale))
  return 0
