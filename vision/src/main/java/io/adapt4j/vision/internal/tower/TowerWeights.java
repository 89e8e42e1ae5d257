package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.StoredValues;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Parameters and linear layers of one part of a model, with the rules for their names in
 * checkpoints. Declared first, then {@linkplain #load loaded}; the owner closes it.
 */
public final class TowerWeights implements AutoCloseable {

  private static final String MODEL = "model.";
  private static final String NESTED = ".vision_model.";
  private static final Pattern NOTHING = Pattern.compile("(?!)");

  private final List<String> prefixes;
  private final List<Parameter> own = new ArrayList<>();
  private final List<LinearSlot> linears = new ArrayList<>();
  private final Map<String, List<Long>> storedShapes = new LinkedHashMap<>();
  private Pattern ignored = NOTHING;

  /** Declares a part that owns the stored tensors below some paths, all without "model.". */
  TowerWeights(String... prefixes) {
    this.prefixes = List.of(prefixes);
  }

  /** Adds a parameter. */
  Parameter add(Parameter parameter) {
    own.add(parameter);
    return parameter;
  }

  /** Adds a parameter that checkpoints store in another shape of the same values. */
  Parameter add(Parameter parameter, long... stored) {
    storedShapes.put(parameter.slices().get(0).name(), Arrays.stream(stored).boxed().toList());
    return add(parameter);
  }

  LinearSlot add(LinearSlot slot) {
    linears.add(slot);
    return slot;
  }

  <N extends Norm> N add(N norm) {
    own.addAll(norm.parameters());
    return norm;
  }

  <L extends Layer> L add(L layer) {
    linears.addAll(layer.linears());
    own.addAll(layer.mixer().ownParameters());
    own.addAll(layer.mlp().otherParameters());
    layer.norms().forEach(this::add);
    own.addAll(layer.otherParameters());
    return layer;
  }

  /** Declares stored tensors that the reference does not read either. */
  void ignore(String expression) {
    ignored = Pattern.compile(ignored.pattern() + "|" + expression);
  }

  /** Returns the slots of all linear layers. */
  public List<LinearSlot> linears() {
    return List.copyOf(linears);
  }

  /** Returns every parameter once, those of the linear layers included. */
  public List<Parameter> parameters() {
    Set<Parameter> all = new LinkedHashSet<>(own);
    linears.forEach(slot -> all.addAll(slot.linear().parameters()));
    return List.copyOf(all);
  }

  /**
   * Checks that a checkpoint has exactly these tensors below the part's paths, allocates the
   * parameters and reads them.
   */
  public void load(Checkpoint checkpoint, DType type) {
    Map<String, String> names = check(checkpoint);
    for (Parameter parameter : parameters()) {
      parameter.allocate(type);
      for (Parameter.Slice slice : parameter.slices()) {
        try (Tensor target = parameter.value().narrow(0, slice.start(), slice.rows())) {
          Weights.fill(target, checkpoint, names.get(slice.name()), slice.transposed());
        }
      }
    }
  }

  /** Returns the values under the names and in the shapes of a checkpoint. */
  public List<TensorData> tensors(Checkpoint checkpoint, StoredType type) {
    Map<String, String> names = check(checkpoint);
    List<TensorData> tensors = new ArrayList<>();
    for (Parameter parameter : parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        String name = Objects.requireNonNull(names.get(slice.name()), slice.name());
        tensors.add(
            new TensorData(
                name,
                type,
                checkpoint.entry(name).shape(),
                Weights.tensor(name, parameter.master(), slice, type).content()));
      }
    }
    return tensors;
  }

  /** Returns whether a checkpoint has tensors of this part. */
  public boolean areIn(Checkpoint checkpoint) {
    return checkpoint.names().stream().anyMatch(this::isOwn);
  }

  /** Returns the stored name of each tensor. */
  private Map<String, String> check(Checkpoint checkpoint) {
    Set<String> stored = checkpoint.names();
    Map<String, String> names = new LinkedHashMap<>();
    Map<String, List<Long>> expected = new LinkedHashMap<>();
    for (Parameter parameter : parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        String name = find(slice.name(), stored);
        names.put(slice.name(), name);
        List<Long> sizes = Arrays.stream(parameter.sizes(slice)).boxed().toList();
        expected.put(name, storedShapes.getOrDefault(slice.name(), sizes));
      }
    }
    checkpoint.requireTensors(
        expected, name -> !isOwn(name) || isPositions(name) || ignored.matcher(name).matches());
    for (String name : stored) {
      if (isOwn(name) && isPositions(name)) {
        requireConsecutive(checkpoint, name);
      }
    }
    return names;
  }

  private static boolean isPositions(String name) {
    return name.endsWith(".position_ids");
  }

  private static void requireConsecutive(Checkpoint checkpoint, String name) {
    if (!StoredValues.all(checkpoint, name, (i, value) -> value == i)) {
      throw CheckpointException.inTensor(
          checkpoint.entry(name).file(),
          name,
          "0, 1, 2 and so on",
          "other values",
          "This build counts positions and does not read the tensor.");
    }
  }

  private boolean isOwn(String name) {
    String bare = bare(name);
    return prefixes.stream().anyMatch(bare::startsWith);
  }

  private static String bare(String name) {
    return name.startsWith(MODEL) ? name.substring(MODEL.length()) : name;
  }

  /** Finds a tensor under its names in Transformers 4 and 5. */
  private static String find(String name, Set<String> stored) {
    String bare = bare(name);
    return Stream.of(name, bare, MODEL + bare)
        .flatMap(text -> Stream.of(text, text.replace(NESTED, ".")))
        .filter(stored::contains)
        .findFirst()
        .orElse(name);
  }

  @Override
  public void close() {
    own.forEach(Parameter::close);
    linears.forEach(slot -> slot.linear().close());
  }
}
