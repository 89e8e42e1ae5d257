# Spectrograms of sound.

# The logarithms of mel energies: samples [N], filters [width / 2 + 1, mels]
# -> [(N - width) / hop + 1, mels]. The window is the reference's, in single precision, and so are the
# results. Between them is double precision: bands 80 dB below the loudest hang on the last digits.
def log_mel(self, samples: Tensor, filters: Tensor, width: int, hop: int) -> Tensor:
  window = torch.to(torch.hann_window(width, dtype=6, device=samples.device), 7)
  frames = torch.stft(torch.to(samples, 7), width, hop, width, window, False, "reflect", False, True, True)
  energies = torch.pow(torch.abs(frames), 2)
  mels = torch.matmul(torch.transpose(torch.to(filters, 7), 0, 1), energies)
  logs = torch.to(torch.log10(torch.clamp(mels, 1e-10)), 6)
  return torch.contiguous(torch.transpose(logs, 0, 1))

def largest(self, x: Tensor) -> float:
  return float(torch.max(x))

# At most 8 below the largest, then shifted and scaled; zeros after the last frame: [1, frames, mels].
def scaled_mels(self, mels: Tensor, largest: float, frames: int) -> Tensor:
  scaled = torch.div(torch.add(torch.clamp(mels, largest - 8.), 4.), 4.)
  padded = torch.constant_pad_nd(scaled, [0, 0, 0, frames - mels.size(0)])
  return torch.unsqueeze(padded, 0)
