package io.adapt4j.verification.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages inputs at random, as a fuzzer without coverage does; the same for the same seed. */
final class Mutations {

  private static final byte[][] TOKENS = {
    "null".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "-1".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "1e999".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "99999999999999999999".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "[[[[[[[[".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    "\"\"".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    {0, 0, 0, 0},
    {-1, -1, -1, 127},
    {(byte) 0xed, (byte) 0xa0, (byte) 0x80}
  };

  private final Random random;

  Mutations(long seed) {
    this.random = new Random(seed);
  }

  /** Returns a damaged copy of one of the seeds. */
  byte[] next(List<byte[]> seeds) {
    byte[] input = seeds.get(random.nextInt(seeds.size())).clone();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      input = damaged(input);
    }
    return input;
  }

  private byte[] damaged(byte[] input) {
    int at = random.nextInt(input.length + 1);
    int end = Math.min(input.length, at + 1 + random.nextInt(8));
    return switch (random.nextInt(6)) {
      case 0 -> Arrays.copyOf(input, at);
      case 1 -> joined(input, at, new byte[0], end);
      case 2 -> joined(input, at, Arrays.copyOfRange(input, at, end), at);
      case 3 -> joined(input, at, TOKENS[random.nextInt(TOKENS.length)], end);
      case 4 -> joined(input, at, TOKENS[random.nextInt(TOKENS.length)], at);
      default -> joined(input, at, random(end - at), end);
    };
  }

  private byte[] random(int length) {
    byte[] some = new byte[length];
    random.nextBytes(some);
    return some;
  }

  private static byte[] joined(byte[] input, int at, byte[] middle, int rest) {
    byte[] out = Arrays.copyOf(input, at + middle.length + input.length - rest);
    System.arraycopy(middle, 0, out, at, middle.length);
    System.arraycopy(input, rest, out, at + middle.length, input.length - rest);
    return out;
  }
}
