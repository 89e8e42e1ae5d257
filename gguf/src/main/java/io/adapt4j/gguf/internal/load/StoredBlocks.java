package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.StoredWeightFormat;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.packed.BlockLinear;
import io.adapt4j.kernels.internal.packed.BlockPart;
import io.adapt4j.kernels.internal.packed.Installation;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Keeps the linear weights of a GGUF file in their quantized blocks. Weights of plain types, and
 * all weights without the C++ kernels, are held in the compute type.
 */
enum StoredBlocks implements WeightMechanics {
  /** The singleton. */
  INSTANCE;

  /** Method in the {@code quantization_config} of a folder that represents a GGUF file. */
  static final String METHOD = "gguf";

  /** Recognizes these folders; found by {@link java.util.ServiceLoader}. */
  public static final class Service implements StoredWeightFormat {

    /** Called by {@link java.util.ServiceLoader}. */
    public Service() {}

    @Override
    public Optional<WeightMechanics> find(ConfigReader config, WeightFormat wanted) {
      boolean isGguf =
          config
              .child(FIELD)
              .filter(fields -> METHOD.equals(fields.optionalText("quant_method").orElse("")))
              .isPresent();
      if (!isGguf) {
        return Optional.empty();
      }
      // Other formats are made from the dequantized weights.
      return Optional.of(wanted == WeightFormat.asStored() ? INSTANCE : WeightMechanics.of(wanted));
    }

    @Override
    public Optional<WeightMechanics> mechanics(WeightFormat format) {
      return Optional.empty();
    }
  }

  @Override
  public String description() {
    return "blocks as in the GGUF file";
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    if (BlockMatrix.isSupported()) {
      Installation.install(
          declared.layerLinears().stream()
              .filter(slot -> isInBlocks(slot, declared, checkpoint))
              .toList(),
          (part, weight, in) ->
              find(declared, checkpoint, part, weight, in)
                  .map(source -> new BlockPart(part, in, source)),
          BlockLinear::new);
      if (declared instanceof Decoder decoder) {
        installHead(decoder, checkpoint);
      }
    }
  }

  /**
   * Returns whether all parts of a layer have blocks that the kernels know. Others are held in the
   * compute type as a whole, since native steps take a layer in one way only; so are weights that
   * decoding reads directly.
   */
  private static boolean isInBlocks(LinearSlot slot, Network network, Checkpoint checkpoint) {
    if (slot.isReadDirectly() || !(slot.linear() instanceof DenseLinear dense)) {
      return false;
    }
    List<Linear.Part> parts = dense.parts();
    return IntStream.range(0, parts.size())
        .allMatch(
            i -> {
              Slice weight = dense.weight().slices().get(i);
              return find(network, checkpoint, parts.get(i), weight, dense.inFeatures())
                  .isPresent();
            });
  }

  private static void installHead(Decoder decoder, Checkpoint checkpoint) {
    Parameter weight = decoder.head().weight();
    if (weight.slices().size() == 1) {
      Slice slice = weight.slices().get(0);
      List<Long> shape = List.of(weight.sizes()[0], weight.sizes()[1]);
      find(decoder, checkpoint, slice.name(), shape)
          .ifPresent(source -> decoder.headSlot().putCompact(new BlockHead(source)));
    }
  }

  /**
   * Finds a weight's blocks; a missing or misshapen weight stays plain and is reported with the
   * others later.
   */
  private static Optional<FileBlocks> find(
      Network network, Checkpoint checkpoint, Linear.Part part, Slice weight, long in) {
    List<Long> shape = weight.transposed() ? List.of(in, part.width()) : List.of(part.width(), in);
    return find(network, checkpoint, weight.name(), shape);
  }

  private static Optional<FileBlocks> find(
      Network network, Checkpoint checkpoint, String name, List<Long> shape) {
    String stored = network.storedNames().find(name, checkpoint.names());
    if (!checkpoint.names().contains(stored) || !checkpoint.entry(stored).shape().equals(shape)) {
      return Optional.empty();
    }
    return checkpoint
        .file(stored, GgufTensorFile.class)
        .flatMap(file -> file.type(stored))
        .flatMap(type -> FileBlocks.of(name, stored, shape, type));
  }
}
