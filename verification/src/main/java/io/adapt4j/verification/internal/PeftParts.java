package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.Ia3;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Miss;
import io.adapt4j.lora.Oft;
import io.adapt4j.lora.Shira;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Adapters saved by PEFT, by kind. */
public final class PeftParts {

  /** Name of an expert's LoRA matrix: module, number, parameter, matrix. */
  private static final Pattern EXPERT =
      Pattern.compile("(.*)\\[(\\d+)]\\.(\\w+)(\\.lora_[AB]\\.weight)");

  private static final Pattern STACK = Pattern.compile("(.*\\.experts)\\.(gate_up_proj|down_proj)");

  private static final String CONFIG = "adapter_config.json";

  private PeftParts() {}

  /** Skips the check of an adapter of an unsupported kind. */
  public static void requireSupported(Path folder) {
    type(folder);
  }

  private static String type(Path folder) {
    String type = config(folder).path("peft_type").asText();
    if (!Set.of("LORA", "IA3", "MISS", "SHIRA", "OFT").contains(type)) {
      throw new UnsupportedQuantityException("adapter kind " + type);
    }
    return type;
  }

  /** Returns whether it is a MiSS adapter without a variant, which PEFT converts exactly. */
  public static boolean isPlainMiss(Path folder) {
    return type(folder).equals("MISS") && config(folder).path("init_weights").isBoolean();
  }

  public static boolean isLora(Path folder) {
    return type(folder).equals("LORA");
  }

  /** Returns whether the adapter's initial values were taken from the base weight. */
  public static boolean leavesResidual(Path folder) {
    String initial = config(folder).path("init_lora_weights").asText();
    return initial.startsWith("pissa") || initial.equals("olora") || initial.equals("loftq");
  }

  public static JsonNode config(Path folder) {
    return GoldenFolder.json(folder, CONFIG);
  }

  public static Adapter at(Path folder) {
    return Adapter.at(folder);
  }

  /** Attaches a folder's adapter for further training. */
  public static Adaptation attach(Path folder, Network network, Path base) {
    return switch (type(folder)) {
      case "IA3" -> ia3(folder, network, base);
      case "MISS" -> Methods.of(Miss.continuing(folder)).attach(network, base, 0);
      case "SHIRA" -> Methods.of(Shira.continuing(folder)).attach(network, base, 0);
      case "OFT" -> Methods.of(Oft.continuing(folder)).attach(network, base, 0);
      default -> Methods.of(Lora.continuing(folder)).attach(network, base, 0);
    };
  }

  /** Returns whether it is a LoRA adapter on the modules that names or an expression match. */
  public static boolean isOfTargetsAlone(Path folder) {
    JsonNode config = config(folder);
    return isLora(folder)
        && Stream.of("exclude_modules", "layers_to_transform", "target_parameters")
            .noneMatch(config::hasNonNull);
  }

  /** Attaches a new LoRA adapter on the targets of a folder's. */
  public static Adaptation start(Path folder, Network network, Path base) {
    return Methods.of(Lora.rank(1).targets(targets(folder, "target_modules")))
        .attach(network, base, 0);
  }

  private static Adaptation ia3(Path folder, Network network, Path base) {
    Adaptation adaptation =
        Methods.of(
                Ia3.create()
                    .targets(
                        targets(folder, "target_modules"), targets(folder, "feedforward_modules")))
            .attach(network, base, 0);
    adaptation.restore(folder);
    return adaptation;
  }

  private static Targets targets(Path folder, String field) {
    JsonNode value = config(folder).path(field);
    if (value.isTextual()) {
      return Targets.regex(value.asText());
    }
    List<String> names = new ArrayList<>();
    value.forEach(name -> names.add(name.asText()));
    return Targets.names(names.toArray(String[]::new));
  }

  public static Checkpoint weights(Path folder) {
    return Checkpoint.openFile(folder.resolve("adapter_model.safetensors"));
  }

  /** Returns the product of a module's matrices with its scale, [out, in]. */
  public static float[] update(Path folder, String path) {
    JsonNode config = config(folder);
    double rank = config.path("r").asInt();
    double scale =
        config.path("lora_alpha").asDouble()
            / (config.path("use_rslora").asBoolean() ? Math.sqrt(rank) : rank);
    String module = "base_model.model." + path;
    try (Checkpoint file = weights(folder);
        Scope scope = Scope.open()) {
      return matrix(file, module + ".lora_B.weight")
          .times(matrix(file, module + ".lora_A.weight"))
          .scaled(scale)
          .toFloats();
    }
  }

  private static Tensor matrix(Checkpoint file, String name) {
    List<Long> shape = file.entry(name).shape();
    return Tensor.of(GoldenFolder.floats(file, name), shape.get(0), shape.get(1));
  }

  /**
   * Joins the gradients of experts whose weights are [experts, in, out], as in PEFT: A stacked by
   * rows, B with the experts interleaved by columns.
   */
  public static Map<String, float[]> stacked(Map<String, float[]> gradients) {
    Map<String, TreeMap<Integer, float[]>> parts = new TreeMap<>();
    Map<String, float[]> joined = new HashMap<>(gradients);
    for (Map.Entry<String, float[]> gradient : gradients.entrySet()) {
      Matcher matcher = EXPERT.matcher(gradient.getKey());
      if (matcher.matches()) {
        joined.remove(gradient.getKey());
        String wrapped = matcher.group(3).equals("gate_up_proj") ? ".base_layer" : "";
        parts
            .computeIfAbsent(matcher.group(1) + wrapped + matcher.group(4), name -> new TreeMap<>())
            .put(Integer.parseInt(matcher.group(2)), gradient.getValue());
      }
    }
    parts.forEach((name, own) -> joined.put(name, joined(own, name.endsWith(".lora_B.weight"))));
    return joined;
  }

  private static float[] joined(NavigableMap<Integer, float[]> parts, boolean beside) {
    int experts = parts.size();
    int count = parts.firstEntry().getValue().length;
    float[] joined = new float[experts * count];
    parts.forEach(
        (expert, own) -> {
          for (int i = 0; i < count; i++) {
            joined[beside ? i * experts + expert : expert * count + i] = own[i];
          }
        });
    return joined;
  }

  /**
   * Returns a weight; for experts stacked by Transformers 5, assembled from the checkpoint's
   * tensors.
   */
  public static float[] weight(Checkpoint checkpoint, String name) {
    Matcher matcher = STACK.matcher(name);
    if (checkpoint.names().contains(name) || !matcher.matches()) {
      return GoldenFolder.floats(checkpoint, name);
    }
    List<String> parts =
        matcher.group(2).equals("down_proj")
            ? List.of("down_proj")
            : List.of("gate_proj", "up_proj");
    List<float[]> all = new ArrayList<>();
    for (int expert = 0; ; expert++) {
      String path = matcher.group(1) + "." + expert + ".";
      if (!checkpoint.names().contains(path + parts.get(0) + ".weight")) {
        return Floats.concat(all.toArray(float[][]::new));
      }
      parts.forEach(part -> all.add(GoldenFolder.floats(checkpoint, path + part + ".weight")));
    }
  }

  /**
   * Returns the name in an adapter file of a tensor that PEFT names differently in memory: with the
   * adapter's name, and for DoRA as a module with a weight.
   */
  public static String stored(String name) {
    return name.replaceAll(
            "\\.lora_magnitude_vector\\.default(\\.weight)?$", ".lora_magnitude_vector")
        .replaceAll("(\\.modules_to_save)?\\.default(?=\\.|$)", "");
  }
}
