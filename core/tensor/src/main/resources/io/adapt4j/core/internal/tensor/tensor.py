# Making, moving and reading tensors. A dtype is an ATen scalar type code (DType.code()).

def empty(self, sizes: List[int], dtype: int) -> Tensor:
  return torch.empty(sizes, dtype=dtype)

def zeros(self, sizes: List[int], dtype: int) -> Tensor:
  return torch.zeros(sizes, dtype=dtype)

# The same on another device than the CPU, such as "cuda:0".
def empty_on(self, sizes: List[int], dtype: int, where: str) -> Tensor:
  return torch.empty(sizes, dtype=dtype, device=torch.device(where))

def zeros_on(self, sizes: List[int], dtype: int, where: str) -> Tensor:
  return torch.zeros(sizes, dtype=dtype, device=torch.device(where))

def randn(self, sizes: List[int], dtype: int) -> Tensor:
  return torch.to(torch.randn(sizes), dtype)

def dtype_of(self, x: Tensor) -> int:
  return x.dtype

def item(self, x: Tensor) -> float:
  if x.is_meta:
    return 0.
  return float(torch.to(x, 7))

def narrow(self, x: Tensor, dim: int, start: int, length: int) -> Tensor:
  return torch.narrow(x, dim, start, length)

def view(self, x: Tensor, sizes: List[int]) -> Tensor:
  return torch.view(x, sizes)

# The first elements of a flat tensor in other dimensions.
def view_of_block(self, block: Tensor, count: int, sizes: List[int]) -> Tensor:
  return torch.view(torch.narrow(block, 0, 0, count), sizes)

def transpose(self, x: Tensor) -> Tensor:
  return torch.t(x)

def concatenate(self, parts: List[Tensor], dim: int) -> Tensor:
  return torch.cat(parts, dim)

def contiguous_as(self, x: Tensor, dtype: int) -> Tensor:
  return torch.contiguous(torch.cpu(torch.to(x, dtype)))

def to_host(self, x: Tensor) -> Tensor:
  return torch.contiguous(torch.cpu(x))

def copy_to(self, x: Tensor, where: str) -> Tensor:
  return torch.to(torch.contiguous(x), torch.device(where), x.dtype, False, True)

# A copy on the device of another tensor, also where that is the same. One on a GPU is only begun: what
# is computed with it comes after it.
def copy_beside(self, x: Tensor, other: Tensor) -> Tensor:
  return torch.to(x, other.device, x.dtype, other.is_cuda, True)

# Zeros in host memory that stays in place, which a GPU copies from and to by itself.
def zeros_pinned(self, sizes: List[int], dtype: int) -> Tensor:
  return torch.zeros(sizes, dtype=dtype, device=torch.device("cpu"), pin_memory=True)

# Copies pairwise. A target in pinned memory may be read once `settle` has returned.
def copy_back(self, sources: List[Tensor], targets: List[Tensor]) -> int:
  for i in range(len(targets)):
    torch.copy_(targets[i], sources[i], sources[i].is_cuda and targets[i].is_pinned())
  return 0

# Waits for all that was begun on the device of x: a number comes back last.
def settle(self, x: Tensor) -> int:
  return int(torch.ne(torch.select(torch.reshape(x, [-1]), 0, 0), 0).item())

def copy_as(self, x: Tensor, dtype: int) -> Tensor:
  return torch.to(torch.contiguous(x), dtype, False, True)

def copy_into(self, target: Tensor, source: Tensor) -> int:
  torch.copy_(target, source)
  return 0

def add(self, x: Tensor, y: Tensor) -> Tensor:
  return torch.add(x, y)

def add_into(self, target: Tensor, x: Tensor, y: Tensor) -> int:
  torch.add(x, y, out=target)
  return 0

def scaled(self, x: Tensor, factor: float) -> Tensor:
  return torch.mul(x, factor)

def matmul(self, x: Tensor, y: Tensor) -> Tensor:
  return torch.matmul(x, y)

def multiply(self, x: Tensor, y: Tensor) -> Tensor:
  return torch.mul(x, y)

# How many elements apart neighbors are along each dimension, as a tensor of the host.
def strides(self, x: Tensor) -> Tensor:
  steps = annotate(List[int], [])
  for i in range(torch.dim(x)):
    steps.append(torch.stride(x, i))
  return torch.tensor(steps, dtype=4)

# A view of the first element.
def first_element(self, x: Tensor) -> Tensor:
  return torch.as_strided(x, [1], [1])

# Bytes of a new tensor, or -1 - i where its memory is that of given[i]: libtorch counts a write to one
# for both. Writes zeros, so it is for tensors of the meta device.
def memory_of(self, made: Tensor, given: List[Tensor]) -> int:
  for i in range(len(given)):
    before = torch._version(made)
    torch.zero_(given[i])
    if torch._version(made) != before:
      return -1 - i
  return torch.numel(made) * torch.element_size(made)
