// Prints digests of what the kernels compute from fixed numbers, in every variant that runs here. Built by two
// compilers for two systems it prints the same. .ci/wine compares those of Windows with those of Linux.

#if defined(_WIN32)
#include <windows.h>
#endif

#include <cstdio>
#include <functional>
#include <string>

#include "block_weight.h"
#include "int8_weight.h"
#include "layer_kernels.h"
#include "step_program.h"

using namespace adapt4j;

namespace {

const int TYPES[] = {F32, F16, BF16};

uint64_t state = 1;

uint32_t next() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(state >> 33);
}

// From -1 to 1, in steps that all types can tell apart.
float number() { return static_cast<float>(static_cast<int>(next() % 2001) - 1000) / 1000; }

std::vector<uint8_t> bytes(int64_t count) { return std::vector<uint8_t>(static_cast<size_t>(count)); }

std::vector<uint8_t> numbers(int64_t count, int type) {
  std::vector<uint8_t> out = bytes(count * bytesOf(type));
  for (int64_t i = 0; i < count; i++) {
    store(number(), type, out.data(), i);
  }
  return out;
}

long long at(const std::vector<uint8_t>& of) { return reinterpret_cast<long long>(of.data()); }

int failures = 0;

// Runs work with one thread and with three, which must fill the same bytes.
void digest(const char* name, int variant, int type, std::vector<uint8_t>& out,
            const std::function<void(int)>& work) {
  uint64_t found[2];
  const std::vector<uint8_t> before = out;
  for (int i = 0; i < 2; i++) {
    out = before;
    work(i == 0 ? 1 : 3);
    found[i] = 14695981039346656037u;
    for (uint8_t byte : out) {
      found[i] = (found[i] ^ byte) * 1099511628211u;
    }
  }
  if (found[0] != found[1]) {
    failures++;
  }
  std::printf("%-24s variant %d type %d %016llx%s\n", name, variant, type,
              static_cast<unsigned long long>(found[0]),
              found[0] == found[1] ? "" : " DIFFERS with three threads");
}

void fourBits(int variant) {
  const int64_t rows = 37, columns = 192;
  float table[16], limits[15];
  for (int i = 0; i < 16; i++) {
    table[i] = static_cast<float>(i) / 7.5f - 1;
  }
  for (int i = 0; i < 15; i++) {
    limits[i] = (table[i] + table[i + 1]) / 2;
  }
  for (int type : TYPES) {
    const std::vector<uint8_t> values = numbers(rows * columns, type);
    const int64_t blocks = rows * columns / 64;
    std::vector<uint8_t> packed = bytes(rows * columns / 2 + blocks * 4);
    auto* scales = reinterpret_cast<float*>(packed.data() + rows * columns / 2);
    digest("4 bits: quantize", variant, type, packed, [&](int threads) {
      FourBitWeight::quantize(variant, values.data(), type, rows * columns, 64, limits, false,
                              packed.data(), scales, threads);
    });
    scales = reinterpret_cast<float*>(packed.data() + rows * columns / 2);
    FourBitWeight weight(variant, packed.data(), rows, columns, 64, table);
    weight.plainScales(scales, blocks);
    std::vector<uint8_t> restored = bytes(rows * columns * bytesOf(type));
    digest("4 bits: dequantize", variant, type, restored,
           [&](int threads) { weight.dequantize(restored.data(), type, threads); });
    for (int64_t tokens : {1, 3, 8}) {
      const std::vector<uint8_t> x = numbers(tokens * columns, type);
      std::vector<uint8_t> y = bytes(tokens * rows * bytesOf(type));
      digest("4 bits: multiply", variant, type, y, [&](int threads) {
        weight.multiply(x.data(), tokens, type, y.data(), rows, 0, threads);
      });
    }
  }
}

void eightBits() {
  const int64_t rows = 37, columns = 200;
  for (int type : TYPES) {
    const std::vector<uint8_t> values = numbers(rows * columns, type);
    std::vector<uint8_t> tiles = bytes(Int8Weight::bytes(rows, columns));
    digest("8 bits: quantize", 0, type, tiles, [&](int threads) {
      Int8Weight::quantize(at(values), type, rows, columns, at(tiles), threads);
    });
    std::vector<uint8_t> restored = bytes(rows * columns * bytesOf(type));
    digest("8 bits: dequantize", 0, type, restored, [&](int threads) {
      Int8Weight::dequantize(at(tiles), columns, 0, rows, at(restored), type, threads);
    });
  }
}

void fileBlocks(int variant) {
  const int64_t rows = 35, columns = 512;
  for (int id : {Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4, NVFP4, NF4}) {
    const BlockLayout layout = layoutOf(id);
    std::vector<uint8_t> file = bytes(rows * columns / layout.columns * layout.fileBytes);
    for (uint8_t& byte : file) {
      // No half of these is infinite.
      byte = static_cast<uint8_t>(next() & 0xBB);
    }
    std::vector<uint8_t> tiles = bytes(BlockWeight::bytes(id, rows, columns));
    BlockWeight::arrange(id, at(file), nullptr, 0, rows, columns, at(tiles), 2);
    const std::string name = "blocks " + std::to_string(id);
    for (int type : {F32, BF16}) {
      std::vector<uint8_t> restored = bytes(rows * columns * bytesOf(type));
      digest((name + ": dequantize").c_str(), variant, type, restored, [&](int threads) {
        BlockWeight::dequantize(id, variant, at(tiles), columns, 0, rows, at(restored), type, threads);
      });
      const std::vector<uint8_t> x = numbers(5 * columns, type);
      std::vector<uint8_t> y = bytes(5 * rows * bytesOf(type));
      digest((name + ": multiply").c_str(), variant, type, y, [&](int threads) {
        BlockWeight::multiply(id, variant, at(tiles), rows, columns, at(x), 5, type, at(y), rows, 0,
                              threads);
      });
    }
  }
}

void layers(int variant) {
  const int64_t rows = 70, width = 96;
  for (int type : {F32, BF16}) {
    const std::vector<uint8_t> x = numbers(rows * 2 * width, type), dy = numbers(rows * width, type);
    const std::vector<uint8_t> weight = numbers(width, type), bias = numbers(width, type);
    std::vector<uint8_t> y = bytes(rows * width * bytesOf(type));
    digest("norm", variant, type, y, [&](int threads) {
      LayerKernels::layerNorm(variant, at(x), at(dy), at(weight), at(bias), type, rows, width, 1e-5f,
                              at(y), threads);
    });
    digest("rms norm", variant, type, y, [&](int threads) {
      LayerKernels::rmsNorm(variant, at(x), at(weight), type, rows, width, 0, 1e-5f, at(y), threads);
    });
    std::vector<uint8_t> sums = bytes(width * 4);
    digest("rms norm, backward", variant, type, y, [&](int threads) {
      LayerKernels::rmsNormBackward(variant, at(dy), at(x), at(weight), type, rows, width, 0, 1e-5f,
                                    0, at(y), at(sums), threads);
    });
    for (int kind : {SILU, GELU, GELU_TANH, RELU, TANH, RELU_SQUARED, SIGMOID}) {
      digest("activation", variant, type, y, [&](int threads) {
        LayerKernels::activate(variant, kind, at(x), type, rows, width, at(y), threads);
      });
    }
    digest("gated", variant, type, y, [&](int threads) {
      LayerKernels::gated(variant, SILU, at(x), type, rows, width, at(y), threads);
    });
    std::vector<uint8_t> dx = bytes(rows * 2 * width * bytesOf(type));
    digest("gated, backward", variant, type, dx, [&](int threads) {
      LayerKernels::gatedBackward(variant, SILU, at(dy), at(x), type, rows, width, at(dx), threads);
    });
    std::vector<int64_t> targets;
    for (int64_t r = 0; r < rows; r++) {
      targets.push_back(next() % width);
    }
    std::vector<uint8_t> logits = numbers(rows * width, type);
    digest("cross-entropy", variant, type, logits, [&](int threads) {
      LayerKernels::crossEntropy(variant, at(logits), type, rows, width,
                                 reinterpret_cast<long long>(targets.data()), 0, 1, 0, true, threads);
    });
  }
}

// A decoding step with a product of every kind.
void steps(int variant, int type, bool rounded) {
  const int64_t width = 256, joined = 512, vocabulary = 50, capacity = 16;
  const int tokens = 5;
  const std::vector<uint8_t> table = numbers(vocabulary * width, type), scales = numbers(width, type);
  const std::vector<uint8_t> wide = numbers(joined * width, type), narrow = numbers(width * width, type);
  std::vector<uint8_t> packed = bytes(width * width / 2), file = bytes(width * layoutOf(Q4_K).fileBytes);
  for (uint8_t& byte : packed) {
    byte = static_cast<uint8_t>(next());
  }
  for (uint8_t& byte : file) {
    byte = static_cast<uint8_t>(next() & 0xB3);
  }
  float codes[16];
  for (int i = 0; i < 16; i++) {
    codes[i] = static_cast<float>(i) / 7.5f - 1;
  }
  FourBitWeight four(variant, packed.data(), width, width, 64, codes);
  const std::vector<float> ones(static_cast<size_t>(width * width / 64), 1.0f);
  four.plainScales(ones.data(), static_cast<long long>(ones.size()));
  std::vector<uint8_t> eight = bytes(Int8Weight::bytes(width, width));
  Int8Weight::quantize(at(narrow), type, width, width, at(eight), 1);
  std::vector<uint8_t> tiles = bytes(BlockWeight::bytes(Q4_K, width, width));
  BlockWeight::arrange(Q4_K, at(file), nullptr, 0, width, width, at(tiles), 1);
  const std::vector<uint8_t> turns = numbers(2 * tokens * 32, F32);
  std::vector<uint8_t> logits = bytes(tokens * vocabulary * 4);
  digest(rounded ? "step, tokens in 8 bits" : "step", variant, type, logits, [&](int threads) {
    const std::vector<uint8_t> keys = bytes(2 * capacity * 64 * bytesOf(type)), values = keys;
    StepProgram program(variant, threads, tokens, tokens);
    const int x = program.buffer(width), y = program.buffer(width), heads = program.buffer(joined);
    program.embed(x, at(table), type, 1, 0);
    program.norm(x, y, 0, width, width, 1, false, at(scales), 0, type, 1, 1e-5f);
    program.product(y, 0, heads, 0, at(wide), type, joined, width, 0, F32, 0.1f, false);
    program.heads(4, 2, 64, false, false, false, type, 0);
    program.attend(heads, y, 0, 0, 32, 0.125f, 0, 0, 0, F32);
    program.product(y, 0, x, 0, at(narrow), type, width, width, 0, F32, 0.1f, true);
    program.fourBitProduct(x, y, 0, four, F32, 0, F32, 0.1f, false);
    program.int8Product(y, x, 0, at(eight), width, width, 0, F32, 0.1f, true);
    program.activate(GELU, x, y, 1, false);
    program.blockProduct(y, x, 0, Q4_K, rounded, at(tiles), width, width, 0, F32, 0.1f, true);
    const int wanted = program.buffer(width), scores = program.buffer(vocabulary);
    program.gather(x, wanted);
    program.product(wanted, 0, scores, 0, at(table), type, vocabulary, width, 0, F32, 1, false);
    program.likeliest(scores);
    const long long addresses[] = {at(keys), at(values)};
    program.place(0, 0, 1, addresses, capacity);
    const int of[] = {7, 3, 49, 0, 21, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
                      0, 0, 0,  0, 0,  0, 1, 2, 3, 4, -1, -1, -1, -1, -1};
    const int outputs[] = {0, 1, 2, 3, 4}, half = 32;
    int likeliest[tokens];
    program.run(tokens, of, tokens, outputs, 1, &half, reinterpret_cast<const float*>(turns.data()),
                likeliest);
    for (int t = 0; t < tokens; t++) {
      program.read(scores, t, reinterpret_cast<float*>(logits.data()) + t * vocabulary);
    }
  });
  float least = 0, most = 0;
  for (int64_t i = 0; i < tokens * vocabulary; i++) {
    const float value = reinterpret_cast<const float*>(logits.data())[i];
    least = value < least ? value : least;
    most = value > most ? value : most;
    failures += value != value;
  }
  failures += least == most;
}

#if defined(__x86_64__)
void brains() {
  const int64_t rows = 70, depth = 64, columns = 96;
  const std::vector<uint8_t> a = numbers(rows * depth, BF16), b = numbers(columns * depth, BF16);
  std::vector<uint8_t> c = bytes(rows * columns * 2);
  digest("matrix product", AVX512_BF16, BF16, c, [&](int threads) {
    LayerKernels::multiply(at(a), rows, depth, at(b), true, columns, 0, 0, 0, 0, at(c), false, threads);
  });
}
#endif

}  // namespace

int main() {
  const int most = best() > AVX512_BF16 ? AVX512_BF16 : best();
  for (int variant = 0; variant <= most; variant++) {
    fourBits(variant);
    fileBlocks(variant);
    layers(variant);
    for (int type : TYPES) {
      steps(variant, type, false);
      steps(variant, type, true);
    }
  }
  eightBits();
#if defined(__x86_64__)
  if (most >= AVX512_BF16) {
    brains();
  }
#endif
  std::printf("%d failures, variants 0 to %d\n", failures, most);
  return failures == 0 ? 0 : 1;
}
