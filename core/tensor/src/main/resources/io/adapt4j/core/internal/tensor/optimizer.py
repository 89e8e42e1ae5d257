def global_norm(self, gradients: List[Tensor]) -> Tensor:
  return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))

def scale_all(self, tensors: List[Tensor], factor: float) -> int:
  torch._foreach_mul_(tensors, factor)
  return 0

def zero_all(self, tensors: List[Tensor]) -> int:
  torch._foreach_zero_(tensors)
  return 0

def add_all(self, sums: List[Tensor], values: List[Tensor]) -> int:
  torch._foreach_add_(sums, values)
  return 0

def add_squares(self, sums: List[Tensor], values: List[Tensor]) -> int:
  for i in range(len(sums)):
    torch.addcmul_(sums[i], values[i], values[i])
  return 0

# strength / 2 times the sum of w (value - anchor)^2; its gradients are added in place.
def pull(self, values: List[Tensor], anchors: List[Tensor], weights: List[Tensor], gradients: List[Tensor], strength: float) -> Tensor:
  total = torch.zeros([], dtype=7, device=gradients[0].device)
  for i in range(len(values)):
    distance = torch.sub(values[i], anchors[i])
    weighted = torch.mul(distance, weights[i]) if len(weights) > 0 else distance
    total = torch.add(total, torch.sum(torch.mul(weighted, distance), dtype=7))
    torch.add_(gradients[i], weighted, alpha=strength)
  return torch.mul(total, 0.5 * strength)

# AdamW (Loshchilov and Hutter 2019): decay first, bias-corrected moments, eps outside the root.
# steps holds one F32 counter per parameter. The lists are used whole: TorchScript takes an in-place
# operator on a slice of a list for one without effect, and drops it.
def adamw(self, parameters: List[Tensor], decayed: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
  if len(decayed) > 0:
    torch._foreach_mul_(decayed, 1.0 - lr * decay)
  torch._foreach_add_(steps, 1)
  none = annotate(List[Tensor], [])
  torch._fused_adamw_(parameters, gradients, means, squares, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=0., eps=eps, amsgrad=False, maximize=False)
  return 0

# Lion (Chen et al. 2023, algorithm 2).
def lion(self, parameters: List[Tensor], decayed: List[Tensor], gradients: List[Tensor], means: List[Tensor], lr: float, beta1: float, beta2: float, decay: float) -> int:
  if len(decayed) > 0:
    torch._foreach_mul_(decayed, 1.0 - lr * decay)
  for i in range(len(parameters)):
    blend = torch.add(torch.mul(means[i], beta1), gradients[i], alpha=1. - beta1)
    torch.add_(parameters[i], torch.sign(blend), alpha=-lr)
    torch.add_(torch.mul_(means[i], beta2), gradients[i], alpha=1. - beta2)
  return 0

# Stochastic gradient descent as PyTorch defines it: decay joins the gradient, momentum begins with
# the first gradient.
def sgd(self, parameters: List[Tensor], gradients: List[Tensor], momenta: List[Tensor], decays: List[float], lr: float, momentum: float, nesterov: bool, first: bool) -> int:
  for i in range(len(parameters)):
    g = torch.add(gradients[i], parameters[i], alpha=decays[i])
    if len(momenta) > 0:
      if first:
        torch.copy_(momenta[i], g)
      else:
        torch.add_(torch.mul_(momenta[i], momentum), g)
      g = torch.add(g, momenta[i], alpha=momentum) if nesterov else momenta[i]
    torch.add_(parameters[i], g, alpha=-lr)
  return 0

# Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) with a given rate. squares: [rows], [columns]
# of a matrix, or one tensor like the parameter.
def adafactor(self, parameter: Tensor, gradient: Tensor, squares: List[Tensor], lr: float, beta2: float, eps: float, clip: float, decay: float) -> int:
  g2 = torch.add(torch.mul(gradient, gradient), eps)
  if len(squares) == 2:
    row = torch.add_(torch.mul_(squares[0], beta2), torch.mean(g2, [1]), alpha=1. - beta2)
    column = torch.add_(torch.mul_(squares[1], beta2), torch.mean(g2, [0]), alpha=1. - beta2)
    r = torch.unsqueeze(torch.rsqrt(torch.div(row, torch.mean(row))), 1)
    c = torch.unsqueeze(torch.rsqrt(column), 0)
    update = torch.mul_(torch.mul(r, c), gradient)
  else:
    square = torch.add_(torch.mul_(squares[0], beta2), g2, alpha=1. - beta2)
    update = torch.mul(torch.rsqrt(square), gradient)
  size = float(torch.sqrt(torch.mean(torch.mul(update, update))))
  torch.mul_(parameter, 1. - lr * decay)
  torch.add_(parameter, update, alpha=-lr / max(1., size / clip))
  return 0

# 8-bit codes [blocks, 256] and scales [blocks] from values of the same blocks, in place.
def encode_blocks(self, values: Tensor, codes: Tensor, scales: Tensor, borders: Tensor) -> int:
  scale = torch.amax(torch.abs(values), [1])
  torch.copy_(scales, scale)
  normal = torch.div(values, torch.unsqueeze(torch.clamp_min(scale, 1.e-38), 1))
  torch.copy_(codes, torch.bucketize(normal, borders))
  return 0

def decode_blocks(self, codes: Tensor, scales: Tensor, table: Tensor) -> Tensor:
  values = torch.view(torch.index_select(table, 0, torch.flatten(torch.to(codes, 3))), codes.size())
  return torch.mul_(values, torch.unsqueeze(scales, 1))

# AdamW on flat pieces of the same length; the moments are updated in place.
def adamw_piece(self, p: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
  torch.mul_(p, 1. - lr * decay)
  torch.add_(torch.mul_(m, beta1), g, alpha=1. - beta1)
  torch.addcmul_(torch.mul_(v, beta2), g, g, value=1. - beta2)
  root = torch.add_(torch.div_(torch.sqrt(v), (1. - beta2 ** step) ** 0.5), eps)
  torch.addcdiv_(p, m, root, value=-lr / (1. - beta1 ** step))
  return 0

# One value: moments are [fp32] or [codes, scales]. Blocks are handled some thousand at a time, so that
# no moment exists in fp32 as a whole.
def adamw_8bit(self, parameter: Tensor, gradient: Tensor, mean: List[Tensor], square: List[Tensor], signed: List[Tensor], unsigned: List[Tensor], step: int, lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
  p = torch.flatten(parameter)
  g = torch.flatten(gradient)
  if len(mean) == 1:
    self.adamw_piece(p, g, torch.flatten(mean[0]), torch.flatten(square[0]), step, lr, beta1, beta2, eps, decay)
    return 0
  blocks = mean[0].size(0)
  width = mean[0].size(1)
  start = 0
  while start < blocks:
    count = min(4096, blocks - start)
    first = start * width
    length = min(count * width, p.size(0) - first)
    codes_m = torch.narrow(mean[0], 0, start, count)
    scales_m = torch.narrow(mean[1], 0, start, count)
    codes_v = torch.narrow(square[0], 0, start, count)
    scales_v = torch.narrow(square[1], 0, start, count)
    m = self.decode_blocks(codes_m, scales_m, signed[0])
    v = self.decode_blocks(codes_v, scales_v, unsigned[0])
    self.adamw_piece(torch.narrow(p, 0, first, length), torch.narrow(g, 0, first, length), torch.narrow(torch.flatten(m), 0, 0, length), torch.narrow(torch.flatten(v), 0, 0, length), step, lr, beta1, beta2, eps, decay)
    self.encode_blocks(m, codes_m, scales_m, signed[1])
    self.encode_blocks(v, codes_v, scales_v, unsigned[1])
    start = start + count
  return 0

# Copies fp32 masters into their compute copies.
def refresh(self, targets: List[Tensor], sources: List[Tensor]) -> int:
  for i in range(len(targets)):
    torch.copy_(targets[i], sources[i])
  return 0

# The leading singular vectors of a matrix: right ones [rank, columns], or left ones [rows, rank].
def leading_singular_vectors(self, matrix: Tensor, rank: int, right: int) -> Tensor:
  u, s, v = torch.linalg_svd(matrix, False)
  found = torch.narrow(v, 0, 0, rank) if right == 1 else torch.narrow(u, 1, 0, rank)
  return torch.contiguous(found)
