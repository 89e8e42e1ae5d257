package io.adapt4j.core.internal.data;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * SHA-256 (FIPS 180-4) with a serializable state, unlike the platform's, so that several processes
 * can each hash a part of one sequence.
 */
final class PortableSha256 extends MessageDigest {

  private static final int BLOCK = 64;
  private static final int LENGTH_BYTES = 8;
  private static final int ROUNDS = 64;
  private static final int WORDS = 8;

  private static final int[] K =
      ints(
          "428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5"
              + "d807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174"
              + "e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da"
              + "983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca635114292967"
              + "27b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85"
              + "a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070"
              + "19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3"
              + "748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2");

  private static final int[] START =
      ints("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19");

  private final int[] hash = START.clone();
  private final byte[] block = new byte[BLOCK];
  private final int[] schedule = new int[ROUNDS];
  private long length;

  PortableSha256() {
    super("SHA-256");
  }

  private static int[] ints(String hex) {
    ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    int[] values = new int[hex.length() / WORDS];
    bytes.asIntBuffer().get(values);
    return values;
  }

  /** Returns the state, from which another object can continue. */
  byte[] state() {
    ByteBuffer state = ByteBuffer.allocate(LENGTH_BYTES + WORDS * Integer.BYTES + BLOCK);
    state.putLong(length);
    for (int word : hash) {
      state.putInt(word);
    }
    return state.put(block).array();
  }

  /** Continues from a saved state. */
  void restore(byte[] bytes) {
    ByteBuffer state = ByteBuffer.wrap(bytes);
    length = state.getLong();
    for (int i = 0; i < hash.length; i++) {
      hash[i] = state.getInt();
    }
    state.get(block);
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int count) {
    for (int done = 0; done < count; ) {
      int filled = (int) (length % BLOCK);
      int taken = Math.min(BLOCK - filled, count - done);
      System.arraycopy(input, offset + done, block, filled, taken);
      done += taken;
      length += taken;
      if (filled + taken == BLOCK) {
        compress();
      }
    }
  }

  private void compress() {
    ByteBuffer words = ByteBuffer.wrap(block);
    int[] w = schedule;
    for (int i = 0; i < BLOCK / Integer.BYTES; i++) {
      w[i] = words.getInt();
    }
    for (int i = BLOCK / Integer.BYTES; i < ROUNDS; i++) {
      int s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      int s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    int a = hash[0];
    int b = hash[1];
    int c = hash[2];
    int d = hash[3];
    int e = hash[4];
    int f = hash[5];
    int g = hash[6];
    int h = hash[7];
    for (int i = 0; i < ROUNDS; i++) {
      int first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
      int second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    int[] added = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < WORDS; i++) {
      hash[i] += added[i];
    }
  }

  private static int turn(int value, int by) {
    return Integer.rotateRight(value, by);
  }

  @Override
  protected byte[] engineDigest() {
    long bits = length * Byte.SIZE;
    int filled = (int) (length % BLOCK);
    int zeros = Math.floorMod(BLOCK - LENGTH_BYTES - 1 - filled, BLOCK);
    ByteBuffer padding = ByteBuffer.allocate(1 + zeros + LENGTH_BYTES);
    padding.put((byte) 0x80).putLong(1 + zeros, bits);
    engineUpdate(padding.array(), 0, padding.capacity());
    ByteBuffer digest = ByteBuffer.allocate(WORDS * Integer.BYTES);
    digest.asIntBuffer().put(hash);
    engineReset();
    return digest.array();
  }

  @Override
  protected void engineReset() {
    System.arraycopy(START, 0, hash, 0, WORDS);
    Arrays.fill(block, (byte) 0);
    length = 0;
  }
}
