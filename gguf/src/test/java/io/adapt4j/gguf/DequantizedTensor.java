package io.adapt4j.gguf;

import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tensor of another file, its values in fp32. */
record DequantizedTensor(GgufFile file, GgufTensor tensor) implements TensorSource {

  /** Copies a file with all tensors in fp32. */
  static void writeAll(Path file, Path target) {
    try (GgufFile written = GgufFile.open(file)) {
      List<TensorSource> tensors = new ArrayList<>();
      written.tensors().values().forEach(each -> tensors.add(new DequantizedTensor(written, each)));
      GgufWriter.write(target, written.metadata(), tensors);
    }
  }

  @Override
  public String name() {
    return tensor.name();
  }

  @Override
  public List<Long> shape() {
    return tensor.shape();
  }

  @Override
  public TensorType type() {
    return TensorType.F32;
  }

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    ByteBuffer stored = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    file.read(tensor, 0, stored);
    int count = Math.toIntExact(tensor.shape().stream().reduce(1L, Math::multiplyExact));
    float[] values = new float[count];
    Quantizer.of(tensor.type())
        .dequantize(stored.flip().order(ByteOrder.LITTLE_ENDIAN), values, 0, count);
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    target.write(bytes);
  }
}
