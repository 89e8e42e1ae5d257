# Products by oneDNN, which libtorch has on x86-64.

# y = x W' + b in fp32.
def dnn_linear(self, x: Tensor, weight: Tensor, bias: List[Tensor]) -> Tensor:
  shift = annotate(Optional[Tensor], None)
  if len(bias) > 0:
    shift = bias[0]
  return ops.mkldnn._linear_pointwise(x, weight, shift, "none", annotate(List[Optional[number]], []), None)
