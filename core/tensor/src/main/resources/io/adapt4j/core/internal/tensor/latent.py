# Multi-head latent attention. Queries [B, T, H (N + R)] and keys with values [B, T, H (N + V)], whose
# first N columns of each head are not rotated, and the rotated part of all keys [B, T, R] -> queries,
# keys and values [B, H, T, R + N], rotated columns first; values end with zeros.
def latent_heads(self, q: Tensor, kv: Tensor, turned: Tensor, heads: int, plain: int) -> List[Tensor]:
  rows = [q.size(0), q.size(1), heads]
  own = torch.view(q, rows + [-1])
  both = torch.view(kv, rows + [-1])
  rotated = turned.size(-1)
  value = torch.narrow(both, -1, plain, both.size(-1) - plain)
  rest = torch.zeros(rows + [plain + rotated - value.size(-1)], dtype=value.dtype, device=value.device)
  common = torch.expand(torch.unsqueeze(turned, 2), rows + [rotated])
  queries = torch.cat([torch.narrow(own, -1, plain, rotated), torch.narrow(own, -1, 0, plain)], -1)
  keys = torch.cat([common, torch.narrow(both, -1, 0, plain)], -1)
  return [torch.transpose(part, 1, 2) for part in [queries, keys, torch.cat([value, rest], -1)]]

def latent_heads_backward(self, parts: List[Tensor], plain: int, width: int) -> List[Tensor]:
  by_token = [torch.transpose(part, 1, 2) for part in parts]
  rotated = by_token[0].size(-1) - plain
  queries = torch.cat([torch.narrow(by_token[0], -1, rotated, plain), torch.narrow(by_token[0], -1, 0, rotated)], -1)
  both = torch.cat([torch.narrow(by_token[1], -1, rotated, plain), torch.narrow(by_token[2], -1, 0, width)], -1)
  turned = torch.sum(torch.to(torch.narrow(by_token[1], -1, 0, rotated), 6), [2])
  return [torch.flatten(queries, 2), torch.flatten(both, 2), torch.to(turned, both.dtype)]

# The first columns of each head of [B, T, H D].
def head_columns(self, x: Tensor, heads: int, width: int) -> Tensor:
  return torch.flatten(torch.narrow(torch.view(x, [x.size(0), x.size(1), heads, -1]), -1, 0, width), 2)

def head_columns_backward(self, dy: Tensor, heads: int, dim: int) -> Tensor:
  by_head = torch.view(dy, [dy.size(0), dy.size(1), heads, -1])
  rest = torch.zeros([dy.size(0), dy.size(1), heads, dim - by_head.size(-1)], dtype=dy.dtype, device=dy.device)
  return torch.flatten(torch.cat([by_head, rest], -1), 2)

# A key of latent attention: the rotated part [B, T, R] and the latent vector [B, T, C] -> [B, 1, T, R + C].
def latent_key(self, turned: Tensor, latent: Tensor) -> Tensor:
  return torch.unsqueeze(torch.cat([turned, latent], -1), 1)

# Queries [B, T, H (N + R)] times the projection of keys, the first N rows of each head of the weight
# [H (N + V), C] -> [B, H, T, R + C].
def latent_absorbed(self, q: Tensor, weight: Tensor, heads: int, plain: int) -> Tensor:
  own = torch.view(q, [q.size(0), q.size(1), heads, -1])
  keys = torch.narrow(torch.view(weight, [heads, -1, weight.size(-1)]), 1, 0, plain)
  by_head = torch.reshape(torch.permute(torch.narrow(own, -1, 0, plain), [2, 0, 1, 3]), [heads, -1, plain])
  wide = torch.view(torch.bmm(by_head, keys), [heads, q.size(0), q.size(1), -1])
  turned = torch.narrow(own, -1, plain, own.size(-1) - plain)
  return torch.cat([torch.transpose(turned, 1, 2), torch.permute(wide, [1, 0, 2, 3])], -1)

# Latent vectors that heads have mixed, the last columns of [B, T, H (R + C)], times the projection of
# values -> [B, T, H V].
def latent_restored(self, mixed: Tensor, weight: Tensor, heads: int, plain: int) -> Tensor:
  rows = torch.view(weight, [heads, -1, weight.size(-1)])
  values = torch.narrow(rows, 1, plain, rows.size(1) - plain)
  own = torch.view(mixed, [mixed.size(0), mixed.size(1), heads, -1])
  latent = torch.narrow(own, -1, own.size(-1) - rows.size(-1), rows.size(-1))
  by_head = torch.reshape(torch.permute(latent, [2, 0, 1, 3]), [heads, -1, rows.size(-1)])
  y = torch.view(torch.bmm(by_head, torch.transpose(values, 1, 2)), [heads, mixed.size(0), mixed.size(1), -1])
  return torch.flatten(torch.permute(y, [1, 2, 0, 3]), 2)

# Keys by which tokens are chosen: projected [B, T, D] -> [B, 1, T, D], the first columns turned.
def index_key(self, x: Tensor, scale: Tensor, bias: Tensor, cos: Tensor, sin: Tensor, pairs: bool) -> Tensor:
  wide = torch.to(x, 6)
  centered = torch.sub(wide, torch.mean(wide, [-1], True))
  normal = torch.mul(centered, torch.rsqrt(torch.add(torch.mean(torch.mul(centered, centered), [-1], True), 1e-06)))
  key = torch.add(torch.mul(normal, torch.to(scale, 6)), torch.to(bias, 6))
  key = torch.unsqueeze(torch.to(key, x.dtype), 1)
  if pairs:
    key = self.rotary_pairs(key, cos, sin)
  else:
    key = self.rotary(key, cos, sin)
  return key

# Their queries: projected [B, T, H D] -> [B, H, T, D].
def index_query(self, x: Tensor, heads: int, cos: Tensor, sin: Tensor, pairs: bool) -> Tensor:
  query = torch.transpose(torch.view(x, [x.size(0), x.size(1), heads, -1]), 1, 2)
  if pairs:
    query = self.rotary_pairs(query, cos, sin)
  else:
    query = self.rotary(query, cos, sin)
  return query

# Weights of heads [B, T, H] in fp32.
def index_weights(self, x: Tensor, weight: Tensor, dim: int) -> Tensor:
  wide = torch.matmul(torch.to(x, 6), torch.t(torch.to(weight, 6)))
  return torch.mul(wide, (wide.size(-1) * dim) ** -0.5)

# The same of projected [B, T, H].
def index_scaled(self, x: Tensor, dim: int) -> Tensor:
  return torch.mul(torch.to(x, 6), (x.size(-1) * dim) ** -0.5)

# Additive mask [B, 1, T, S] of the chosen of S keys [B, 1, S, D] for the last T tokens, from queries
# [B, H, T, D] and weights [B, T, H]: those with the highest weighted sums of scores above zero.
def index_mask(self, query: Tensor, keys: Tensor, weights: Tensor, masks: List[Tensor], chosen: int) -> Tensor:
  lowest = 3.3895313892515355e38
  turned = torch.transpose(torch.to(torch.squeeze(keys, 1), 6), 1, 2)
  scores = torch.zeros([query.size(0), query.size(2), keys.size(2)], dtype=6, device=query.device)
  for head in range(query.size(1)):
    own = torch.clamp_min(torch.bmm(torch.to(torch.select(query, 1, head), 6), turned), 0)
    torch.addcmul_(scores, own, torch.narrow(weights, -1, head, 1))
  tokens = query.size(2)
  if len(masks) > 0:
    base = torch.to(torch.squeeze(masks[0], 1), 6)
  else:
    places = torch.arange(keys.size(2), device=query.device)
    last = torch.unsqueeze(torch.arange(tokens, device=query.device), 1) + (keys.size(2) - tokens)
    base = torch.mul(torch.sub(torch.unsqueeze(torch.to(torch.le(places, last), 6), 0), 1), lowest)
  places = torch.topk(torch.add(scores, base), chosen, -1, True, False)[1]
  kept = torch.scatter(torch.zeros_like(scores), -1, places, 1.0)
  mask = torch.minimum(torch.mul(torch.sub(kept, 1), lowest), base)
  if query.dtype == 5:
    mask = torch.clamp_min(mask, -65504.0)
  return torch.to(torch.unsqueeze(mask, 1), query.dtype)

# A key of the cache: that by which a token is chosen, then that of attention.
def index_joined(self, own: Tensor, key: Tensor) -> Tensor:
  return torch.cat([own, key], -1)

def index_widened(self, query: Tensor, dim: int) -> Tensor:
  zeros = torch.zeros([query.size(0), query.size(1), query.size(2), dim], dtype=query.dtype, device=query.device)
  return torch.cat([zeros, query], -1)
