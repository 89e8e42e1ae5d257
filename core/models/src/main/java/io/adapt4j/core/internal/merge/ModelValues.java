package io.adapt4j.core.internal.merge;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.Adapter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** A model whose tensors are read one at a time in fp32, with an adapter merged into each. */
public final class ModelValues implements AutoCloseable {

  private static final Set<StoredType> FLOATING =
      Set.of(StoredType.F32, StoredType.F16, StoredType.BF16, StoredType.F64);

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final Path folder;
  private final Checkpoint checkpoint;
  private final Optional<Adapted> adapted;

  /** A projection that the adapter changes. */
  private record Projection(String path, long in, long width, boolean transposed) {}

  /** Changes of an adapter. */
  private record Adapted(
      LayerMerge merge, Map<String, Projection> projections, Map<String, LayerMerge.Stored> own) {}

  private ModelValues(Path folder, Checkpoint checkpoint, Optional<Adapted> adapted) {
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.adapted = adapted;
  }

  public static ModelValues open(Path folder, Optional<Adapter> adapter) {
    Checkpoint checkpoint = Checkpoint.open(folder);
    try {
      return new ModelValues(
          folder, checkpoint, adapter.map(found -> adapted(folder, checkpoint, found)));
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  private static Adapted adapted(Path folder, Checkpoint checkpoint, Adapter adapter) {
    AdapterMechanics mechanics = AdapterMechanics.of(adapter);
    ModelConfig config = ModelConfig.read(folder);
    if (mechanics.modelConfig(config).isPresent()) {
      throw unmergeable(adapter, "an output layer that the base lacks");
    }
    try (Network network = Architectures.declare(config)) {
      LayerMerge merge = mechanics.layerMerge(network);
      try {
        if (merge.untiesHead()) {
          throw unmergeable(adapter, "an output head apart from the embedding");
        }
        Map<String, LayerMerge.Stored> own = new HashMap<>();
        merge.own().forEach((name, values) -> own.put(stored(network, checkpoint, name), values));
        return new Adapted(merge, projections(network, checkpoint, merge), own);
      } catch (RuntimeException | Error e) {
        merge.close();
        throw e;
      }
    }
  }

  private static CheckpointException unmergeable(Adapter adapter, String found) {
    return new CheckpointException(
        "adapter: expected updates of the base's tensors, found %s in '%s'. Merge it into a"
                .formatted(found, adapter.name())
            + " checkpoint first.");
  }

  private static String stored(Network network, Checkpoint checkpoint, String name) {
    String stored = network.storedNames().find(name, checkpoint.names());
    if (!checkpoint.names().contains(stored)) {
      throw new CheckpointException(
          checkpoint.folder()
              + ": expected the plain tensor '"
              + name
              + "' that the adapter changes, found none. Merge the adapter into a checkpoint first.");
    }
    return stored;
  }

  private static Map<String, Projection> projections(
      Network network, Checkpoint checkpoint, LayerMerge merge) {
    Map<String, Projection> projections = new HashMap<>();
    for (LinearSlot slot : network.adaptableLinears()) {
      Linear linear = slot.linear();
      for (Linear.Part part : linear.parts()) {
        if (merge.changes(part.path()) && linear instanceof DenseLinear dense) {
          Projection projection =
              new Projection(
                  part.path(),
                  linear.inFeatures(),
                  part.width(),
                  dense.weight().slices().get(0).transposed());
          projections.put(stored(network, checkpoint, part.path() + WEIGHT), projection);
          if (dense.bias().isPresent()) {
            projections.put(stored(network, checkpoint, part.path() + BIAS), projection);
          }
        }
      }
    }
    return projections;
  }

  /** Returns the open checkpoint, which this closes. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** Returns whether a tensor has floating-point values. */
  public static boolean isFloating(TensorEntry entry) {
    return FLOATING.contains(entry.type());
  }

  /** Rejects a model whose tensors or shapes differ from another's. */
  public void requireTensorsOf(ModelValues other) {
    Set<String> names = new TreeSet<>(checkpoint.names());
    names.addAll(other.checkpoint.names());
    for (String name : names) {
      String found = described(name);
      if (!found.equals(other.described(name))) {
        throw new CheckpointException(
            "%s: tensor '%s': expected %s as in %s, found %s. Only models of one architecture with"
                    .formatted(folder, name, other.described(name), other.folder, found)
                + " one vocabulary are merged.");
      }
    }
  }

  private String described(String name) {
    if (!checkpoint.names().contains(name)) {
      return "none";
    }
    TensorEntry entry = checkpoint.entry(name);
    return (isFloating(entry) ? "floats " : entry.type() + " ") + entry.shape();
  }

  /** Reads a tensor, a new array. */
  public float[] values(String name) {
    if (adapted.isPresent()) {
      Adapted changes = adapted.get();
      LayerMerge.Stored own = changes.own().get(name);
      Projection projection = changes.projections().get(name);
      if (projection != null) {
        return merged(projection, name);
      }
      if (own != null) {
        return floats(own.file(), own.name());
      }
    }
    return floats(checkpoint, name);
  }

  private static float[] floats(Checkpoint file, String name) {
    try (Scope scope = Scope.open()) {
      Tensor values = Tensor.emptyOnHost(DType.F32, sizes(file.entry(name)));
      Weights.fill(values, file, name);
      return values.toFloats();
    }
  }

  private float[] merged(Projection projection, String name) {
    boolean bias = name.endsWith(BIAS);
    String prefix = name.substring(0, name.lastIndexOf('.'));
    boolean biased = checkpoint.names().contains(prefix + BIAS);
    Linear.Part part = new Linear.Part(projection.path(), 0, projection.width());
    try (Scope scope = Scope.open();
        DenseLinear layer = DenseLinear.declare(projection.in(), biased, List.of(part))) {
      layer.allocate(DType.F32);
      Tensor weight = layer.weight().value();
      Weights.fill(weight, checkpoint, prefix + WEIGHT, projection.transposed());
      layer
          .bias()
          .map(Parameter::value)
          .ifPresent(values -> Weights.fill(values, checkpoint, prefix + BIAS));
      adapted.orElseThrow().merge().merge(layer);
      if (bias) {
        return layer.bias().orElseThrow().value().toHost().toFloats();
      }
      Tensor merged = projection.transposed() ? weight.transposed().copyAs(DType.F32) : weight;
      return merged.toHost().toFloats();
    }
  }

  /** Returns a tensor to write whose values are computed when it is written. */
  public static TensorData data(TensorEntry entry, StoredType type, Supplier<float[]> values) {
    return new TensorData(
        entry.name(),
        type,
        entry.shape(),
        channel -> {
          try (Scope scope = Scope.open()) {
            Tensor tensor = Tensor.of(values.get(), sizes(entry));
            Parameter.Slice all = new Parameter.Slice(entry.name(), 0, tensor.size(0));
            Weights.tensor(entry.name(), tensor, all, type).content().writeTo(channel);
          }
        });
  }

  /** Returns a tensor's sizes, a number's as those of one value. */
  private static long[] sizes(TensorEntry entry) {
    if (entry.elements() > Integer.MAX_VALUE - 8) {
      throw new CheckpointException(
          "tensor '%s': expected at most %s values to merge, found %s"
              .formatted(entry.name(), Integer.MAX_VALUE - 8, entry.elements()));
    }
    return entry.shape().isEmpty() ? new long[] {1} : entry.dimensions();
  }

  @Override
  public void close() {
    adapted.ifPresent(changes -> changes.merge().close());
    checkpoint.close();
  }
}
