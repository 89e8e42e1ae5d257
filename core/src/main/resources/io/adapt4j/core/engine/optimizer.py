def global_norm(self, gradients: List[Tensor]) -> float:
  return float(torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients))))

def scale_all(self, tensors: List[Tensor], factor: float) -> int:
  torch._foreach_mul_(tensors, factor)
  return 0

def zero_all(self, tensors: List[Tensor]) -> int:
  torch._foreach_zero_(tensors)
  return 0

# AdamW (Loshchilov and Hutter 2019): decay first, bias-corrected moments, eps outside the root.
# The first `decayed` parameters are decayed. steps holds one F32 counter per parameter.
def adamw(self, parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], steps: List[Tensor], decayed: int, lr: float, beta1: float, beta2: float, eps: float, decay: float) -> int:
  torch._foreach_add_(steps, 1)
  none = annotate(List[Tensor], [])
  if decayed > 0:
    torch._fused_adamw_(parameters[:decayed], gradients[:decayed], means[:decayed], squares[:decayed], none, steps[:decayed], lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
  if decayed < len(parameters):
    torch._fused_adamw_(parameters[decayed:], gradients[decayed:], means[decayed:], squares[decayed:], none, steps[decayed:], lr=lr, beta1=beta1, beta2=beta2, weight_decay=0., eps=eps, amsgrad=False, maximize=False)
  return 0

# Copies fp32 masters into their compute copies.
def refresh(self, targets: List[Tensor], sources: List[Tensor]) -> int:
  for i in range(len(targets)):
    torch.copy_(targets[i], sources[i])
  return 0
