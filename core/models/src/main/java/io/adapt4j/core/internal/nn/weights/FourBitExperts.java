package io.adapt4j.core.internal.nn.weights;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Writes unchanged experts as stored in the base, in MXFP4. */
final class FourBitExperts {

  private FourBitExperts() {}

  /** Contents of a model folder about to be written. */
  record Model(ObjectNode config, List<TensorData> tensors) {}

  /**
   * Replaces dequantized weights with the base's stored ones, unless one of them has changed.
   *
   * @param base the base's weights; to be closed after the tensors are written
   */
  static Optional<Model> unchanged(ModelConfig config, List<TensorData> tensors, Checkpoint base)
      throws IOException {
    Map<String, SplitTensors> stored = new HashMap<>();
    for (String name : base.names()) {
      base.file(name, SplitTensors.class)
          .filter(file -> file.isFourBit(name))
          .ifPresent(file -> stored.put(name, file));
    }
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    List<TensorData> written = new ArrayList<>();
    int kept = 0;
    for (TensorData tensor : tensors) {
      SplitTensors file = stored.get(tensor.name());
      if (file == null) {
        written.add(tensor);
      } else if (isSame(tensor, base)) {
        written.addAll(asStored(tensor, file));
        kept++;
      } else {
        return Optional.empty();
      }
    }
    return kept == stored.size()
        ? Optional.of(new Model(quantized(config, base.folder()), written))
        : Optional.empty();
  }

  private static ObjectNode quantized(ModelConfig config, Path base) {
    ObjectNode json = config.toJson();
    String field = StoredWeightFormat.FIELD;
    json.set(field, ConfigReader.read(base.resolve(ModelConfig.FILE)).json().get(field));
    return json;
  }

  private static boolean isSame(TensorData tensor, Checkpoint base) throws IOException {
    if (tensor.type() != StoredType.BF16
        || !tensor.shape().equals(base.entry(tensor.name()).shape())) {
      return false;
    }
    Comparison comparison = new Comparison(base.bytes(tensor.name()));
    tensor.content().writeTo(comparison);
    return comparison.same;
  }

  /** Compares written bytes with expected ones. */
  private static final class Comparison implements WritableByteChannel {

    private final ByteBuffer other;
    private boolean same = true;

    Comparison(ByteBuffer other) {
      this.other = other;
    }

    @Override
    public int write(ByteBuffer source) {
      int count = source.remaining();
      ByteBuffer piece = other.slice(other.position(), count);
      same &= source.mismatch(piece) < 0;
      source.position(source.limit());
      other.position(other.position() + count);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // Nothing to close.
    }
  }

  private static List<TensorData> asStored(TensorData tensor, SplitTensors file) {
    String name = tensor.name();
    String path = name.substring(0, name.lastIndexOf('.'));
    long in = tensor.shape().get(0);
    long out = tensor.shape().get(1);
    long groups = in / MxFourBit.BLOCK;
    int blocks = Math.toIntExact(out * in / 2);
    int scales = Math.toIntExact(out * groups);
    return List.of(
        new TensorData(
            path + ".blocks",
            StoredType.U8,
            List.of(out, groups, (long) MxFourBit.BLOCK / 2),
            channel -> channel.write(read(file, name, blocks, scales)[0])),
        new TensorData(
            path + ".scales",
            StoredType.U8,
            List.of(out, groups),
            channel -> channel.write(read(file, name, blocks, scales)[1])));
  }

  private static ByteBuffer[] read(SplitTensors file, String name, int blocks, int scales) {
    ByteBuffer[] read = {ByteBuffer.allocate(blocks), ByteBuffer.allocate(scales)};
    file.readFourBit(name, read[0], read[1]);
    read[0].flip();
    read[1].flip();
    return read;
  }
}
