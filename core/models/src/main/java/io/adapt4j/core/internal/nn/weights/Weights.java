package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.EightBitFloats;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.HugePages;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Copies weights between checkpoints and models. */
public final class Weights {

  /** Number of bytes read at once; also the largest temporary buffer of a conversion. */
  private static final long PIECE = 8L << 20;

  private static final Map<StoredType, DType> FLOATING =
      Map.of(
          StoredType.F32, DType.F32,
          StoredType.F16, DType.F16,
          StoredType.BF16, DType.BF16,
          StoredType.F64, DType.F64);

  private Weights() {}

  /**
   * Checks that a checkpoint holds the tensors of a model, no unknown ones, and only supported
   * types; and that unread tensors have the values computed instead.
   */
  public static void check(Network network, Checkpoint checkpoint) {
    UnreadTensors.check(network, checkpoint, checkTensors(network, checkpoint));
  }

  /**
   * Checks that a checkpoint holds the tensors of a model, no unknown ones, and only supported
   * types.
   */
  public static Set<String> checkTensors(Network network, Checkpoint checkpoint) {
    StoredNames names = network.storedNames();
    Set<String> stored = checkpoint.names();
    Map<String, List<Long>> expected = new LinkedHashMap<>();
    network.tensors().forEach((name, sizes) -> expected.put(names.find(name, stored), sizes));
    network.newTensors().forEach(name -> expected.remove(names.find(name, stored)));
    Set<String> replaced =
        network.newTensors().stream()
            .map(name -> names.find(name, stored))
            .collect(Collectors.toSet());
    List<String> plain = List.copyOf(expected.keySet());
    network.packedLinears().forEach(packed -> expected.putAll(packed.stored()));
    if (network instanceof EncoderDecoder both) {
      both.storedTables(stored).forEach((name, table) -> expected.put(name, shape(table.sizes())));
    }
    checkpoint.requireTensors(
        expected,
        name -> names.ignores(name) || isTiedHead(network, name) || replaced.contains(name));
    plain.forEach(name -> requireFloating(checkpoint.entry(name)));
    return expected.keySet();
  }

  private static List<Long> shape(long[] sizes) {
    return Arrays.stream(sizes).boxed().toList();
  }

  private static boolean isTiedHead(Network network, String name) {
    return network instanceof Decoder decoder
        && decoder.isTied()
        && name.equals(decoder.headName());
  }

  public static Set<StoredType> storedTypes(Network network, Checkpoint checkpoint) {
    Set<StoredType> types = new LinkedHashSet<>();
    for (String name : network.tensors().keySet()) {
      if (!network.newTensors().contains(name)) {
        String stored = network.storedNames().find(name, checkpoint.names());
        if (!EightBitFloats.isType(checkpoint.storedType(stored))) {
          types.add(checkpoint.entry(stored).type());
        }
      }
    }
    network.packedLinears().forEach(packed -> types.add(packed.original()));
    return types;
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
              + ". Quantized weights are not read here; give the original checkpoint.");
    }
    return type;
  }

  /** Returns the type of a stored tensor's values: a floating-point one, or codes for codes. */
  private static DType requireType(TensorEntry entry, Tensor target) {
    return target.type() == DType.U8 && entry.type() == StoredType.U8
        ? DType.U8
        : requireFloating(entry);
  }

  /**
   * Loads a model from a checkpoint, including master values of trained parameters. Values are
   * converted to the compute type piece by piece: there never is a second copy of the model.
   * Quantized weights are read by their layers, one after the other.
   */
  public static void load(Network network, Checkpoint checkpoint) {
    StoredNames names = network.storedNames();
    Set<String> stored = checkpoint.names();
    List<Runnable> copies = new ArrayList<>();
    List<Parameter> own =
        network.parameters().stream().filter(parameter -> !parameter.isShared()).toList();
    for (Parameter parameter : own) {
      for (Parameter.Slice slice : parameter.slices()) {
        if (network.newTensors().contains(slice.name())) {
          continue;
        }
        String name = names.find(slice.name(), stored);
        try (Tensor target = parameter.master().narrow(0, slice.start(), slice.rows())) {
          if (target.isOnHost()
              && !slice.transposed()
              && target.type() == FLOATING.get(checkpoint.entry(name).type())) {
            addCopies(copies, target, checkpoint, name);
          } else {
            fill(target, checkpoint, name, slice.transposed());
          }
        }
      }
    }
    // Fresh memory is mapped on first touch, which takes longer than the copy and scales with
    // cores.
    List<Tensor> filled = own.stream().map(Parameter::master).toList();
    HugePages.during(filled, () -> runAll(copies));
    network.parameters().forEach(Parameter::refresh);
    network.packedLinears().forEach(packed -> packed.read(checkpoint));
    if (network instanceof EncoderDecoder both) {
      Map<String, Parameter> tables = both.storedTables(checkpoint.names());
      tables.forEach((name, table) -> fill(table.value(), checkpoint, name));
      both.setReadTables(tables.values());
    }
    if (network instanceof Decoder decoder) {
      decoder.headSlot().readCompact(checkpoint);
    }
  }

  /** Runs tasks of very different length on all processors; each processor takes the next one. */
  private static void runAll(List<Runnable> tasks) {
    AtomicInteger next = new AtomicInteger();
    IntStream.range(0, Math.min(tasks.size(), Runtime.getRuntime().availableProcessors()))
        .parallel()
        .forEach(
            worker -> {
              for (int i = next.getAndIncrement(); i < tasks.size(); i = next.getAndIncrement()) {
                tasks.get(i).run();
              }
            });
  }

  /**
   * Adds tasks that read a stored tensor straight into a parameter's host memory, which outlives
   * them.
   */
  private static void addCopies(
      List<Runnable> copies, Tensor target, Checkpoint checkpoint, String name) {
    long rowBytes = target.count() / Math.max(1, target.size(0)) * target.type().bytes();
    long rowsAtOnce = Math.max(1, PIECE / Math.max(1, rowBytes));
    for (long row = 0; row < target.size(0); row += rowsAtOnce) {
      long rows = Math.min(rowsAtOnce, target.size(0) - row);
      long offset = row * rowBytes;
      try (Tensor piece = target.narrow(0, row, rows)) {
        // The parameter stays open; only the address of its piece is needed.
        ByteBuffer memory = piece.data().duplicate().order(ByteOrder.nativeOrder());
        copies.add(() -> checkpoint.read(name, offset, memory));
      }
    }
  }

  /** Fills a tensor from a checkpoint, converting the type. */
  public static void fill(Tensor target, Checkpoint checkpoint, String name, boolean transposed) {
    if (!transposed) {
      fill(target, checkpoint, name);
      return;
    }
    try (Tensor stored = target.transposed()) {
      fillPieces(stored, checkpoint, name, false);
    }
  }

  /** Fills a tensor from a checkpoint, converting the type. */
  public static void fill(Tensor target, Checkpoint checkpoint, String name) {
    fillPieces(target, checkpoint, name, true);
  }

  private static void fillPieces(
      Tensor target, Checkpoint checkpoint, String name, boolean contiguous) {
    DType stored = requireType(checkpoint.entry(name), target);
    long rowElements = target.count() / Math.max(1, target.size(0));
    long rowBytes = rowElements * stored.bytes();
    long rowsAtOnce = Math.max(1, PIECE / Math.max(1, rowBytes));
    for (long row = 0; row < target.size(0); row += rowsAtOnce) {
      long rows = Math.min(rowsAtOnce, target.size(0) - row);
      long offset = row * rowBytes;
      try (Scope scope = Scope.open()) {
        Tensor piece = target.narrow(0, row, rows);
        if (contiguous && piece.type() == stored) {
          piece.fill(memory -> checkpoint.read(name, offset, memory));
        } else {
          Tensor raw = Tensor.emptyOnHost(stored, piece.sizes());
          checkpoint.read(name, offset, raw.data());
          piece.copyFrom(raw);
        }
      }
    }
  }

  /**
   * Initializes a model randomly: normal with deviation 0.02, norms 1, biases 0. For benchmarks and
   * tests, and for training from scratch.
   */
  public static void randomize(Network network, long seed) {
    Torch.seed(seed);
    for (Parameter parameter : network.parameters()) {
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
   * Returns the model's tensors for writing. Trained parameters use their fp32 master values,
   * converted to the stored type.
   */
  public static List<TensorData> tensors(Network network, StoredType type) {
    if (!network.packedLinears().isEmpty()) {
      throw new IllegalStateException(
          "A model with packed weights is not written as a plain checkpoint; load it with plain"
              + " weights first");
    }
    List<TensorData> tensors = new ArrayList<>();
    List<Parameter> parameters = new ArrayList<>(network.parameters());
    if (network instanceof EncoderDecoder both) {
      parameters.addAll(both.readTables());
    }
    for (Parameter parameter : parameters) {
      for (Parameter.Slice slice : parameter.slices()) {
        tensors.add(tensor(slice.name(), parameter.master(), slice, type));
      }
    }
    return tensors;
  }

  /**
   * Returns the base's tensors that this library does not use but that the model's class in
   * Transformers has, such as BERT's pooling layer in an embedding model, for writing with the
   * model's.
   *
   * @param base the base's weights; to be closed after the tensors are written
   */
  static List<TensorData> kept(Network network, Checkpoint base, StoredType type) {
    StoredNames names = network.storedNames();
    Set<String> own = network.tensors().keySet();
    boolean prefixed =
        network.embedding().slices().stream()
            .allMatch(slice -> slice.name().startsWith(names.prefix()));
    List<TensorData> kept = new ArrayList<>();
    for (String stored : new TreeSet<>(base.names())) {
      names
          .kept(stored, prefixed)
          .filter(name -> !own.contains(name))
          .ifPresent(name -> kept.add(copied(name, base, stored, type)));
    }
    return kept;
  }

  private static TensorData copied(String name, Checkpoint base, String stored, StoredType type) {
    TensorEntry entry = base.entry(stored);
    requireFloating(entry);
    return new TensorData(
        name,
        type,
        entry.shape(),
        channel -> {
          try (Scope scope = Scope.open()) {
            Tensor values = Tensor.emptyOnHost(DType.F32, entry.dimensions());
            fill(values, base, stored);
            write(channel, values, values.size(0), type);
          }
        });
  }

  /** Returns rows of a tensor in checkpoint layout, for writing. */
  public static TensorData tensor(
      String name, Tensor source, Parameter.Slice slice, StoredType type) {
    long[] sizes = source.sizes().clone();
    sizes[0] = slice.rows();
    if (slice.transposed()) {
      sizes = new long[] {sizes[1], sizes[0]};
    }
    long[] stored = sizes;
    return new TensorData(
        name,
        type,
        Arrays.stream(stored).boxed().toList(),
        channel -> {
          try (Scope scope = Scope.open()) {
            Tensor rows = source.narrow(0, slice.start(), slice.rows());
            write(channel, slice.transposed() ? rows.transposed() : rows, stored[0], type);
          }
        });
  }

  private static void write(WritableByteChannel channel, Tensor source, long rows, StoredType type)
      throws IOException {
    long rowBytes = source.count() / Math.max(1, rows) * type.bytes();
    long rowsAtOnce = Math.max(1, PIECE / Math.max(1, rowBytes));
    for (long row = 0; row < rows; row += rowsAtOnce) {
      try (Scope scope = Scope.open()) {
        Tensor piece = source.narrow(0, row, Math.min(rowsAtOnce, rows - row));
        DType written = type == StoredType.U8 ? DType.U8 : FLOATING.get(type);
        channel.write(piece.copyAs(written).toHost().data());
      }
    }
  }
}
