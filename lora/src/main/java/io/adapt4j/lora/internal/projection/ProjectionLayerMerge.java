package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Merges an adapter of one of these kinds projection by projection. */
public final class ProjectionLayerMerge implements LayerMerge {

  private final ProjectionPlan plan;
  private final Checkpoint file;
  private final Map<String, Site> sites;

  ProjectionLayerMerge(ProjectionPlan plan, Checkpoint file) {
    this.plan = plan;
    this.file = file;
    this.sites = plan.sites().stream().collect(Collectors.toMap(Site::path, Function.identity()));
  }

  @Override
  public boolean changes(String path) {
    return sites.containsKey(path);
  }

  @Override
  public void merge(DenseLinear projection) {
    Site site = Objects.requireNonNull(sites.get(projection.parts().get(0).path()));
    ProjectionLayer layer =
        plan.layer(projection, List.of(site.apart()), projection.weight().value().type());
    try {
      layer.load(file);
      layer.refresh();
      layer.merge();
    } finally {
      layer.detach(layer);
    }
  }

  private ProjectionUpdate loaded(String path) {
    Site site = Objects.requireNonNull(sites.get(path));
    ProjectionUpdate update = plan.config().kind().update(plan.config(), site.apart());
    try {
      update.load(file);
      update.refresh();
      return update;
    } catch (RuntimeException e) {
      update.close();
      throw e;
    }
  }

  @Override
  public Optional<String> moreThanProducts() {
    boolean products = plan.config().kind().hasProducts(plan.config());
    return products && plan.saved().tensors().isEmpty()
        ? Optional.empty()
        : Optional.of(products ? "modules saved in full" : plan.config().kind().tensors());
  }

  @Override
  public Product product(DenseLinear projection) {
    moreThanProducts()
        .ifPresent(
            more -> {
              throw new IllegalStateException("The adapter has " + more);
            });
    return product(projection.parts().get(0).path());
  }

  /** Returns the low-rank update of a projection, whatever else the adapter changes. */
  public Product product(String path) {
    try (Scope scope = Scope.open();
        ProjectionUpdate update = loaded(path)) {
      return update.product();
    }
  }

  @Override
  public List<String> paths() {
    return plan.sites().stream().map(Site::path).toList();
  }

  @Override
  public double alpha() {
    return plan.config().integer("r");
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
