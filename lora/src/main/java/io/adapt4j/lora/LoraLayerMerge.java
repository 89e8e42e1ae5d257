package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.LayerMerge;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A LoRA adapter merged into one projection after the other. */
final class LoraLayerMerge implements LayerMerge {

  private final AdapterConfig config;
  private final AdapterPlan plan;
  private final Checkpoint file;
  private final Map<String, AdapterPlan.Adapted> adapted;

  LoraLayerMerge(AdapterConfig config, AdapterPlan plan, Checkpoint file) {
    this.config = config;
    this.plan = plan;
    this.file = file;
    this.adapted =
        plan.adapted().stream()
            .collect(Collectors.toMap(part -> part.part().path(), Function.identity()));
  }

  @Override
  public boolean changes(String path) {
    return adapted.containsKey(path);
  }

  @Override
  public void merge(DenseLinear projection) {
    LoraLinear layer = filled(projection);
    try {
      layer.refresh();
      layer.merge();
    } finally {
      layer.detach(layer);
    }
  }

  /** The adapter's layer over a projection, with its values. */
  private LoraLinear filled(DenseLinear projection) {
    Linear.Part part = projection.parts().get(0);
    AdapterPlan.Adapted found = Objects.requireNonNull(adapted.get(part.path()));
    AdapterPlan.Adapted alone =
        new AdapterPlan.Adapted(
            0,
            part,
            found.in(),
            found.rank(),
            found.scale(),
            found.transposed(),
            found.dora(),
            found.biasOfB());
    LoraLinear layer = new LoraLinear(projection, List.of(alone), DType.F32, config, 0);
    try {
      if (config.initial().leavesResidual()) {
        new Initializer(config.initial(), 0).fill(layer);
      }
      LayerFile.load(layer, file);
      return layer;
    } catch (RuntimeException e) {
      layer.detach(layer);
      throw e;
    }
  }

  @Override
  public Optional<String> moreThanProducts() {
    if (config.dora()) {
      return Optional.of("DoRA's magnitudes");
    }
    if (config.biasOfB() || config.bias() != LoraBias.NONE) {
      return Optional.of("trained biases");
    }
    return config.modulesToSave().isEmpty()
        ? Optional.empty()
        : Optional.of("modules saved in full, " + config.modulesToSave());
  }

  @Override
  public Product product(DenseLinear projection) {
    moreThanProducts()
        .ifPresent(
            more -> {
              throw new IllegalStateException("The adapter has " + more);
            });
    LoraLinear layer = filled(projection);
    try (Scope scope = Scope.open()) {
      Tensor a = layer.wholeA(0);
      return new Product(
          Math.toIntExact(a.size(0)),
          a.toHost().toFloats(),
          layer.wholeB(0).toHost().toFloats(),
          layer.adapted().get(0).scale());
    } finally {
      layer.detach(layer);
    }
  }

  @Override
  public List<String> paths() {
    return plan.adapted().stream().map(part -> part.part().path()).toList();
  }

  @Override
  public double alpha() {
    return config.alpha();
  }

  @Override
  public Map<String, Stored> own() {
    Map<String, Stored> own = new LinkedHashMap<>();
    for (String name : plan.shapes().keySet()) {
      String stored = PeftNames.find(PeftNames.base(name, plan), file.names());
      if (file.names().contains(stored)) {
        own.put(name, new Stored(file, stored));
      }
    }
    return own;
  }

  @Override
  public boolean untiesHead() {
    return plan.untiesHead();
  }

  @Override
  public void close() {
    file.close();
  }
}
