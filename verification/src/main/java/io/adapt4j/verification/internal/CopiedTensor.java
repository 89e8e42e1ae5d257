package io.adapt4j.verification.internal;

import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** A tensor of one GGUF file, to be written into another. */
public record CopiedTensor(GgufFile file, GgufTensor tensor) implements TensorSource {

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
    return tensor.type();
  }

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    file.read(tensor, 0, bytes);
    target.write(bytes.flip());
  }
}
