package io.adapt4j.gguf.internal.picture;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Image tower and projector as a checkpoint stores them, so that adapters find their layers. It has
 * no values, and computes nothing.
 */
public final class StoredTower implements PictureEncoder {

  private static final String WEIGHT = ".weight";

  private final PictureFamily family;
  private final Map<String, String> stored = new LinkedHashMap<>();
  private final List<LinearSlot> linears = new ArrayList<>();
  private final List<Parameter> parameters = new ArrayList<>();

  private StoredTower(PictureFamily family, Checkpoint checkpoint) {
    this.family = family;
    for (String name : checkpoint.names()) {
      family
          .canonical(name)
          .filter(own -> !family.isUnread(own))
          .ifPresent(own -> stored.put(own, name));
    }
    Set<String> linear =
        stored.entrySet().stream()
            .filter(own -> own.getKey().endsWith(WEIGHT) && !own.getKey().contains("embed"))
            .filter(own -> checkpoint.entry(own.getValue()).shape().size() == 2)
            .map(own -> own.getKey().substring(0, own.getKey().length() - WEIGHT.length()))
            .collect(Collectors.toSet());
    stored.forEach((name, own) -> declare(name, checkpoint.entry(own).shape(), linear));
  }

  /** Returns a model's tower; empty if its family has no entry, or the files have no tower. */
  public static Optional<StoredTower> find(ModelConfig model, Checkpoint checkpoint) {
    return PictureFamily.find(model)
        .map(family -> new StoredTower(family, checkpoint))
        .filter(tower -> !tower.stored.isEmpty());
  }

  private void declare(String name, List<Long> shape, Set<String> linear) {
    String path = name.replaceFirst("\\.(weight|bias)$", "");
    if (name.equals(path + WEIGHT) && linear.contains(path)) {
      LinearSlot slot =
          LinearSlot.of(path, shape.get(1), stored.containsKey(path + ".bias"), shape.get(0));
      linears.add(slot);
      parameters.addAll(slot.linear().parameters());
    } else if (!linear.contains(path)) {
      long rows = shape.get(0);
      long values = shape.stream().reduce(1L, Math::multiplyExact);
      // Kernels are matrices to adapters that save them in full.
      parameters.add(
          shape.size() == 1
              ? Parameter.of(name, rows)
              : Parameter.of(name, rows, values / Math.max(1, rows)));
    }
  }

  public PictureFamily family() {
    return family;
  }

  /** {@return the checkpoint's name of each tensor, keyed by its full name} */
  public Map<String, String> names() {
    return stored;
  }

  @Override
  public List<LinearSlot> linears() {
    return linears;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public void load(Checkpoint checkpoint, DType type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<TensorData> tensors(Checkpoint base, StoredType type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Known find(int id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Encoded encode(Ops ops, int[] firstIds) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    // Nothing was allocated.
  }
}
