package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.linear.SharedQuantized;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/** Models with restacked layers, as by PEFT's {@code layer_replication}. */
public final class StackedLayers {

  private static final String FIELD = "layer_replication";

  /** Weights of layers that PEFT finds: of Llama-like models and of BERT. */
  private static final Pattern FOUND =
      Pattern.compile("((model\\.)?layers|(bert\\.)?encoder\\.layer)\\.\\d+\\..*");

  private StackedLayers() {}

  /** Returns the configuration of a model with restacked layers, or refuses that by name. */
  public static ModelConfig of(ModelConfig stated, Optional<LayerStack> wanted) {
    return wanted.isEmpty() ? stated : of(Architectures.known(stated), wanted.get());
  }

  private static ModelConfig of(ModelConfig config, LayerStack stack) {
    try (Network declared = Architectures.declare(config)) {
      Object kind = requireStackable(config, declared);
      int layers = declared.body().layers().size();
      if (stack.end() > layers) {
        throw refused(
            config,
            "names the layer %s, but the model has %s. Give ranges [start, end) that end at %s or before."
                .formatted(stack.end() - 1, layers, layers),
            stack.toString());
      }
      ModelConfig stacked = config.stackedBy(stack, layers);
      try (Network all = Architectures.declare(stacked)) {
        requireEqual(config, all, kind);
      }
      return stacked;
    }
  }

  /** Makes equal layers share their weights. */
  static void share(Network declared, LayerStack stack) {
    forCopies(declared, stack, (from, to) -> share(from.parameters(), to.parameters()));
  }

  /** Runs an action with the first of equal layers and each of the others. */
  private static void forCopies(
      Network declared, LayerStack stack, BiConsumer<Layer, Layer> action) {
    List<Layer> layers = declared.body().layers();
    Map<Integer, Layer> first = new HashMap<>();
    for (int i = 0; i < layers.size(); i++) {
      Layer source = first.putIfAbsent(stack.layers().get(i), layers.get(i));
      if (source != null) {
        action.accept(source, layers.get(i));
      }
    }
  }

  /** Puts the layers of a weight format into a declared network; equal ones share their weights. */
  public static void install(WeightMechanics weights, Network declared, Checkpoint checkpoint) {
    weights.install(declared, checkpoint);
    declared
        .modelConfig()
        .layerStack()
        .ifPresent(
            stack ->
                forCopies(
                    declared, stack, (from, to) -> shareQuantized(from.linears(), to.linears())));
  }

  private static void shareQuantized(List<LinearSlot> from, List<LinearSlot> to) {
    for (int i = 0; i < from.size(); i++) {
      if (from.get(i).linear() instanceof QuantizedLinear source
          && to.get(i).linear() instanceof QuantizedLinear copy) {
        to.get(i).replace(declared -> new SharedQuantized(copy, source));
      }
    }
  }

  private static void share(List<Parameter> from, List<Parameter> to) {
    for (int i = 0; i < from.size(); i++) {
      if (from.get(i) != to.get(i)) {
        to.get(i).share(from.get(i));
      }
    }
  }

  /** Returns the one kind of the layers. */
  private static Object requireStackable(ModelConfig config, Network declared) {
    if (declared instanceof EncoderDecoder || config.hasText()) {
      throw unstackable(
          config, declared instanceof EncoderDecoder ? "an encoder-decoder" : "multimodal");
    }
    Transformer body = declared.body();
    Layer first = body.layers().get(0);
    boolean found =
        first.parameters().stream()
            .flatMap(parameter -> parameter.slices().stream())
            .allMatch(slice -> FOUND.matcher(slice.name()).matches());
    if (!found) {
      throw unstackable(config, "one in which PEFT finds no layers to stack");
    }
    boolean linked =
        !body.sources().isEmpty()
            || body.inputs().isPresent()
            || body.streams().isPresent()
            || body.layers().stream().anyMatch(Layer::isUnfinished);
    if (linked) {
      throw unstackable(config, "one whose layers read more of others than their output");
    }
    Object kind = kind(first);
    requireEqual(config, declared, kind);
    return kind;
  }

  private static void requireEqual(ModelConfig config, Network declared, Object kind) {
    List<Layer> layers = declared.body().layers();
    for (int i = 1; i < layers.size(); i++) {
      if (!kind(layers.get(i)).equals(kind)) {
        throw unstackable(
            config,
            "one whose layers differ (0 and %s); only those of one kind are stacked".formatted(i));
      }
    }
  }

  private static Object kind(Layer layer) {
    List<Object> kind = new ArrayList<>();
    kind.add(layer.getClass());
    kind.add(layer.mlp().getClass());
    kind.add(layer.mixer().kind());
    layer.parameters().forEach(parameter -> kind.add(Arrays.toString(parameter.sizes())));
    return kind;
  }

  private static CheckpointException unstackable(ModelConfig config, String what) {
    return refused(
        config,
        "stacks layers, but this model of type %s is %s. Leave it out, or use another model."
            .formatted(config.modelType(), what),
        "");
  }

  private static CheckpointException refused(ModelConfig config, String problem, String value) {
    return new CheckpointException(
        config.fields().file() + ": " + (FIELD + " " + value).strip() + " " + problem);
  }
}
