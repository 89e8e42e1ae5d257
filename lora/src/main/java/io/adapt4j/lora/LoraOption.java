package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** An option of {@link Lora} in a description. */
record LoraOption(
    String name,
    String setter,
    BiFunction<Fields, Lora, Lora> reader,
    BiConsumer<Lora, ObjectNode> writer) {

  private static final String REPLICATION = "layerReplication";

  static final LoraOption DROPOUT =
      number(
          "dropout",
          "of at least 0 and below 1",
          value -> value >= 0 && value < 1,
          Lora::dropout,
          lora -> lora.config().dropout());

  static final LoraOption PLUS =
      number("plus", "above 0", value -> value > 0, Lora::plus, Lora::plusRatio);

  static final List<LoraOption> ALL =
      List.of(
          number(
              "alpha", "above 0", value -> value > 0, Lora::alpha, lora -> lora.config().alpha()),
          DROPOUT,
          PLUS,
          new LoraOption(
              "targets",
              "targets",
              (fields, lora) ->
                  DescribedTargets.read(fields, "targets").map(lora::targets).orElse(lora),
              (lora, options) ->
                  DescribedTargets.write(lora.config().modules().targets(), "targets", options)),
          new LoraOption(
              "exclude",
              "exclude",
              (fields, lora) ->
                  DescribedTargets.read(fields, "exclude")
                      .map(
                          modules ->
                              attempt(fields, "exclude", lora, config -> config.exclude(modules)))
                      .orElse(lora),
              (lora, options) ->
                  lora.config()
                      .modules()
                      .excluded()
                      .ifPresent(modules -> DescribedTargets.write(modules, "exclude", options))),
          new LoraOption("layers", "layers", LoraOption::readLayers, LoraOption::writeLayers),
          texts(
              "layersPattern",
              Lora::layersPattern,
              lora -> lora.config().modules().layersPattern()),
          new LoraOption(REPLICATION, REPLICATION, LoraOption::readStack, LoraOption::writeStack),
          new LoraOption(
              "bias",
              "trainBiases",
              (fields, lora) -> fields.choice("bias", LoraBias.class).map(lora::bias).orElse(lora),
              (lora, options) -> options.put("bias", Fields.written(lora.config().bias()))),
          texts("modulesToSave", Lora::modulesToSave, lora -> lora.config().modulesToSave()),
          flag("rankStabilized", Lora::rankStabilized, lora -> lora.config().rankStabilized()),
          flag("dora", Lora::dora, lora -> lora.config().dora()),
          flag("biasOfB", Lora::biasOfB, lora -> lora.config().biasOfB()),
          new LoraOption(
              "init",
              "initialize",
              (fields, lora) ->
                  DescribedInit.read(fields, "init").map(lora::initialize).orElse(lora),
              (lora, options) -> DescribedInit.write(lora.config().initial(), "init", options)),
          new LoraOption("ranks", "rankOf", LoraOption::readRanks, LoraOption::writeRanks),
          new LoraOption("alphas", "alphaOf", LoraOption::readAlphas, LoraOption::writeAlphas));

  private static LoraOption number(
      String name,
      String range,
      DoublePredicate isRight,
      BiFunction<Lora, Double, Lora> setter,
      Function<Lora, Double> getter) {
    return new LoraOption(
        name,
        name,
        (fields, lora) ->
            fields
                .number(name, range, isRight)
                .map(value -> setter.apply(lora, value))
                .orElse(lora),
        (lora, options) -> options.put(name, getter.apply(lora)));
  }

  private static LoraOption flag(
      String name, UnaryOperator<Lora> setter, Function<Lora, Boolean> getter) {
    return new LoraOption(
        name,
        name,
        (fields, lora) -> fields.flag(name).orElse(false) ? setter.apply(lora) : lora,
        (lora, options) -> options.put(name, getter.apply(lora)));
  }

  private static LoraOption texts(
      String name, BiFunction<Lora, String[], Lora> setter, Function<Lora, List<String>> getter) {
    return new LoraOption(
        name,
        name,
        (fields, lora) -> {
          String[] texts = fields.texts(name).toArray(String[]::new);
          return texts.length == 0
              ? lora
              : attempt(fields, name, lora, config -> setter.apply(config, texts));
        },
        (lora, options) -> {
          if (!getter.apply(lora).isEmpty()) {
            getter.apply(lora).forEach(options.putArray(name)::add);
          }
        });
  }

  private static Lora attempt(Fields fields, String key, Lora lora, UnaryOperator<Lora> change) {
    List<Lora> changed = new ArrayList<>();
    fields.attempt(key, () -> changed.add(change.apply(lora)));
    return changed.isEmpty() ? lora : changed.get(0);
  }

  private static Lora readLayers(Fields fields, Lora lora) {
    int[] layers = fields.integers("layers", 0).stream().mapToInt(Integer::intValue).toArray();
    return layers.length == 0 ? lora : lora.layers(layers);
  }

  private static void writeLayers(Lora lora, ObjectNode options) {
    List<Integer> layers = lora.config().modules().layers();
    if (!layers.isEmpty()) {
      ArrayNode numbers = options.putArray("layers");
      layers.forEach(numbers::add);
    }
  }

  private static Lora readStack(Fields fields, Lora lora) {
    return fields
        .find(REPLICATION)
        .map(
            value ->
                attempt(
                    fields,
                    REPLICATION,
                    lora,
                    config ->
                        config.layerReplication(
                            LayerRanges.parse(value.json()).ranges().stream()
                                .map(range -> new int[] {range.start(), range.end()})
                                .toArray(int[][]::new))))
        .orElse(lora);
  }

  private static void writeStack(Lora lora, ObjectNode options) {
    lora.config()
        .layerStack()
        .ifPresent(stack -> options.set(REPLICATION, LayerRanges.json(stack)));
  }

  /** Reads ranks from a list, since the first expression that matches a module wins. */
  private static Lora readRanks(Fields fields, Lora lora) {
    Lora changed = lora;
    for (Fields keys : fields.mappings("ranks")) {
      keys.require("rank", "Write the rank of these modules.");
      Optional<Integer> rank = keys.integer("rank", 1);
      changed = ofModules(keys, changed, rank, Lora::rankOf);
    }
    return changed;
  }

  private static Lora readAlphas(Fields fields, Lora lora) {
    Lora changed = lora;
    for (Fields keys : fields.mappings("alphas")) {
      keys.require("alpha", "Write the alpha of these modules.");
      Optional<Double> alpha = keys.number("alpha", "above 0", value -> value > 0);
      changed = ofModules(keys, changed, alpha, Lora::alphaOf);
    }
    return changed;
  }

  /** An override for the modules named by the key {@code modules}. */
  private interface OfModules<V> {
    Lora apply(Lora lora, String modules, V value);
  }

  private static <V> Lora ofModules(
      Fields fields, Lora lora, Optional<V> value, OfModules<V> option) {
    fields.require("modules", "Write a regular expression for the ends of module paths.");
    Optional<String> modules = fields.text("modules");
    fields.finish();
    return modules.isPresent() && value.isPresent()
        ? attempt(
            fields, "modules", lora, config -> option.apply(config, modules.get(), value.get()))
        : lora;
  }

  private static void writeRanks(Lora lora, ObjectNode options) {
    if (!lora.config().rankPattern().isEmpty()) {
      ArrayNode all = options.putArray("ranks");
      lora.config()
          .rankPattern()
          .forEach((modules, rank) -> all.addObject().put("modules", modules).put("rank", rank));
    }
  }

  private static void writeAlphas(Lora lora, ObjectNode options) {
    if (!lora.config().alphaPattern().isEmpty()) {
      ArrayNode all = options.putArray("alphas");
      lora.config()
          .alphaPattern()
          .forEach((modules, alpha) -> all.addObject().put("modules", modules).put("alpha", alpha));
    }
  }
}
