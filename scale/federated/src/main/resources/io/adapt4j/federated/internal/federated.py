# The best approximation of rank r of b a, [out, n] [n, in], which is never formed. The rows of the
# second matrix are orthogonal to each other, each of the given length. In fp64.
def best_of_product(self, b: Tensor, a: Tensor, r: int, length: float) -> List[Tensor]:
  qb, rb = torch.linalg_qr(torch.to(b, 7))
  qa, ra = torch.linalg_qr(torch.t(torch.to(a, 7)))
  u, s, v = torch.linalg_svd(torch.mm(rb, torch.t(ra)), False)
  n = min(r, s.size(0))
  left = torch.mul(torch.mm(qb, torch.narrow(u, 1, 0, n)), torch.div(torch.narrow(s, 0, 0, n), length))
  right = torch.mul(torch.mm(torch.narrow(v, 0, 0, n), torch.t(qa)), length)
  return [left, right]

# The Frobenius norm of b a, which is never formed. LAPACK overlooks a NaN in small matrices, so
# the sums carry what is not finite into the result.
def norm_of_product(self, b: Tensor, a: Tensor) -> Tensor:
  qb, rb = torch.linalg_qr(torch.to(b, 7))
  qa, ra = torch.linalg_qr(torch.t(torch.to(a, 7)))
  unknown = torch.mul(torch.add(torch.sum(b), torch.sum(a)), 0)
  return torch.add(torch.norm(torch.mm(rb, torch.t(ra))), unknown)
