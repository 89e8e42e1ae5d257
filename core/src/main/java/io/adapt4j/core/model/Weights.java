package io.adapt4j.core.model;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.CheckpointException;
import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.checkpoint.TensorEntry;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Scope;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.core.engine.Torch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Moves weights between checkpoints and models. */
public final class Weights {

  /** Bytes read at once; also the largest temporary while converting. */
  private static final long PIECE = 64L << 20;

  private static final Map<StoredType, DType> FLOATING =
      Map.of(
          StoredType.F32, DType.F32,
          StoredType.F16, DType.F16,
          StoredType.BF16, DType.BF16,
          StoredType.F64, DType.F64);

  /** Buffers that old checkpoints store though they are computed. */
  private static final Pattern COMPUTED = Pattern.compile(".*\\.rotary_emb\\.inv_freq");

  private Weights() {}

  /**
   * Checks that a checkpoint holds exactly the tensors of a model, in types that can be read.
   *
   * @param decoder the declared model
   * @param checkpoint the weights
   * @throws CheckpointException naming every missing, unexpected or misshapen tensor
   */
  public static void check(Decoder decoder, Checkpoint checkpoint) {
    Predicate<String> ignorable =
        name ->
            COMPUTED.matcher(name).matches() || (decoder.isTied() && name.equals("lm_head.weight"));
    checkpoint.requireTensors(decoder.tensors(), ignorable);
    for (String name : decoder.tensors().keySet()) {
      requireFloating(checkpoint.entry(name));
    }
  }

  private static DType requireFloating(TensorEntry entry) {
    DType type = FLOATING.get(entry.type());
    if (type == null) {
      throw new CheckpointException(
          entry.file()
              + ": tensor '"
              + entry.name()
              + "': expected one of "
              + FLOATING.keySet().stream().sorted().toList()
              + ", found "
              + entry.type()
              + ". Quantised weights are not read here; give the original checkpoint.");
    }
    return type;
  }

  /**
   * Fills a model from a checkpoint. Values are converted to the compute type piece by piece: no
   * second copy of the model exists at any moment.
   *
   * @param decoder a model with memory
   * @param checkpoint its weights, already checked
   */
  public static void load(Decoder decoder, Checkpoint checkpoint) {
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        try (Tensor target = parameter.value().narrow(0, slice.start(), slice.rows())) {
          fill(target, checkpoint, slice.name());
        }
      }
    }
  }

  /**
   * Fills a tensor from a checkpoint, converting the type.
   *
   * @param target contiguous, of the stored shape
   * @param checkpoint where from
   * @param name the stored tensor
   */
  public static void fill(Tensor target, Checkpoint checkpoint, String name) {
    DType stored = requireFloating(checkpoint.entry(name));
    long rowElements = target.count() / Math.max(1, target.size(0));
    long rowBytes = rowElements * stored.bytes();
    long rowsAtOnce = Math.max(1, PIECE / Math.max(1, rowBytes));
    for (long row = 0; row < target.size(0); row += rowsAtOnce) {
      long rows = Math.min(rowsAtOnce, target.size(0) - row);
      try (Scope scope = Scope.open()) {
        Tensor piece = target.narrow(0, row, rows);
        if (piece.type() == stored) {
          checkpoint.read(name, row * rowBytes, piece.data());
        } else {
          Tensor raw = Tensor.empty(stored, piece.sizes());
          checkpoint.read(name, row * rowBytes, raw.data());
          piece.copyFrom(raw);
        }
      }
    }
  }

  /**
   * Fills a model with random values: normal with deviation 0.02, norms 1, biases 0. For benchmarks
   * and tests, and for training from nothing.
   *
   * @param decoder a model with memory
   * @param seed decides the values
   */
  public static void randomise(Decoder decoder, long seed) {
    Torch.seed(seed);
    for (Parameter parameter : decoder.parameters()) {
      try (Scope scope = Scope.open()) {
        Tensor values;
        if (parameter.sizes().length == 1) {
          boolean bias = parameter.slices().get(0).name().endsWith(".bias");
          values = Tensor.of(new float[] {bias ? 0f : 1f}, 1);
        } else {
          values = Tensor.randn(DType.F32, parameter.sizes()).scaled(0.02);
        }
        parameter.value().copyFrom(values);
      }
    }
  }

  /**
   * The model's tensors, ready to be written. Trained parameters give their fp32 masters, converted
   * to the stored type.
   *
   * @param decoder a model with weights
   * @param type how to store them
   * @return one entry a checkpoint tensor
   */
  public static List<TensorData> tensors(Decoder decoder, StoredType type) {
    List<TensorData> tensors = new ArrayList<>();
    for (Parameter parameter : decoder.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        tensors.add(tensor(slice.name(), parameter.master(), slice.start(), slice.rows(), type));
      }
    }
    return tensors;
  }

  /**
   * Rows of a tensor, ready to be written.
   *
   * @param name the name to write
   * @param source the tensor; it must stay open until written
   * @param start first row
   * @param rows number of rows
   * @param type how to store them
   * @return the entry
   */
  public static TensorData tensor(
      String name, Tensor source, long start, long rows, StoredType type) {
    List<Long> shape = new ArrayList<>();
    for (long size : source.sizes()) {
      shape.add(size);
    }
    shape.set(0, rows);
    long rowBytes = source.count() / Math.max(1, source.size(0)) * type.bytes();
    long rowsAtOnce = Math.max(1, PIECE / Math.max(1, rowBytes));
    return new TensorData(
        name,
        type,
        shape,
        channel -> {
          for (long row = 0; row < rows; row += rowsAtOnce) {
            try (Scope scope = Scope.open()) {
              Tensor piece = source.narrow(0, start + row, Math.min(rowsAtOnce, rows - row));
              channel.write(piece.copyAs(FLOATING.get(type)).data());
            }
          }
        });
  }
}
