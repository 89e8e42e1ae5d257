package io.adapt4j.lora.internal.ia3;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Merges an (IA)3 adapter projection by projection. */
final class Ia3LayerMerge implements LayerMerge {

  private final Ia3Plan plan;
  private final Checkpoint file;
  private final Map<String, Ia3Linear.Scaled> scaled;

  Ia3LayerMerge(Ia3Plan plan, Checkpoint file) {
    this.plan = plan;
    this.file = file;
    this.scaled =
        plan.scaled().stream()
            .collect(Collectors.toMap(part -> part.part().path(), Function.identity()));
  }

  @Override
  public boolean changes(String path) {
    return scaled.containsKey(path);
  }

  @Override
  public void merge(DenseLinear projection) {
    Linear.Part part = projection.parts().get(0);
    Ia3Linear.Scaled found = Objects.requireNonNull(scaled.get(part.path()));
    Ia3Linear layer =
        new Ia3Linear(
            projection, List.of(new Ia3Linear.Scaled(0, part, found.in(), found.feedforward())));
    try {
      Slice slice = layer.vectors().slices().get(0);
      try (Tensor rows = layer.vectors().value().narrow(0, slice.start(), slice.rows())) {
        Weights.fill(rows, file, slice.name());
      }
      layer.refresh();
      layer.merge();
    } finally {
      layer.detach(layer);
    }
  }

  @Override
  public Optional<String> moreThanProducts() {
    return Optional.of("(IA)3 vectors");
  }

  @Override
  public Product product(DenseLinear projection) {
    throw new IllegalStateException("The adapter has (IA)3 vectors");
  }

  @Override
  public List<String> paths() {
    return plan.scaled().stream().map(part -> part.part().path()).toList();
  }

  @Override
  public double alpha() {
    return 1;
  }

  @Override
  public Map<String, Stored> own() {
    Map<String, Stored> own = new LinkedHashMap<>();
    for (String name : plan.saved().tensors()) {
      own.put(name, new Stored(file, PeftNames.base(name)));
    }
    return own;
  }

  @Override
  public boolean untiesHead() {
    return plan.saved().untiesHead();
  }

  @Override
  public void close() {
    file.close();
  }
}
