package io.adapt4j.federated.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.method.MethodProvider;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.method.FineTuningMethod;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A serialized low-rank adaptation method. */
public record StoredMethod(String name, String json) implements Serializable {

  /** Options that are stored in an adapter. */
  private static final Set<String> OF_ADAPTER =
      Set.of(
          "rank",
          "continuing",
          "alpha",
          "targets",
          "exclude",
          "layers",
          "layerReplication",
          "layersPattern",
          "bias",
          "modulesToSave",
          "rankStabilized",
          "dora",
          "biasOfB",
          "init",
          "ranks",
          "alphas");

  /** Serializes a method. */
  public static Optional<StoredMethod> of(FineTuningMethod method) {
    for (MethodProvider provider : Methods.known()) {
      Optional<ObjectNode> options = provider.write(method);
      if (options.isPresent() && (options.get().has("rank") || options.get().has("continuing"))) {
        return Optional.of(new StoredMethod(provider.name(), Json.compact(options.get())));
      }
    }
    return Optional.empty();
  }

  private ObjectNode options() {
    return (ObjectNode) Json.written(json);
  }

  /** {@return the reasons why adapters of this method cannot be averaged} */
  public List<String> problems() {
    ObjectNode options = options();
    List<String> problems = new ArrayList<>();
    if (options.path("dora").asBoolean()) {
      problems.add("DoRA is no sum of low-rank updates, so sites cannot be averaged; leave it out");
    }
    if (options.path("biasOfB").asBoolean()) {
      problems.add("biasOfB cannot be averaged beside B A; leave it out");
    }
    String start = options.path("init").toString();
    if (start.contains("pissa") || start.contains("olora")) {
      problems.add(
          "initial factors out of the base's weights ("
              + start
              + ") change the base of each site;"
              + " use LoraInit.KAIMING");
    }
    if (start.contains("eva")) {
      problems.add(
          "EVA gives the adapter of each site ranks and directions of its own data, which cannot be"
              + " averaged; use LoraInit.KAIMING");
    }
    return problems;
  }

  /** {@return whether more than A and B trains: biases, or full modules} */
  public boolean trainsMore() {
    ObjectNode options = options();
    return !options.path("bias").asText("none").equals("none")
        || options.path("modulesToSave").size() > 0;
  }

  /** Compares an adapter with this method's. */
  public Optional<String> difference(StoredAdapter adapter) {
    ObjectNode config = adapter.config();
    if (!config.path("peft_type").asText().equals("LORA")) {
      return Optional.of("the site returned an adapter that is not LoRA");
    }
    ObjectNode options = options();
    if (!options.has("rank") || options.has("ranks") || options.has("alphas")) {
      return Optional.empty();
    }
    int rank = options.path("rank").asInt();
    if (config.path("rank_pattern").size() > 0 || config.path("alpha_pattern").size() > 0) {
      return Optional.of("the site returned an adapter with ranks by module");
    }
    if (config.path("use_rslora").asBoolean() != options.path("rankStabilized").asBoolean()) {
      return Optional.of("the site returned an adapter with another use_rslora");
    }
    for (String module : adapter.modules()) {
      if (adapter.rank(module) != rank) {
        return Optional.of(
            "the site returned rank %d of %s, not %d"
                .formatted(adapter.rank(module), module, rank));
      }
    }
    JsonNode alpha = options.path("alpha");
    return alpha.isNumber()
            && alpha.asDouble() != config.path("lora_alpha").asDouble(alpha.asDouble())
        ? Optional.of(
            "the site returned lora_alpha %s, not %s".formatted(config.path("lora_alpha"), alpha))
        : Optional.empty();
  }

  /** {@return the method} */
  public FineTuningMethod fresh() {
    return read(options());
  }

  public FineTuningMethod continuing(Path adapter) {
    ObjectNode options = options();
    options.remove(OF_ADAPTER);
    options.put("continuing", adapter.toAbsolutePath().toString());
    return read(options);
  }

  private FineTuningMethod read(ObjectNode options) {
    Problems problems = new Problems();
    Place place = Place.of("the method of the sites", Path.of(""));
    Optional<FineTuningMethod> method =
        Methods.named(name).read(Fields.of(name, Value.of(options, place), problems));
    problems.finish();
    return method.orElseThrow(() -> new IllegalStateException("no method in " + json));
  }
}
