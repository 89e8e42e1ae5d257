package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.layer.AdaptedPart;
import io.adapt4j.lora.internal.layer.LayerFile;
import io.adapt4j.lora.internal.layer.LoraLinear;
import io.adapt4j.lora.internal.peft.LoraBias;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Merges a LoRA adapter projection by projection. */
final class LoraLayerMerge implements LayerMerge {

  private final AdapterConfig config;
  private final AdapterPlan plan;
  private final Checkpoint file;

  /** Adapter pieces for each projection of the network, in its order. */
  private final Map<String, List<Piece>> pieces = new LinkedHashMap<>();

  /** Rows that an adapter's projection shares with one of the network's. */
  private record Piece(AdaptedPart adapted, long start, long from, long rows) {

    boolean isWhole() {
      return rows == adapted.part().width();
    }
  }

  LoraLayerMerge(Network network, AdapterConfig config, AdapterPlan plan, Checkpoint file) {
    this.config = config;
    this.plan = plan;
    this.file = file;
    List<LinearSlot> slots = network.adaptableLinears();
    for (AdaptedPart adapted : plan.adapted()) {
      for (Linear.Part part : slots.get(adapted.slot()).parts()) {
        Linear.Part own = adapted.part();
        long start = Math.max(part.start(), own.start());
        long end = Math.min(part.start() + part.width(), own.start() + own.width());
        if (start < end) {
          pieces
              .computeIfAbsent(part.path(), path -> new ArrayList<>())
              .add(new Piece(adapted, start - part.start(), start - own.start(), end - start));
        }
      }
    }
  }

  @Override
  public boolean changes(String path) {
    return pieces.containsKey(path);
  }

  @Override
  public void merge(DenseLinear projection) {
    if (config.loftq().isUsed()) {
      AdaptedPart adapted =
          Objects.requireNonNull(pieces.get(projection.parts().get(0).path())).get(0).adapted();
      try (Scope scope = Scope.open()) {
        Tensor weight = projection.weight().value();
        weight.copyFrom(config.loftq().base(weight, adapted.rank(), adapted.transposed()));
      }
    }
    LoraLinear layer = filled(projection);
    try {
      layer.refresh();
      layer.merge();
    } finally {
      layer.detach(layer);
    }
  }

  /** Returns the adapter's layer over a projection, loaded with its values. */
  private LoraLinear filled(DenseLinear projection) {
    Linear.Part part = projection.parts().get(0);
    List<Piece> own = Objects.requireNonNull(pieces.get(part.path()));
    List<AdaptedPart> alone =
        own.stream()
            .map(
                piece ->
                    piece
                        .adapted()
                        .at(
                            new Linear.Part(
                                piece.adapted().part().path(), piece.start(), piece.rows())))
            .toList();
    LoraLinear layer =
        new LoraLinear(
            projection, alone, DType.F32, config.dropout(), config.initial().leavesResidual(), 0);
    try {
      if (config.initial().leavesResidual()) {
        new Initializer(config.initial(), 0).fill(layer);
      }
      if (own.stream().allMatch(Piece::isWhole)) {
        LayerFile.load(layer, file);
      } else {
        loadRows(layer, own);
      }
      return layer;
    } catch (RuntimeException e) {
      layer.detach(layer);
      throw e;
    }
  }

  /** Loads a projection's rows from an adapter's projection that fuses several. */
  private void loadRows(LoraLinear layer, List<Piece> own) {
    for (int i = 0; i < own.size(); i++) {
      Piece piece = own.get(i);
      AdaptedPart adapted = piece.adapted();
      try (Scope scope = Scope.open()) {
        Weights.fill(layer.factors().a(i), file, PeftNames.a(adapted.part().path()));
        Tensor all = Tensor.empty(DType.F32, adapted.part().width(), adapted.rank());
        Weights.fill(all, file, PeftNames.b(adapted.part().path()));
        layer.factors().b(i).copyFrom(all.narrow(0, piece.from(), piece.rows()));
      }
    }
  }

  @Override
  public Optional<String> moreThanProducts() {
    if (config.loftq().isUsed()) {
      return Optional.of("the base weights that LoftQ quantized");
    }
    if (config.layerStack().isPresent()) {
      return Optional.of("the layers in a new order");
    }
    if (config.dora()) {
      return Optional.of("DoRA's magnitudes");
    }
    if (config.biasOfB() || config.bias() != LoraBias.NONE) {
      return Optional.of("trained biases");
    }
    return plan.saved().isEmpty()
        ? Optional.empty()
        : Optional.of("modules saved in full, " + plan.saved());
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
      return layer.adapted().size() == 1 ? product(layer) : sum(layer, projection.outFeatures());
    } finally {
      layer.detach(layer);
    }
  }

  private static Product product(LoraLinear layer) {
    Tensor a = layer.wholeA(0);
    return new Product(
        Math.toIntExact(a.size(0)),
        a.toHost().toFloats(),
        layer.wholeB(0).toHost().toFloats(),
        layer.adapted().get(0).scale());
  }

  /**
   * Combines updates of disjoint rows into one, with the sum of their ranks and the first one's
   * scale.
   */
  private static Product sum(LoraLinear layer, long width) {
    double scale = layer.adapted().get(0).scale();
    int rank = layer.adapted().stream().mapToInt(AdaptedPart::rank).sum();
    float[] b = new float[Math.toIntExact(width * rank)];
    List<Tensor> a = new ArrayList<>();
    int column = 0;
    for (int i = 0; i < layer.adapted().size(); i++) {
      AdaptedPart adapted = layer.adapted().get(i);
      a.add(layer.wholeA(i));
      float[] own = layer.wholeB(i).scaled(adapted.scale() / scale).toHost().toFloats();
      int start = Math.toIntExact(adapted.part().start());
      for (int row = 0; row < own.length / adapted.rank(); row++) {
        System.arraycopy(
            own, row * adapted.rank(), b, (start + row) * rank + column, adapted.rank());
      }
      column += adapted.rank();
    }
    return new Product(rank, Tensor.concatenated(a, 0).toHost().toFloats(), b, scale);
  }

  @Override
  public List<String> paths() {
    return List.copyOf(pieces.keySet());
  }

  @Override
  public double alpha() {
    return config.alpha();
  }

  @Override
  public Map<String, Stored> own() {
    Map<String, Stored> own = new LinkedHashMap<>();
    for (String name : plan.shapes().keySet()) {
      String stored = PeftNames.find(PeftTensors.base(name, plan), file.names());
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
