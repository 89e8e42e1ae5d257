def global_norm(self, gradients: List[Tensor]) -> float:
  return float(torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients))))

def scale_all(self, tensors: List[Tensor], factor: float) -> int:
  torch._foreach_mul_(tensors, factor)
  return 0

def zero_all(self, tensors: List[Tensor]) -> int:
  torch._foreach_zero_(tensors)
  return 0

# AdamW (Loshchilov and Hutter 2019): decay first, bias-corrected moments, eps outside the root.
# steps holds one F32 counter per parameter. The lists must be arguments as they are: a slice of
# one is a new list, whose in-place update TorchScript removes as dead code.
def adamw(self, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
  torch._foreach_add_(steps, 1)
  none = annotate(List[Tensor], [])
  torch._fused_adamw_(parameters, gradients, means, squares, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
  return 0

# Copies fp32 masters into their compute copies.
def refresh(self, targets: List[Tensor], sources: List[Tensor]) -> int:
  for i in range(len(targets)):
    torch.copy_(targets[i], sources[i])
  return 0
