package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.layout.Layout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/**
 * The matrices of all experts in MXFP4, with the checkpoint's codes and scales rearranged: each
 * block's scale comes first, and its codes are in halves rather than pairs.
 */
record FourBitStack(String name, List<Long> shape, List<Expert> experts) implements TensorSource {

  private static final int NUMBERS = MxFourBit.BLOCK / 2;

  /** An expert's matrix. */
  record Expert(SplitTensors file, String weight, Layout layout) {}

  @Override
  public TensorType type() {
    return TensorType.MXFP4;
  }

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    int rows = Math.toIntExact(shape.get(1));
    int blocks = Math.toIntExact(shape.get(0) / MxFourBit.BLOCK);
    for (Expert expert : experts) {
      List<Long> stored = expert.file().entry(expert.weight()).shape();
      int all = Math.toIntExact(stored.get(1));
      ByteBuffer numbers = ByteBuffer.allocate(Math.multiplyExact(all, blocks * NUMBERS));
      ByteBuffer scales = ByteBuffer.allocate(Math.multiplyExact(all, blocks));
      expert.file().readFourBit(expert.weight(), numbers, scales);
      ByteBuffer written =
          ByteBuffer.allocate(Math.multiplyExact(rows, blocks * TensorType.MXFP4.blockBytes()));
      for (int row = 0; row < rows; row++) {
        int first = Math.toIntExact(expert.layout().storedRow(row, rows)) * blocks;
        for (int block = first; block < first + blocks; block++) {
          written.put(scales.get(block));
          put(numbers.array(), block * NUMBERS, written);
        }
      }
      written.flip();
      while (written.hasRemaining()) {
        target.write(written);
      }
    }
  }

  /** Repacks codes from pairs (0, 1), (2, 3), ... to pairs (0, 16), (1, 17), ... */
  private static void put(byte[] pairs, int at, ByteBuffer target) {
    for (int i = 0; i < NUMBERS; i++) {
      int low = number(pairs, at, i);
      int high = number(pairs, at, NUMBERS + i);
      target.put((byte) (low | high << 4));
    }
  }

  private static int number(byte[] pairs, int at, int index) {
    int both = pairs[at + index / 2];
    return index % 2 == 0 ? both & 15 : both >> 4 & 15;
  }
}
